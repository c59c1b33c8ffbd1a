"""Rows of a model by plain SQL: the columns of a hand-written SELECT, and an INSERT whose text is made once.

Called where every message passes (log.append, chat's rights and messages): building an ORM query anew costs more there
than all the rest of a message. Never decides anything, and is not worth its lines where somebody asks seldom.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)


def sql_time(at: datetime) -> Any:
    """An aware time as this kind of database compares it with its stored ones."""
    return connection.ops.adapt_datetimefield_value(at)


def marks(values: Sequence[Any]) -> str:
    """The right side of an IN for these values, at least one."""
    return f"({', '.join(['%s'] * len(values))})"


class Rows(Generic[M]):
    """The stored fields of one model, in their order. Made once, at import."""

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._fields = model._meta.concrete_fields
        self._names = [field.attname for field in self._fields]
        # An automatic id is the database's to give.
        self._written = [field for field in self._fields if not isinstance(field, models.AutoField)]
        names = ", ".join(str(field.column) for field in self._written)
        self._insert = f"INSERT INTO {model._meta.db_table} ({names}) VALUES {marks(self._written)}"
        self._converters: dict[str, list[tuple[int, models.Expression, list[Any]]]] = {}

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
        return self._model.from_db(connection.alias, self._names, row)

    def insert(self, row: M) -> None:
        """Stores a new row; an automatic id is not read back."""
        values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in self._written]
        with connection.cursor() as cursor:
            cursor.execute(self._insert, values)

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
