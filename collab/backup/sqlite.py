"""The SQLite database in a backup: a copy of its pages at one moment, while others write.

Called by taking.py and putting.py. Not VACUUM INTO: that may number rows anew, and the search index knows them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from django.db import connection

from collab.backup.archive import DATABASE, BackupError, Table
from collab.backup.dump import Dump, file_columns

NAME: Final = f"{DATABASE}/collab.sqlite3"
PAGES: Final = 2_000
"""Copied at a time; between them Ctrl-C is heard."""


def path_of_database() -> Path:
    """Where the site's database lies."""
    return Path(connection.settings_dict["NAME"])


def dump(folder: Path, told: Callable[[int, int], None]) -> Dump:
    """Copies the database into the folder.

    Args:
        folder: to write to.
        told: hears (done, of) as it goes on, in pages.
    """
    target = folder / NAME
    target.parent.mkdir()
    with (
        closing(sqlite3.connect(path_of_database(), isolation_level=None)) as source,
        closing(sqlite3.connect(target, isolation_level=None)) as copy,
    ):
        # The open reading is what keeps the moment: without it the copy would start over with every commit of others.
        source.execute("BEGIN")
        source.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        source.backup(copy, pages=PAGES, progress=lambda status, left, total: told(total - left, total), sleep=0)
        source.execute("ROLLBACK")
        copy.execute("PRAGMA journal_mode = DELETE")
        return _describe(copy)


def _describe(copy: sqlite3.Connection) -> Dump:
    names = [name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    tables = [
        Table(name, copy.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0])
        for name in names
        if not name.startswith("sqlite_")
    ]
    media = {
        name
        for table, column in file_columns()
        for (name,) in copy.execute(f'SELECT "{column}" FROM "{table}" WHERE "{column}" <> \'\'')
    }
    migrations = [f"{app}.{name}" for app, name in copy.execute("SELECT app, name FROM django_migrations ORDER BY id")]
    return Dump(files=[NAME], tables=tables, media=media, migrations=migrations)


def check_file(folder: Path) -> None:
    """Whether the unpacked database holds together.

    Raises:
        BackupError.
    """
    if not (folder / NAME).is_file():
        raise BackupError("The archive holds no database.")
    with closing(sqlite3.connect(folder / NAME)) as copy:
        try:
            said = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise BackupError(f"The database in the archive cannot be read: {error}.") from error
    if said != "ok":
        raise BackupError(f"The database in the archive is damaged: {said}.")


@contextmanager
def opened_in(folder: Path) -> Iterator[None]:
    """Django's connection leads to the unpacked database instead of the site's."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(folder / NAME)
    try:
        yield
    finally:
        # The last one to close merges the write-ahead log into the file.
        connection.close()
        connection.settings_dict["NAME"] = usual


def skip_ids(count: int) -> None:
    """The next row of every table gets a number so much higher than it would."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s", [count])


def put_in_place(folder: Path, aside: Path) -> None:
    """Makes the unpacked database the site's; the one of before moves to `aside`."""
    target = path_of_database()
    target.parent.mkdir(parents=True, exist_ok=True)
    for suffix in ("-shm", "-wal", ""):
        old = target.with_name(target.name + suffix)
        if old.exists():
            aside.mkdir(parents=True, exist_ok=True, mode=0o700)
            old.replace(aside / old.name)
    (folder / NAME).chmod(0o600)
    (folder / NAME).replace(target)
