"""A room's conversation as lines, as import_room takes them. Called by export_room.

Never asks who may read: whoever runs a command on the server reads everything. Deleted messages and system lines are
left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from chat import texts
from chat.lines import Line
from chat.models import Message
from chat.selectors.moment import one_moment
from chat.shapes import BesideView

CHUNK_MESSAGES: Final = 2_000
NOBODY: Final = "somebody"
"""Author of what a person wrote whose account was deleted."""

_COLUMNS: Final = (
    "pk", "kind", "body", "created_at", "reply_to", "thread_root", "author__kind", "author__username",
    "author__display_name", "imported__line", "imported__reply_to", "beside__topic", "beside__seq", "beside__start",
    "beside__end", "pin__pinned_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    pk: UUID
    said_by: str
    body: str
    created_at: datetime
    reply_to: UUID | None
    thread_root: UUID | None
    kind: str | None
    username: str | None
    display_name: str | None
    line: int | None
    answered_line: int | None
    topic: str | None
    seq: int | None
    start: int | None
    end: int | None
    pinned_at: datetime | None

    @property
    def beside(self) -> BesideView | None:
        if self.topic is None or self.seq is None:
            return None
        return BesideView(topic=self.topic, seq=self.seq, start=self.start, end=self.end)


def export_lines(*, room_id: int, source: str | None = None, full_times: bool = False) -> Iterator[Line]:
    """The room's messages, oldest first.

    A line keeps the number that it was imported with as long as numbers rise; others are counted on from the last.

    Args:
        room_id: which room.
        source: only what was imported from this file or channel.
        full_times: times as RFC 3339 instead of HH:MM.
    """
    rows = Message.objects.filter(room=room_id, deleted_at=None).exclude(kind=Message.Kind.SYSTEM).order_by("seq")
    rows = rows.exclude(body="")  # nothing but files, or an answer that never came: there are no words to keep
    if source is not None:
        rows = rows.filter(imported__source=source)
    numbers = _Numbers()
    with one_moment():
        for values in rows.values_list(*_COLUMNS).iterator(chunk_size=CHUNK_MESSAGES):
            row = _Row(*values)
            line = numbers.take(row)
            yield Line(
                line=line,
                time=f"{row.created_at:%Y-%m-%dT%H:%M:%SZ}" if full_times else f"{row.created_at:%H:%M}",
                author=_author(row),
                body=row.body,
                reply_to=numbers.answered_by(row, line),
                beside=row.beside,
                pinned=row.pinned_at is not None,
            )


@dataclass(slots=True)
class _Numbers:
    of: dict[UUID, int] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    last: int = -1

    def take(self, row: _Row) -> int:
        self.last = row.line if row.line is not None and row.line > self.last else self.last + 1
        self.of[row.pk] = self.last
        self.used.add(self.last)
        return self.last

    def answered_by(self, row: _Row, line: int) -> int | None:
        target = row.reply_to or row.thread_root
        if target is not None and target in self.of:
            return self.of[target]
        # Its file did not have the line that it answers; here nobody else may have that number.
        kept = line == row.line and row.answered_line not in self.used
        return row.answered_line if kept else None


def _author(row: _Row) -> str:
    if row.username is None:
        return texts.ALERT if row.said_by == Message.Kind.ALERT else NOBODY
    return row.username if row.kind == "human" else row.display_name or row.username
