"""A migrated SQLite database, kept in .venv and copied for each test process: the migrations take ten seconds.

Used by tests/conftest.py. The name of the file tells which migrations made it, so that none is ever out of date; Django
still looks whether all of them are applied. Never used outside tests.
"""

import hashlib
import os
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

import django
from django.apps import apps
from django.db import connection

FOLDER = Path(__file__).resolve().parent.parent / ".venv"
PREFIX = "test-database-"


def place() -> Path:
    """Where the database that these migrations make is kept."""
    digest = hashlib.sha256(f"{django.get_version()} {sqlite3.sqlite_version}".encode())
    for app in sorted(apps.get_app_configs(), key=lambda app: app.name):
        for file in sorted(Path(app.path, "migrations").glob("*.py")):
            digest.update(f"{app.name} {file.name} ".encode() + file.read_bytes())
    return FOLDER / f"{PREFIX}{digest.hexdigest()[:32]}.sqlite3"


def copy_to(path: Path) -> None:
    """Puts a copy there, if there is one to copy and no database yet."""
    if not path.exists():
        with suppress(FileNotFoundError):
            shutil.copyfile(place(), path)


def keep() -> None:
    """Keeps the test database as it is after its migrations, and none that other migrations made."""
    kept = place()
    if kept.exists() or not os.access(FOLDER, os.W_OK):
        return
    half_done = kept.with_suffix(f".{os.getpid()}")  # two processes may be here at once
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(half_done)])
    half_done.replace(kept)
    for other in FOLDER.glob(f"{PREFIX}*.sqlite3"):
        if other != kept:
            other.unlink(missing_ok=True)
