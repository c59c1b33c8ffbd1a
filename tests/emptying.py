"""Empties the database after a test that committed, at the price of what the test wrote.

Taken over by tests/conftest.py in place of Django's flush, which empties every table there is and then makes content
types and permissions anew: more work than most tests. Never used outside tests.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

MANY_ROWS: Final = 2_000
"""PostgreSQL keeps deleted rows until somebody vacuums: after so many of them a flush gives the tables new files."""

AGAIN: Final = 5
Rows = list[tuple[Any, ...]]


class Emptying:
    """Knows the tables, and what an empty database holds: what Django's own applications note of the models."""

    def __init__(self) -> None:
        self._tables: list[str] = []
        self._kept: dict[str, Rows] = {}
        self._deleted = 0

    def empty(self, flush: Callable[[], None]) -> None:
        """Takes away what a test wrote; flushes the first time, after many rows, and where what is kept was changed.

        A server that the test started may lock the tables in another order: PostgreSQL then ends one of the two.
        """
        for _ in range(AGAIN):
            with suppress(OperationalError, CommandError):
                return self._empty(flush)
        return self._empty(flush)

    def _empty(self, flush: Callable[[], None]) -> None:
        if self._tables and self._take_away() and self._deleted < MANY_ROWS:
            return
        flush()
        self._deleted = 0
        self._tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        with connection.cursor() as cursor:
            self._kept = {table: rows_of(cursor, table) for table in filled(cursor, self._tables)}

    def _take_away(self) -> bool:
        """Whether the database is empty again."""
        with transaction.atomic(), connection.cursor() as cursor:
            wait_for_writers(cursor, self._tables)
            written = filled(cursor, self._tables)
            if any(table not in written or rows_of(cursor, table) != rows for table, rows in self._kept.items()):
                return False
            self._deleted += delete(cursor, [table for table in written if table not in self._kept])
        return True


def wait_for_writers(cursor: CursorWrapper, tables: Iterable[str]) -> None:
    """Nobody writes any more, or can begin to; on SQLite the transaction has seen to that from its beginning."""
    if connection.vendor == "postgresql":
        cursor.execute(f"LOCK TABLE {', '.join(map(connection.ops.quote_name, tables))} IN EXCLUSIVE MODE")


def filled(cursor: CursorWrapper, tables: Iterable[str]) -> list[str]:
    """Those of the tables that have a row."""
    asked = (f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(table)})" for table in tables)
    cursor.execute(" UNION ALL ".join(asked))
    return [table for (table,) in cursor.fetchall()]


def rows_of(cursor: CursorWrapper, table: str) -> Rows:
    """Everything in a table."""
    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} ORDER BY 1")
    return list(cursor.fetchall())


def delete(cursor: CursorWrapper, tables: Iterable[str]) -> int:
    """Deletes all rows of the tables, whatever refers to them and whatever guards them; returns how many there were."""
    if connection.vendor == "postgresql":
        cursor.execute("SET LOCAL session_replication_role = replica")
    count = 0
    with unguarded(connection, tables):
        for table in tables:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
            count += cursor.rowcount
    return count


@contextmanager
def unguarded(database: BaseDatabaseWrapper, tables: Iterable[str] | None = None) -> Iterator[None]:
    """Lifts the triggers that keep the audit trail from being shortened on SQLite; of all tables if none are named."""
    triggers: list[tuple[str, str]] = []
    with database.cursor() as cursor:
        if database.vendor == "sqlite":
            cursor.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
            guards = [row for row in cursor.fetchall() if row[1].endswith("_no_delete")]
            triggers = [(name, sql) for table, name, sql in guards if tables is None or table in tables]
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        try:
            yield
        finally:
            for _, sql in triggers:
                cursor.execute(sql)
