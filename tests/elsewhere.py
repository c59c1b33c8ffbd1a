"""Another site of this test's own: a data folder and a database that nothing has been in. Used by backup's tests."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path

import psycopg
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent


class Elsewhere:
    """A site that is reached by its commands only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "static").mkdir(parents=True)
        self.url = f"sqlite:///{folder}/collab.sqlite3" if connection.vendor == "sqlite" else make_database()
        kept = {name: value for name, value in os.environ.items() if name not in {"SECRET_KEY", "REDIS_URL"}}
        self.environment = kept | {"DATABASE_URL": self.url, "COLLAB_DATA_DIR": str(folder)}

    def manage(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end."""
        return manage(self.environment, *words)

    def run(self, *words: str | Path) -> str:
        """Runs a command that must succeed; returns what it said."""
        ended = self.manage(*words)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def rows(self, query: str) -> list[tuple]:
        """What the database answers."""
        if self.url.startswith("postgresql"):
            with psycopg.connect(self.url) as server:
                return server.execute(query).fetchall()  # type: ignore[call-overload,no-any-return]
        with contextlib.closing(sqlite3.connect(self.folder / "collab.sqlite3", isolation_level=None)) as file:
            return file.execute(query).fetchall()


def manage(environment: dict[str, str], *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a command of the site of this environment."""
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, words)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def make_database() -> str:
    """An empty database on the test's PostgreSQL; returns its URL."""
    name, place = f"elsewhere_{uuid.uuid4().hex[:12]}", connection.settings_dict
    with psycopg.connect(host=place["HOST"], user=place["USER"], dbname="postgres", autocommit=True) as server:
        server.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    return f"postgresql://{place['USER']}@/{name}?host={place['HOST']}"
