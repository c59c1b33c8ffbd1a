"""Rooms as channels, over HTTP: found, joined, left, and who is in them.

Called through integrations.mattermost_api.urls. A room that somebody may not see is as if it were not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from accounts import selectors as accounts
from accounts.events import PersonView
from chat import selectors as rooms
from chat import services as chat
from chat.selectors import directory
from chat.selectors import posts as read
from chat.selectors.rooms import members_of
from chat.shapes import RoomView
from integrations.mattermost_api import ids, shapes
from integrations.mattermost_api.dispatch import Asked, address, answer, body_of, named_by, room_of
from integrations.mattermost_api.people import OK, team_or_nothing
from integrations.mattermost_api.refusing import PERMISSIONS, Failed
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

PAGE_USUAL: Final = 60
PAGE_MOST: Final = 200
ROOMS_MOST: Final = 1_000
PEOPLE_MOST: Final = 200


class NewMember(Struct):
    """Whom to add."""

    user_id: str = ""


def people_of(room: RoomView) -> list[PersonView]:
    """Those in a direct conversation, which is named after them; nobody for other rooms."""
    return [one.person for one in members_of(room.id)] if shapes.is_direct(room) else []


def channel_of(actor: User, room_id: int) -> dict[str, Any]:
    """A room that the person may see.

    Raises:
        Failed: permissions, whether there is none or none for them.
    """
    try:
        found = directory.room_standing(actor=actor, room_id=room_id)
    except Refused:
        raise Failed(403, PERMISSIONS, "You do not have the appropriate permissions.") from None
    last_at = read.last_said(actor=actor, room_id=room_id)
    return shapes.channel(found.room, people_of(found.room), last_at=last_at, posts=found.as_of_seq)


def _channel(asked: Asked, channel_id: str) -> Any:
    return channel_of(asked.user, room_of(channel_id))


def _named(asked: Asked, team_id: str, name: str) -> Any:
    if team_id != shapes.TEAM_NAME:
        team_or_nothing(team_id)
    try:
        return channel_of(asked.user, rooms.room_by_slug(actor=asked.user, slug=name))
    except Refused:
        told = "Channel does not exist."
        raise Failed(404, "app.channel.get_by_name.missing.app_error", told) from None


def _shown(actor: User, *, joined: bool | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after, more = 0, True
    while more and len(found) < ROOMS_MOST:
        page, more = directory.room_page(actor=actor, joined=joined, after=after, limit=100)
        found += [shapes.channel(one.room, people_of(one.room), last_at=one.last_at) for one in page]
        after = page[-1].room.id if page else 0
    return found


def _mine(asked: Asked, user_id: str, team_id: str = ids.TEAM_ID) -> Any:
    asked.myself(user_id)
    team_or_nothing(team_id)
    return _shown(asked.user, joined=True)


def _public(asked: Asked, team_id: str) -> Any:
    team_or_nothing(team_id)
    return [one for one in _shown(asked.user, joined=None) if one["type"] == "O"]


def _members(asked: Asked, channel_id: str) -> Any:
    room_id, limit = room_of(channel_id), max(1, asked.number("per_page", PAGE_USUAL, PAGE_MOST))
    channel_of(asked.user, room_id)
    skip = asked.number("page", 0, 10**6) * limit
    page, _ = directory.member_page(actor=asked.user, room_id=room_id, limit=skip + limit)
    return [shapes.channel_member(room_id, one.person.id, one.role) for one in page[skip:]]


def _member(asked: Asked, channel_id: str, user_id: str) -> Any:
    room_id, wanted = room_of(channel_id), asked.person(user_id)
    channel_of(asked.user, room_id)
    page, _ = directory.member_page(actor=asked.user, room_id=room_id, after=wanted - 1, limit=1)
    if not page or page[0].person.id != wanted:
        raise Failed(404, "app.channel.get_member.missing.app_error", "No channel member found for that user.")
    return shapes.channel_member(room_id, wanted, page[0].role)


def _add(asked: Asked, channel_id: str) -> Any:
    """Joining is for oneself; adding somebody else is an invitation."""
    room_id = room_of(channel_id)
    wanted = asked.person(body_of(asked.request, NewMember).user_id)
    channel_of(asked.user, room_id)
    if wanted == asked.user.pk:
        chat.join_room(actor=asked.user, room_id=room_id)
    else:
        chat.invite_person(actor=asked.user, room_id=room_id, user_id=wanted)
    return answer(_member(asked, channel_id, ids.of_user(wanted)), 201)


def _remove(asked: Asked, channel_id: str, user_id: str) -> Any:
    room_id, wanted = room_of(channel_id), asked.person(user_id)
    channel_of(asked.user, room_id)
    if wanted == asked.user.pk:
        chat.leave_room(actor=asked.user, room_id=room_id)
    else:
        chat.remove_member(actor=asked.user, room_id=room_id, user_id=wanted)
    return OK


def _direct(asked: Asked) -> Any:
    both = [named_by(ids.to_user, text, "user_id") for text in body_of(asked.request, list[str])]
    if len(both) != 2 or asked.user.pk not in both:
        told = "A direct channel is one's own and somebody else's."
        raise Failed(400, "api.context.invalid_body_param.app_error", told)
    return _open(asked, both)


def _group(asked: Asked) -> Any:
    return _open(asked, [named_by(ids.to_user, text, "user_id") for text in body_of(asked.request, list[str])])


def _open(asked: Asked, people: list[int]) -> Any:
    others = [one for one in dict.fromkeys(people) if one != asked.user.pk]
    if len(others) > PEOPLE_MOST:
        raise Failed(400, "api.context.invalid_body_param.app_error", f"At most {PEOPLE_MOST} people can be named.")
    known = accounts.active_people(others)
    if len(known) != len(others):
        raise Failed(404, "app.user.missing_account.const", "Unable to find the user.")
    room = chat.open_direct(actor=asked.user, users=others).room
    return answer(channel_of(asked.user, room.id), 201)


def _viewed(asked: Asked, user_id: str) -> Any:
    """What a program has looked at says nothing of what a person has read."""
    asked.myself(user_id)
    return {"status": "OK", "last_viewed_at_times": {}}


READ, WRITE = "rooms:read", "rooms:write"
channel = address(GET=(READ, _channel))
channel_named = address(GET=(READ, _named))
my_channels = address(GET=(READ, _mine))
public_channels = address(GET=(READ, _public))
members = address(GET=(READ, _members), POST=(WRITE, _add))
member = address(GET=(READ, _member), DELETE=(WRITE, _remove))
direct = address(POST=(WRITE, _direct))
group = address(POST=(WRITE, _group))
viewed = address(POST=(READ, _viewed))
