"""Rows of accepted updates: parsed for the algebra, or as they go out to people.

Called by the other selectors and by the service that stores updates. Never writes and never asks who may see them.
"""

from __future__ import annotations

from typing import Final

import msgspec
from django.db import connection

from editor.authority import Accepted
from editor.changes import ChangeSet
from editor.models import Update

# Read whenever a push comes from behind or a document is opened; as models they would cost three times as much.
_ACCEPTED: Final = (
    f"SELECT version, client_id, author_id, changes FROM {Update._meta.db_table} "
    "WHERE document_id = %s AND version > %s AND version <= %s ORDER BY version"
)
_CHARS: Final = (
    f"SELECT COALESCE(SUM(LENGTH(changes)), 0) FROM {Update._meta.db_table} "
    "WHERE document_id = %s AND version > %s AND version <= %s"
)
_decode: Final = msgspec.json.Decoder().decode


def parse(changes: str) -> ChangeSet:
    """The change set of a stored row."""
    return ChangeSet.from_json(_decode(changes))


def accepted_between(*, document_id: int, after: int, upto: int) -> list[Accepted]:
    """The updates after a version up to another, in order; fewer when some were compacted away."""
    if after >= upto:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_ACCEPTED, [document_id, after, upto])
        rows = cursor.fetchall()
    return [Accepted(version, client_id, parse(changes), author) for version, client_id, author, changes in rows]


def chars_between(*, document_id: int, after: int, upto: int) -> int:
    """How long the JSON of these updates is in all."""
    with connection.cursor() as cursor:
        cursor.execute(_CHARS, [document_id, after, upto])
        return int(cursor.fetchone()[0])
