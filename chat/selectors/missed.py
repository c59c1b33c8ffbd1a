"""Mentions that nobody has seen and no letter has told of yet. Called by chat.services.letters.

Reads a page of rows with what decides about each; never decides and never writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import OuterRef, Subquery

from chat.models import Membership, Mention
from chat.permissions import FIXED_KINDS

PAGE_ROWS: Final = 500


@dataclass(frozen=True, slots=True)
class Missed:
    """An unsettled mention; `member` is False for somebody who left the room."""

    id: int
    user: int
    room: int
    message: UUID
    said_at: datetime
    member: bool
    read: bool
    direct: bool
    level: str
    quiet_until: datetime | None
    gone: bool


def missed_mentions(*, after: int, said_before: datetime) -> list[Missed]:
    """A page of mentions that are not settled, by id, of messages that are old enough."""
    mine = Membership.objects.filter(user_id=OuterRef("user_id"), room_id=OuterRef("room_id"))
    rows = (
        Mention.objects.filter(mailed_at=None, pk__gt=after, message__created_at__lte=said_before)
        .annotate(
            read=Subquery(mine.values("last_read_seq")[:1]),
            level=Subquery(mine.values("notify_level")[:1]),
            quiet=Subquery(mine.values("quiet_until")[:1]),
        )
        .order_by("pk")
        .values_list(
            "pk", "user_id", "room_id", "message_id", "message__created_at", "read", "seq", "room__kind", "level",
            "quiet", "message__deleted_at",
        )[:PAGE_ROWS]
    )  # fmt: skip
    return [
        Missed(
            id=pk,
            user=user,
            room=room,
            message=message,
            said_at=said_at,
            member=read is not None,
            read=read is not None and seq <= read,
            direct=kind in FIXED_KINDS,
            level=level or "",
            quiet_until=quiet,
            gone=deleted_at is not None,
        )
        for pk, user, room, message, said_at, read, seq, kind, level, quiet, deleted_at in rows
    ]


def mailed_since(*, users: set[int], at: datetime) -> set[int]:
    """Those of the people to whom a letter went since then."""
    rows = Mention.objects.filter(user__in=users, mailed_at__gt=at).values_list("user_id", flat=True)
    return set(rows.distinct())


def told_of(ids: list[int]) -> list[Mention]:
    """Mentions with what a letter says of them, as it may be read now; deleted texts and left rooms are missing."""
    here = Membership.objects.filter(user_id=OuterRef("user_id"), room_id=OuterRef("room_id"))
    rows = Mention.objects.filter(pk__in=ids, message__deleted_at=None).annotate(here=Subquery(here.values("pk")[:1]))
    return list(rows.exclude(here=None).select_related("room", "message__author").order_by("room_id", "seq"))
