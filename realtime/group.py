"""What the services of one group put off until it is needed: their inserts, seqs and savepoints, written in one go.

Entered by threads.py around the services of a group, used by rows.py and log.py; a service does not know of it. Any
other statement first makes real what was put off before it, so whoever reads finds everything; and what was read for
several services at once is forgotten as soon as one of them writes anything else. Never decides anything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

_local: Final = threading.local()
_SET_HEAD: Final = "UPDATE realtime_topic SET head_seq = %s WHERE key = %s"
_SAVEPOINT: Final = "SAVEPOINT "
_RELEASE: Final = "RELEASE SAVEPOINT "
_BACK: Final = "ROLLBACK TO SAVEPOINT "


class Spoilt(Exception):
    """What was put off could not be written, and nobody knows any more whose it was: the group must be run plainly."""


@dataclass(slots=True)
class Mark:
    """A savepoint: how much had been put off before it, and the heads of topics then."""

    statement: str
    waiting: int
    heads: dict[str, int]
    real: bool = False


class Group:
    """The services of one transaction, on the thread that runs them.

    Attributes:
        error: what became of the first attempt to write something put off, if it failed.
    """

    def __init__(self, company: dict[str, list[int]]) -> None:
        self.error: Exception | None = None
        self._waiting: list[tuple[str, str, list[Any]]] = []
        self._marks: list[Mark] = []
        self._heads: dict[str, int] = {}
        self._stored: dict[str, int] = {}
        self._passing = False
        self._cursor: Any = None
        self._company = company
        self._rows: dict[tuple[str, str], dict[int, Sequence[Any]]] = {}

    def insert(self, into: str, marks: str, values: list[Any]) -> None:
        """Puts off a row: `INSERT INTO table (columns) VALUES `, its marks and its values."""
        self._waiting.append((into, marks, values))

    def take(self, topic: str, count: int, first: Callable[[str, int], int]) -> int:
        """Moves the head of a topic on; `first` does it in the database and locks the topic, once in a transaction."""
        head = self._heads.get(topic)
        if head is not None:
            self._heads[topic] = head + count
            return head + count
        self.settle()
        with self._past():
            head = self._heads[topic] = self._stored[topic] = first(topic, count)
        return head

    def settle(self) -> None:
        """Writes all that was put off, with the savepoints where they belong."""
        try:
            with self._past():
                written = 0
                for mark in self._marks:
                    if not mark.real:
                        self._write(self._waiting[written : mark.waiting], mark.heads)
                        written, mark.waiting, mark.real = mark.waiting, 0, True
                        _execute(mark.statement)
                self._write(self._waiting[written:], self._heads)
                self._waiting.clear()
        except Exception as error:
            self.error = self.error or error
            raise

    @contextmanager
    def _past(self) -> Iterator[None]:
        """For statements of the group itself."""
        passing, self._passing = self._passing, True
        try:
            yield
        finally:
            self._passing = passing

    def row_of(self, sql: str, params: list[Any], *, person: int, topic: str) -> Sequence[Any] | None:
        """See `rows.row_of`; those who wait for the topic are asked about once, until something is written."""
        rows = self._rows.get((sql, topic))
        if rows is None and person in (company := self._company.pop(topic, ())):
            rows = self._rows[sql, topic] = self._read(sql, params, company)
        if rows is None or person not in rows:
            rows = self._read(sql, params, [person])
        return rows.get(person)

    def _read(self, sql: str, params: list[Any], people: Sequence[int]) -> dict[int, Sequence[Any]]:
        """The rows by their first column, past all that Django does for a query."""
        if self._cursor is None:
            self._cursor = connection.create_cursor()
        with connection.wrap_database_errors:
            self._cursor.execute(f"{sql} ({', '.join(['%s'] * len(people))})", [*params, *people])
            return {row[0]: row for row in self._cursor.fetchall()}

    def close(self) -> None:
        """The end, before the commit."""
        if self._cursor is not None:
            self._cursor.close()

    def before(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Django asks before every statement (see "database instrumentation")."""
        if self._passing:
            return execute(sql, params, many, context)
        if isinstance(sql, str):
            if sql.startswith(_SAVEPOINT):
                self._marks.append(Mark(sql, len(self._waiting), dict(self._heads)))
                return None
            if sql.startswith(_RELEASE):
                return execute(sql, params, many, context) if self._marks.pop().real else None
            if sql.startswith(_BACK):
                return execute(sql, params, many, context) if self._go_back() else None
        self.settle()
        if not (isinstance(sql, str) and sql.startswith("SELECT ")):
            self._rows.clear()
        return execute(sql, params, many, context)

    def _go_back(self) -> bool:
        """Forgets what was put off since the last savepoint; whether the database must be told as well."""
        mark = self._marks[-1]
        del self._waiting[mark.waiting :]
        self._heads = dict(mark.heads)
        if mark.real:
            self._stored = dict(mark.heads)
            self._rows.clear()
        return mark.real

    def _write(self, rows: list[tuple[str, str, list[Any]]], heads: dict[str, int]) -> None:
        by_table: dict[tuple[str, str], list[list[Any]]] = {}
        for into, marks, values in rows:
            by_table.setdefault((into, marks), []).append(values)
        for (into, marks), found in by_table.items():
            _execute(into + ", ".join([marks] * len(found)), [value for values in found for value in values])
        for topic, head in heads.items():
            if self._stored.get(topic) != head:
                _execute(_SET_HEAD, [head, topic])
                self._stored[topic] = head


def _execute(sql: str, params: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def current() -> Group | None:
    """The group whose services run on this thread; None when a service runs by itself."""
    found: Group | None = getattr(_local, "group", None)
    return found


@contextmanager
def put_off(company: dict[str, list[int]]) -> Iterator[Group]:
    """Around the services of a group, inside its transaction; writes at the end what is still put off.

    Args:
        company: whose services are in the group, by the topic that they wait for.

    Raises:
        Spoilt: something put off could not be written; the transaction must be rolled back.
    """
    group = _local.group = Group(company)
    try:
        with connection.execute_wrapper(group.before):
            yield group
            group.settle()
    except Exception:
        if group.error is None:
            raise
    finally:
        _local.group = None
        group.close()
    if group.error is not None:
        raise Spoilt from group.error
