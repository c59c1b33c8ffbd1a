"""What a backup knows of a database, whichever kind it is. Read by taking.py; made by sqlite.py and postgres.py."""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps
from django.db import models

from collab.backup.archive import Table


@dataclass(frozen=True, slots=True)
class Dump:
    """A database at one moment, written out.

    Attributes:
        files: names of what was written, below the folder.
        media: what the storage calls the files that rows tell of.
        migrations: applied ones, as app.name.
    """

    files: list[str]
    tables: list[Table]
    media: set[str]
    migrations: list[str]


def file_columns() -> list[tuple[str, str]]:
    """(table, column) of everything that names a file in the storage."""
    return [
        (model._meta.db_table, str(field.column))
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.FileField)
    ]


def serial_columns() -> list[tuple[str, str]]:
    """(table, column) of every number that the database gives out."""
    fields = [(model, model._meta.auto_field) for model in apps.get_models(include_auto_created=True)]
    return [(model._meta.db_table, str(field.column)) for model, field in fields if field is not None]
