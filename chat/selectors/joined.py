"""Rooms by the people in them, for apps that keep something in rooms. Never says what stands in a room."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db.models import Count

from chat.models import Membership, Room
from chat.selectors.views import room_view
from chat.shapes import RoomView

_PIECE: Final = 5_000


def joined_rooms(*, user_id: int) -> list[RoomView]:
    """The rooms that somebody is in, in the order in which they came."""
    rows = Membership.objects.filter(user_id=user_id).order_by("pk").select_related("room")
    return [room_view(row.room) for row in rows]


def rooms_by_id(ids: Collection[int]) -> dict[int, RoomView]:
    """Rooms as their members see them; whoever shows them to somebody has asked whether they may."""
    return {room.pk: room_view(room) for room in Room.objects.filter(pk__in=ids)} if ids else {}


def counts_among(*, user_ids: Collection[int], room_ids: Collection[int]) -> dict[int, int]:
    """How many of the people are in each of the rooms; rooms with none of them are left out."""
    found: dict[int, int] = {}
    people, rooms = sorted(user_ids), sorted(room_ids)
    # In pieces: a database bounds how many values a question may hold.
    for start in range(0, len(people), _PIECE):
        for first in range(0, len(rooms), _PIECE):
            rows = Membership.objects.filter(
                user_id__in=people[start : start + _PIECE], room_id__in=rooms[first : first + _PIECE]
            )
            for room, count in rows.order_by().values_list("room_id").annotate(Count("pk")):
                found[room] = found.get(room, 0) + count
    return found


def members_among(*, user_ids: Collection[int], room_ids: Collection[int]) -> set[tuple[int, int]]:
    """(person, room) of those of the people that are in those of the rooms."""
    if not user_ids or not room_ids:
        return set()
    rows = Membership.objects.filter(user_id__in=user_ids, room_id__in=room_ids)
    return set(rows.values_list("user_id", "room_id"))
