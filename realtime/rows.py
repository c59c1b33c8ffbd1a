"""Rows of a model by plain SQL: the columns of a hand-written SELECT, and an INSERT whose text is made once.

Called where every message passes (log.append, chat's rights and messages): building an ORM query anew costs more there
than all the rest of a message. Inserts of a group of services wait in group.py. Never decides anything, and is not
worth its lines where somebody asks seldom.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from django.db import connection, models
from django.db.models.base import ModelState

from realtime import group as groups

M = TypeVar("M", bound=models.Model)


def sql_time(at: datetime) -> Any:
    """An aware time as this kind of database compares it with its stored ones."""
    return connection.ops.adapt_datetimefield_value(at)


def marks(values: Sequence[Any]) -> str:
    """The right side of an IN for these values, at least one."""
    return f"({', '.join(['%s'] * len(values))})"


def first_row(sql: str, params: Sequence[Any]) -> Sequence[Any] | None:
    """The first row of a SELECT from tables whose rows no service inserts through `Rows`: nothing of it is put off."""
    group = groups.current()
    with group.untouched() if group is not None else nullcontext(), connection.cursor() as cursor:
        cursor.execute(sql, params)
        row: Sequence[Any] | None = cursor.fetchone()
    return row


_INSERTED: Final = frozenset(
    {
        "BigIntegerField",
        "BooleanField",
        "CharField",
        "DateTimeField",
        "PositiveBigIntegerField",
        "PositiveSmallIntegerField",
        "TextField",
        "UUIDField",
    }
)
"""Kinds of fields whose values `Rows.insert` knows how to hand to every database."""


def _stored_kind(field: Any) -> str:
    """The kind of a column; of a foreign key that of the key.

    Raises:
        TypeError: `insert` does not know it, or Django would fill it when it saves.
    """
    while field.is_relation:
        field = field.target_field
    kind = str(field.get_internal_type())
    known = kind in _INSERTED or isinstance(field, models.AutoField)
    if not known or getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        raise TypeError(f"rows with a {kind} such as {field.name} are saved by the model")
    return kind


class Rows(Generic[M]):
    """The stored fields of one model, in their order. Made once, at import."""

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._fields = model._meta.concrete_fields
        self._names = [field.attname for field in self._fields]
        # An automatic id is the database's to give.
        self._written = [field for field in self._fields if not isinstance(field, models.AutoField)]
        names = ", ".join(str(field.column) for field in self._written)
        self._into = f"INSERT INTO {model._meta.db_table} ({names}) VALUES "
        self._marks = marks(self._written)
        self._values = attrgetter(*(field.attname for field in self._written))
        self._converters: dict[str, list[tuple[int, models.Expression, list[Any]]]] = {}
        self._adapters: dict[str, list[tuple[int, Callable[[Any], Any]]]] = {}

    def __len__(self) -> int:
        """How many columns there are."""
        return len(self._fields)

    def columns(self, alias: str) -> str:
        """The columns for a SELECT from the table under this alias."""
        return ", ".join(f"{alias}.{field.column}" for field in self._fields)

    def read(self, values: Sequence[Any]) -> M:
        """A model out of a row's values, which stand in the order of `columns`."""
        row = list(values)
        for index, column, converters in self._conversions():
            if row[index] is not None:
                for convert in converters:
                    row[index] = convert(row[index], column, connection)
        # As `from_db` does, without the signals and the care for deferred fields that take most of its time.
        found = self._model.__new__(self._model)
        found.__dict__.update(zip(self._names, row, strict=True))
        found._state = state = ModelState()
        state.adding, state.db = False, connection.alias
        return found

    def insert(self, row: M) -> None:
        """Stores a new row; an automatic id is not read back. In a group of services it is put off."""
        values = list(self._values(row))
        for index, adapt in self._adaptions():
            if values[index] is not None:
                values[index] = adapt(values[index])
        group = groups.current()
        if group is not None:
            group.insert(self._into, self._marks, values)
            return
        with connection.cursor() as cursor:
            cursor.execute(self._into + self._marks, values)

    def _adaptions(self) -> list[tuple[int, Callable[[Any], Any]]]:
        """(index, function) of what this kind of database does not take as Python has it."""
        found = self._adapters.get(connection.vendor)
        if found is None:
            kinds = [_stored_kind(field) for field in self._written]
            known: dict[str, Callable[[Any], Any]] = {"DateTimeField": sql_time}
            if not connection.features.has_native_uuid_field:
                known["UUIDField"] = attrgetter("hex")
            found = [(index, known[kind]) for index, kind in enumerate(kinds) if kind in known]
            self._adapters[connection.vendor] = found
        return found

    def _conversions(self) -> list[tuple[int, models.Expression, list[Any]]]:
        """(index, column, converters) of what this kind of database does not give as Python wants it."""
        found = self._converters.get(connection.vendor)
        if found is None:
            columns = [field.get_col(self._model._meta.db_table) for field in self._fields]
            found = [
                (index, column, converters)
                for index, column in enumerate(columns)
                if (converters := connection.ops.get_db_converters(column) + column.get_db_converters(connection))
            ]
            self._converters[connection.vendor] = found
        return found
