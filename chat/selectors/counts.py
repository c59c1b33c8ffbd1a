"""What is unread: counted from seq for all of a person's rooms in one query, never kept in a counter that can stick.

Called by the home snapshot, the room snapshot and the read marker.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils.dateparse import parse_datetime

from chat.models import Membership, Mention, Message

UNREAD_MOST: Final = 100

_SQL: Final = f"""
SELECT m.room_id, m.role, m.notify_level, m.quiet_until, m.last_read_seq,
  (SELECT COUNT(*) FROM (
     SELECT 1 FROM {Message._meta.db_table} t
     WHERE t.room_id = m.room_id AND t.seq > m.last_read_seq AND t.deleted_at IS NULL AND t.kind <> 'system'
       AND (t.author_id IS NULL OR t.author_id <> m.user_id) AND (t.thread_root_id IS NULL OR t.also_in_room)
     LIMIT {UNREAD_MOST}) u),
  (SELECT COUNT(*) FROM (
     SELECT 1 FROM {Mention._meta.db_table} a
     WHERE a.user_id = m.user_id AND a.room_id = m.room_id AND a.seq > m.last_read_seq
     LIMIT {UNREAD_MOST}) n),
  (SELECT t.id FROM {Message._meta.db_table} t
     WHERE t.room_id = m.room_id AND t.kind <> 'system' AND (t.thread_root_id IS NULL OR t.also_in_room)
     ORDER BY t.seq DESC LIMIT 1)
FROM {Membership._meta.db_table} m
WHERE m.user_id = %s
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """One room of one person; `last_message` is the newest message shown there that is no system line."""

    room: int
    role: str
    notify: str
    quiet_until: datetime | None
    last_read_seq: int
    unread: int
    mentions: int
    last_message: UUID | None


def counts_of(user_id: int, *, room_id: int | None = None) -> list[Counts]:
    """Counts of all rooms of a person, or of one, in the order in which they were joined."""
    only, values = (" AND m.room_id = %s", [user_id, room_id]) if room_id is not None else ("", [user_id])
    with connection.cursor() as cursor:
        cursor.execute(f"{_SQL}{only} ORDER BY m.id", values)
        rows: list[Any] = cursor.fetchall()
    return [
        Counts(room, role, notify, as_time(quiet), read, unread, mentions, _uuid(last))
        for room, role, notify, quiet, read, unread, mentions, last in rows
    ]


def _uuid(value: Any) -> UUID | None:
    # SQLite has no type for it and keeps the 32 digits.
    return UUID(value) if isinstance(value, str) else value


def as_time(value: Any) -> datetime | None:
    """A moment as a plain query answers it: SQLite keeps it as text in UTC."""
    found = parse_datetime(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found
