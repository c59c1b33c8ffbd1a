"""What happened last in rooms, without what was said: for boards. Called by the app of the dashboard.

Never writes. Whoever shows it decides which rooms may be named to whom.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chat.models import Attachment, Message

_NOBODYS: Final = (Message.Kind.SYSTEM, Message.Kind.ALERT)
"""What the site says, and nobody who writes."""


@dataclass(frozen=True, slots=True)
class Happening:
    """A message, by its author and not by its words.

    Attributes:
        kind: user, system, assistant, bridge or alert.
        line: what a system line or an alert says, "" for what people wrote.
        files: how many hang on it; says_nothing: there is nothing but these.
    """

    at: datetime
    room: int
    author: int | None
    kind: str
    line: str
    files: int
    says_nothing: bool


def happened_lately(*, limit: int, room_id: int | None = None) -> list[Happening]:
    """The newest messages of a room or of all rooms, newest first; deleted ones are left out."""
    rows = Message.objects.filter(room=room_id) if room_id is not None else Message.objects.all()
    # Ids are made in the order of time; within a room the seq has the index.
    newest = rows.order_by("-seq") if room_id is not None else rows.order_by("-pk")
    found = [message for message in newest[:limit] if message.deleted_at is None]
    hung = Attachment.objects.filter(message__in=[message.pk for message in found])
    files = Counter(hung.values_list("message_id", flat=True))
    return [
        Happening(
            at=message.created_at,
            room=message.room_id,
            author=message.author_id,
            kind=message.kind,
            line=message.body if message.kind in _NOBODYS else "",
            files=files[message.pk],
            says_nothing=not message.body,
        )
        for message in found
    ]


def moments_of_messages(*, since: datetime) -> list[tuple[int, datetime]]:
    """(room, when) of everything that people and the assistant said after a moment, oldest first."""
    rows = Message.objects.filter(created_at__gte=since).exclude(kind__in=_NOBODYS)
    return list(rows.order_by("created_at").values_list("room_id", "created_at"))
