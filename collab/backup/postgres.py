"""The PostgreSQL database in a backup: each table by COPY, all of one moment, and back into an empty schema.

Called by taking.py and putting.py. Needs no program beside the server and works from one version of it to another.
The schema itself is not in it: migrations make it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from collab.backup.archive import DATABASE, BackupError, Table
from collab.backup.dump import Dump, file_columns, serial_columns

_PIECE: Final = 1_048_576
_NOT_COPIED: Final = {"django_migrations"}
_TABLES: Final = (
    "SELECT table_name FROM information_schema.tables "
    "WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name"
)
_COLUMNS: Final = (
    "SELECT column_name FROM information_schema.columns "
    "WHERE table_schema = current_schema() AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position"
)


def dump(folder: Path, told: Callable[[int, int], None]) -> Dump:
    """Writes every table into the folder.

    Args:
        folder: to write to.
        told: hears (done, of) as it goes on, in tables.
    """
    (folder / DATABASE).mkdir()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute(_TABLES)
        names = [name for (name,) in cursor.fetchall() if name not in _NOT_COPIED]
        tables = []
        for number, name in enumerate(names, 1):
            tables.append(_copy_out(cursor, name, folder))
            told(number, len(names))
        media: set[str] = set()
        for table, column in file_columns():
            cursor.execute(f'SELECT "{column}" FROM "{table}" WHERE "{column}" <> \'\'')
            media.update(name for (name,) in cursor.fetchall())
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
        migrations = [f"{app}.{name}" for app, name in cursor.fetchall()]
    return Dump(files=[_file_of(name) for name in names], tables=tables, media=media, migrations=migrations)


def _file_of(table: str) -> str:
    return f"{DATABASE}/{table}.copy"


def _listed(columns: list[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _columns_of(cursor: Any, table: str) -> list[str]:
    cursor.execute(_COLUMNS, [table])
    return [name for (name,) in cursor.fetchall()]


def _copy_out(cursor: Any, table: str, folder: Path) -> Table:
    columns = _columns_of(cursor, table)
    with (
        (folder / _file_of(table)).open("wb") as file,
        cursor.copy(f'COPY "{table}" ({_listed(columns)}) TO STDOUT') as rows,
    ):
        for piece in rows:
            file.write(piece)
    return Table(table, cursor.rowcount, columns)


def prepare(migrations: list[str]) -> None:
    """Brings the schema to where it was: an empty database is migrated, another one must be there already.

    Raises:
        BackupError: it is somewhere else.
    """
    executor = MigrationExecutor(connection)
    wanted = {(app, name) for app, _, name in (one.partition(".") for one in migrations)}
    applied = set(executor.loader.applied_migrations)
    if not applied:
        ours = {key for key in wanted if key in executor.loader.graph.nodes}
        leaves = [key for key in ours if not any(child in ours for child in _children(executor, key))]
        executor.migrate(sorted(leaves))
    elif {key for key in applied if key in executor.loader.graph.nodes} != wanted:
        raise BackupError(
            "The schema of this database is not the one of the backup. Make an empty database, "
            "name it in DATABASE_URL and restore there: it is migrated on afterwards."
        )


def _children(executor: MigrationExecutor, key: tuple[str, str]) -> set[tuple[str, str]]:
    return {child.key for child in executor.loader.graph.node_map[key].children if child.key[0] == key[0]}


def fill(folder: Path, tables: list[Table]) -> None:
    """Replaces the content of every table, in the caller's transaction.

    Raises:
        BackupError: the schema lacks a table or a column, or has one that the backup does not know.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        here = {name for (name,) in cursor.fetchall()} - _NOT_COPIED
        if here != {table.name for table in tables}:
            differing = ", ".join(sorted(here ^ {table.name for table in tables})[:5])
            raise BackupError(f"This database has other tables than the backup: {differing}.")
        for table in tables:
            # The names go into commands as they are: only those that the database itself has.
            if sorted(table.columns) != sorted(_columns_of(cursor, table.name)):
                raise BackupError(f"The table {table.name} of this database has other columns than the backup's.")
        if tables:
            # Guards such as that of the audit trail are ours to lift here; foreign keys are checked at the commit.
            for table in tables:
                cursor.execute(f'ALTER TABLE "{table.name}" DISABLE TRIGGER USER')
            cursor.execute(f"TRUNCATE {_listed([table.name for table in tables])}")
        for table in tables:
            _copy_in(cursor, table, folder)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f'ALTER TABLE "{table.name}" ENABLE TRIGGER USER')


def _copy_in(cursor: Any, table: Table, folder: Path) -> None:
    with (
        (folder / _file_of(table.name)).open("rb") as file,
        cursor.copy(f'COPY "{table.name}" ({_listed(table.columns)}) FROM STDIN') as rows,
    ):
        while piece := file.read(_PIECE):
            rows.write(piece)


def skip_ids(count: int) -> None:
    """The next row of every table gets a number so much higher than its highest; later versions' tables begin at 1."""
    with connection.cursor() as cursor:
        here = set(connection.introspection.table_names(cursor))
        for table, column in serial_columns():
            if table not in here:
                continue
            cursor.execute(
                f'SELECT setval(pg_get_serial_sequence(%s, %s), COALESCE(MAX("{column}"), 0) + %s) FROM "{table}"',
                [f'"{table}"', column, count],
            )
