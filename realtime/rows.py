"""Rows of a model by plain SQL: the columns of a hand-written SELECT, and an INSERT whose text is made once.

Called where every message passes (log.append, chat's rights and messages): building an ORM query anew costs more there
than all the rest of a message. Inserts of a group of services wait in group.py. Never decides anything, and is not
worth its lines where somebody asks seldom.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.base import ModelState

from realtime import group as groups

M = TypeVar("M", bound=models.Model)


@lru_cache(16)  # the same moment stands in several rows of a message
def sql_time(at: datetime) -> Any:
    """An aware time as this kind of database compares it with its stored ones."""
    return connection.ops.adapt_datetimefield_value(at)


def marks(values: Sequence[Any]) -> str:
    """The right side of an IN for these values, at least one."""
    return f"({', '.join(['%s'] * len(values))})"


def row_of(sql: str, params: list[Any], *, person: int, topic: str) -> Sequence[Any] | None:
    """What a SELECT finds about a person; in a group it is asked once for all whose services wait for the topic.

    Args:
        sql: ends with the person's column and `IN`; its first column is the person's id, and its tables are none whose
            rows are stored by `Rows.insert`, for these may be put off.
        params: its other values, which depend on nothing but the topic and the time.
        person: whose row.
        topic: what the service has locked.
    """
    group = groups.current()
    if group is not None:
        return group.row_of(sql, params, person=person, topic=topic)
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} (%s)", [*params, person])
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


def _is_made(field: Any) -> bool:
    """Whether each new row gets a default of its own."""
    return field.has_default() and callable(field.default)


Adaption = tuple[int, Callable[[Any], Any]]
Conversion = tuple[int, models.Expression, list[Any]]


class Rows(Generic[M]):
    """The stored fields of one model, in their order. Made once, at import, for the one database of the process."""

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._fields = model._meta.concrete_fields
        self._names = [field.attname for field in self._fields]
        # An automatic id is the database's to give.
        self._written = [field for field in self._fields if not isinstance(field, models.AutoField)]
        # Quoted: a column may be called `end`, which is a word of PostgreSQL's own.
        names = ", ".join(f'"{field.column}"' for field in self._written)
        self._into = f"INSERT INTO {model._meta.db_table} ({names}) VALUES "
        self._marks = marks(self._written)
        self._values = attrgetter(*(field.attname for field in self._written))
        self._made = [(field.attname, field.default) for field in self._fields if _is_made(field)]
        self._constants = {field.attname: field.get_default() for field in self._fields if not _is_made(field)}
        self._conversions: list[Conversion] | None = None
        self._adaptions: list[Adaption] | None = None

    def __len__(self) -> int:
        """How many columns there are."""
        return len(self._fields)

    def columns(self, alias: str) -> str:
        """The columns for a SELECT from the table under this alias."""
        return ", ".join(f'{alias}."{field.column}"' for field in self._fields)

    def read(self, values: Sequence[Any]) -> M:
        """A model out of a row's values, which stand in the order of `columns`."""
        row = list(values)
        if self._conversions is None:
            self._conversions = self._find_conversions()
        for index, column, converters in self._conversions:
            if row[index] is not None:
                for convert in converters:
                    row[index] = convert(row[index], column, connection)
        found = self._bare(dict(zip(self._names, row, strict=True)))
        found._state.adding, found._state.db = False, DEFAULT_DB_ALIAS
        return found

    def new(self, **given: Any) -> M:
        """A model that is not stored yet.

        Args:
            given: values by the names of the columns (`author_id`); what is not given has its default.

        Raises:
            TypeError: there is no such column.
        """
        values = {**self._constants, **given}
        for name, make in self._made:
            if name not in given:
                values[name] = make()
        if len(values) != len(self._names):
            raise TypeError(f"{self._model.__name__} has no {sorted(set(given) - set(self._names))}")
        return self._bare(values)

    def _bare(self, values: dict[str, Any]) -> M:
        # As Model.__init__ does, without the signals and the care for deferred fields that take most of its time.
        found = self._model.__new__(self._model)
        found.__dict__ = values
        found._state = ModelState()
        return found

    def insert(self, row: M) -> None:
        """Stores a new row; an automatic id is not read back. In a group of services it is put off."""
        values = list(self._values(row))
        if self._adaptions is None:
            self._adaptions = self._find_adaptions()
        for index, adapt in self._adaptions:
            if values[index] is not None:
                values[index] = adapt(values[index])
        group = groups.current()
        if group is not None:
            group.insert(self._into, self._marks, values)
            return
        with connection.cursor() as cursor:
            cursor.execute(self._into + self._marks, values)

    def _find_adaptions(self) -> list[Adaption]:
        """(index, function) of what this kind of database does not take as Python has it."""
        kinds = [_stored_kind(field) for field in self._written]
        known: dict[str, Callable[[Any], Any]] = {"DateTimeField": sql_time}
        if not connection.features.has_native_uuid_field:
            known["UUIDField"] = attrgetter("hex")
        return [(index, known[kind]) for index, kind in enumerate(kinds) if kind in known]

    def _find_conversions(self) -> list[Conversion]:
        """(index, column, converters) of what this kind of database does not give as Python wants it."""
        columns = [field.get_col(self._model._meta.db_table) for field in self._fields]
        return [
            (index, column, converters)
            for index, column in enumerate(columns)
            if (converters := connection.ops.get_db_converters(column) + column.get_db_converters(connection))
        ]
