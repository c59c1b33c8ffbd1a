"""Who may be addressed, and who may say that they type. Called by views and the consumer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts import selectors as accounts
from accounts.events import PersonView
from chat.models import Membership
from chat.permissions import can_post
from chat.selectors.standing import find_place
from chat.shapes import PresenceView
from realtime import presence

if TYPE_CHECKING:
    from collections.abc import Collection

    from accounts.models import User


def find_people(*, actor: User, q: str, room_id: int | None = None) -> list[PersonView]:
    """At most 20 people whose name holds `q`; only members of a room if it is given.

    Raises:
        Refused: `not_found`.
    """
    if room_id is None:
        return accounts.search_people(actor=actor, q=q)
    find_place(actor=actor, room_id=room_id)
    members = Membership.objects.filter(room_id=room_id).values_list("user_id", flat=True)
    return accounts.search_people(actor=actor, q=q, among=list(members))


def may_type(*, actor: User, room_id: int) -> bool:
    """Whether others are told that this person types: members who may write, and are not muted.

    Raises:
        Refused: `not_found`.
    """
    place = find_place(actor=actor, room_id=room_id)
    return can_post(place.standing) and not place.sanctioned


def presence_of(user_ids: Collection[int]) -> list[PresenceView]:
    """Those of the people who are here, by id; call it only with people who share a room with the asker."""
    return [PresenceView(user=user, state=state) for user, state in sorted(presence.states(user_ids).items())]
