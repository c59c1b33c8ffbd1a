"""What the app of the assistant asks about messages: who was called and where, and whether an answer still stands.

Called by apps above chat. Never writes, and never asks who may see it: whoever calls has read the rights in the room.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from accounts import selectors as accounts
from chat.models import Membership, Message, Room
from chat.selectors.views import message_views
from chat.shapes import MessageView
from realtime.committed import once

_COMPANION: Final = (
    f"SELECT m.user_id FROM {Room._meta.db_table} r JOIN {Membership._meta.db_table} m ON m.room_id = r.id "
    f"{accounts.person_sql('m.user_id')} WHERE r.id = %s AND r.kind = '{Room.Kind.DIRECT}' AND u.kind = %s"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a message stands that may be answered."""

    room_id: int
    author_id: int | None
    thread_root: UUID | None
    deleted: bool


def companion_in(*, room_id: int, of: Collection[int]) -> int | None:
    """Which of these accounts is one of the two in a direct room; None for any other room."""
    found = Membership.objects.filter(room=room_id, room__kind=Room.Kind.DIRECT, user__in=of)
    return found.values_list("user_id", flat=True).first()


def is_with(*, room_id: int, kind: str) -> bool:
    """Whether a room is a direct one with an account of this kind.

    Asked after every message that is stored: the ORM would cost more than all that follows.
    """
    return once(_is_with, room_id, kind)


def _is_with(room_id: int, kind: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_COMPANION, [room_id, kind])
        return cursor.fetchone() is not None


def asked_in(*, message_id: UUID) -> Asked | None:
    """Where a message stands, and whether it is there still."""
    found = Message.objects.filter(pk=message_id).values_list("room", "author", "thread_root", "deleted_at").first()
    return None if found is None else Asked(found[0], found[1], found[2], found[3] is not None)


def is_deleted(*, message_id: UUID) -> bool:
    """Whether a message was deleted, or is not there at all."""
    return not Message.objects.filter(pk=message_id, deleted_at=None).exists()


def called_lately(*, users: Collection[int], within: timedelta, limit: int = 50) -> list[MessageView]:
    """What was said lately to these accounts, by their names or in a direct room with one; newest first.

    Nothing that was edited since: perhaps nobody was called before.
    """
    direct = Membership.objects.filter(user__in=users, room__kind=Room.Kind.DIRECT).values("room")
    rows = Message.objects.filter(created_at__gte=timezone.now() - within, deleted_at=None, edited_at=None)
    rows = rows.filter(kind__in=[Message.Kind.USER, Message.Kind.BRIDGE])
    rows = rows.filter(pk__gte=_first_id(within)).exclude(author__in=users)
    rows = rows.filter(Q(mentions__user__in=users) | Q(room__in=direct)).distinct()
    return message_views(list(rows.order_by("-pk")[:limit]))


def _first_id(within: timedelta) -> UUID:
    """The lowest id that a message of that time can have: ids begin with the milliseconds of their making."""
    since = int((timezone.now() - within).timestamp() * 1000)
    return UUID(int=since << 80)
