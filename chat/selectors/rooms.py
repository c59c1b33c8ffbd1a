"""One room with its people and its messages. Called by views for the room's page and by the JSON API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Case, IntegerField, Value, When

from accounts import selectors as accounts
from chat import permissions
from chat.models import Membership, Room
from chat.selectors.counts import counts_of
from chat.selectors.messages import Window, around, authors_of, head_of, newest
from chat.selectors.moment import one_moment
from chat.selectors.people import presence_of
from chat.selectors.standing import Place, find_message, find_place, membership_count
from chat.selectors.views import room_view
from chat.shapes import MemberView, RoomSnapshot
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

MEMBERS_MOST: Final = 1_000


def room_snapshot(*, actor: User, room_id: int, around_id: UUID | None = None) -> RoomSnapshot:
    """A room as it is at `as_of_seq`; somebody outside sees a public room without who is here.

    Args:
        actor: who asks.
        room_id: which room.
        around_id: a message to stand in the middle of the page; None for the newest page.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        place = find_place(actor=actor, room_id=room_id)
        window = (
            newest(room_id) if around_id is None else around(room_id, find_message(place=place, message_id=around_id))
        )
        return _snapshot(actor, place, window)


def _snapshot(actor: User, place: Place, window: Window) -> RoomSnapshot:
    room_id = place.room.pk
    members = members_of(room_id)
    ids = {member.person.id for member in members}
    counts = counts_of(actor.pk, room_id=room_id)
    strangers = [person for person in authors_of(window.messages) if person.id not in ids]
    return RoomSnapshot(
        as_of_seq=head_of(room_id),
        room=room_view(place.room),
        role=place.standing.role,
        last_read_seq=counts[0].last_read_seq if counts else 0,
        unread=counts[0].unread if counts else 0,
        mentions=counts[0].mentions if counts else 0,
        members=members,
        member_count=len(members) if len(members) < MEMBERS_MOST else membership_count(room_id),
        people=sorted(strangers, key=lambda person: person.id),
        presence=presence_of(ids) if place.membership else [],
        messages=window.messages,
        has_before=window.has_before,
        has_after=window.has_after,
        permissions=permissions.names_of(place.standing),
    )


def direct_between(*, user_id: int, other_id: int) -> int | None:
    """The direct room of two people, once one of them has opened it."""
    key = "-".join(map(str, sorted((user_id, other_id))))
    return Room.objects.filter(direct_key=key).values_list("pk", flat=True).first()


def names_of_rooms(ids: Iterable[int]) -> dict[int, str]:
    """What operators' reports call rooms: their address, or kind and number of those between certain people."""
    rows = Room.objects.filter(pk__in=set(ids)).values_list("pk", "kind", "slug")
    return {pk: f"{kind} #{pk}" if kind in permissions.FIXED_KINDS else slug for pk, kind, slug in rows}


def members_of(room_id: int) -> list[MemberView]:
    """Members, owners first, then by the name that is shown; at most 1,000."""
    owners = Case(When(role=Membership.Role.OWNER, then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = Membership.objects.filter(room_id=room_id).order_by(owners, "pk").values_list("user_id", "role")
    roles = dict(rows[:MEMBERS_MOST])
    people = accounts.people_views(roles)
    members = [MemberView(person=person, role=roles[person.id]) for person in people.values()]
    return sorted(members, key=lambda m: (m.role != permissions.OWNER, m.person.display_name.lower(), m.person.id))


def room_by_slug(*, actor: User, slug: str) -> int:
    """The id of a room by its address.

    Raises:
        Refused: `not_found`.
    """
    room_id = Room.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if room_id is None:
        raise Refused("not_found")
    return find_place(actor=actor, room_id=room_id).room.pk
