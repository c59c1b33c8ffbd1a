"""What was said around a moment, as plain values for the app that knows what happened then.

Called by apps above chat. Never writes, and never asks who may see it: whoever calls has read the rights in the room.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chat import texts
from chat.models import Message
from chat.selectors.views import SHOWN_IN_ROOM

THEN: Final = timedelta(minutes=15)
"""What somebody wrote further away belongs to something else."""


@dataclass(frozen=True, slots=True)
class Uttered:
    """A message of somebody, by the beginning of its text."""

    id: UUID
    author: int
    excerpt: str
    created_at: datetime


def said_then(*, room_id: int, author_id: int, at: datetime) -> Uttered | None:
    """What a person wrote in a room nearest to a moment, also in a thread; nothing that was deleted."""
    rows = Message.objects.filter(room_id=room_id, author_id=author_id, deleted_at=None)
    rows = rows.exclude(kind=Message.Kind.SYSTEM)
    before = rows.filter(created_at__lte=at, created_at__gte=at - THEN).order_by("-created_at", "-seq").first()
    after = rows.filter(created_at__gt=at, created_at__lte=at + THEN).order_by("created_at", "seq").first()
    found = min(filter(None, (before, after)), key=lambda row: abs(row.created_at - at), default=None)
    if found is None:
        return None
    return Uttered(found.pk, author_id, texts.excerpt(found.body), found.created_at)


def newest_at(*, room_id: int, at: datetime) -> UUID | None:
    """The message that stood last in a room's log at a moment; None before the first.

    Times have no index of their own in a room, but they grow with the seq, which has one: halving finds the place among
    ten million messages in two dozen look-ups.
    """
    rows = Message.objects.filter(room_id=room_id)
    low, high = 0, rows.order_by("-seq").values_list("seq", flat=True).first() or 0
    while low < high:
        middle = (low + high + 1) // 2
        found = rows.filter(seq__lte=middle).order_by("-seq").values_list("seq", "created_at").first()
        if found is None or found[1] <= at:
            low = middle
        else:
            high = found[0] - 1
    shown = rows.filter(SHOWN_IN_ROOM, seq__lte=low)
    return shown.order_by("-seq").values_list("pk", flat=True).first()
