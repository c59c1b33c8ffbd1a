"""All rooms of one person, as the shell shows them. Called by views, the JSON API and services that add a room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from django.conf import settings

from accounts import selectors as accounts
from accounts.events import PersonView
from chat.models import Membership, Message, Room
from chat.permissions import FIXED_KINDS
from chat.selectors.counts import Counts, counts_of
from chat.selectors.drafts import drafts_of
from chat.selectors.moment import one_moment
from chat.selectors.people import presence_of
from chat.selectors.reminders import told_reminders
from chat.selectors.views import quote_view, room_topic, room_view
from chat.shapes import HomeSnapshot, RoomSummary
from realtime import log

if TYPE_CHECKING:
    from accounts.models import User

PEOPLE_MOST: Final = 8


def home_snapshot(*, actor: User) -> HomeSnapshot:
    """What the shell needs, at one moment; rooms in the order in which the person joined them."""
    own = f"user:{actor.pk}"
    with one_moment():
        rooms = _summaries(actor.pk, counts_of(actor.pk))
        near = {person.id for summary in rooms for person in summary.people}
        return HomeSnapshot(
            as_of_seq=log.heads([own])[own][0],
            me=accounts.person_view(actor),
            email=actor.email,
            preferences=accounts.preferences_view(actor),
            site_name=settings.SITE_NAME,
            can_create_rooms=True,
            is_staff=actor.is_staff,
            rooms=rooms,
            presence=presence_of(near) if near else [],
            drafts=drafts_of(user_id=actor.pk),
            reminders=told_reminders(user_id=actor.pk),
            mutes=accounts.mutes_of(actor.pk),
        )


def summary_of(*, user_id: int, room_id: int) -> RoomSummary:
    """One room of the person's list; for somebody who is a member."""
    return _summaries(user_id, counts_of(user_id, room_id=room_id))[0]


def _summaries(user_id: int, counts: Sequence[Counts]) -> list[RoomSummary]:
    rooms = Room.objects.in_bulk([one.room for one in counts])
    heads = log.heads(room_topic(one.room) for one in counts)
    last = Message.objects.in_bulk([one.last_message for one in counts if one.last_message])
    people = _others(user_id, [room.pk for room in rooms.values() if room.kind in FIXED_KINDS])
    found = []
    for one in counts:
        message = last.get(one.last_message) if one.last_message else None
        found.append(
            RoomSummary(
                room=room_view(rooms[one.room]),
                role=one.role,
                head_seq=heads[room_topic(one.room)][0],
                last_read_seq=one.last_read_seq,
                unread=one.unread,
                mentions=one.mentions,
                notify=one.notify,
                quiet_until=one.quiet_until,
                people=people.get(one.room, []),
                last_message=quote_view(message) if message else None,
                last_at=message.created_at if message else None,
            )
        )
    return found


def _others(user_id: int, room_ids: Collection[int]) -> dict[int, list[PersonView]]:
    """The other people of direct and group rooms."""
    if not room_ids:
        return {}
    rows = Membership.objects.filter(room__in=room_ids).exclude(user_id=user_id).order_by("pk")
    ids: dict[int, list[int]] = defaultdict(list)
    for room_id, other in rows.values_list("room_id", "user_id"):
        if len(ids[room_id]) < PEOPLE_MOST:
            ids[room_id].append(other)
    people = accounts.people_views({other for others in ids.values() for other in others})
    return {room_id: [people[other] for other in others if other in people] for room_id, others in ids.items()}
