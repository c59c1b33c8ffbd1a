"""Who is in a room, and as what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from api.declared import Call, endpoint
from api.shapes import MemberPage, NewMember, NoQuery, PageQuery, ReasonQuery, Role
from chat import services
from chat.events import SeqResult
from chat.selectors import directory
from realtime.protocol import Refused

TAG = "Members"


@contextmanager
def _absent_is_not_found(call: Call[Any, Any], user_id: int) -> Iterator[None]:
    """A member that the address names and who is not there: the address is wrong, not what was asked."""
    try:
        yield
    except Refused as refused:
        if (refused.code, refused.field) == ("invalid", "user") and user_id != call.user.pk:
            raise Refused("not_found", refused.message) from refused
        raise


@endpoint("GET", "rooms/<int:room_id>/members", tag=TAG, scope="rooms:read", refuses=("not_found",))
def list_members(call: Call[PageQuery, None], room_id: int) -> MemberPage:
    """Members of a room, by id."""
    members, more = directory.member_page(
        actor=call.user, room_id=room_id, after=call.query.after, limit=call.query.limit
    )
    cursor = members[-1].person.id if more else None
    if cursor is not None:
        call.pages["next"] = {"after": cursor}
    return MemberPage(members=members, next=cursor)


@endpoint(
    "POST", "rooms/<int:room_id>/members", tag=TAG, scope="rooms:write", once="kept", refuses=("invalid", "not_found")
)
def add_member(call: Call[NoQuery, NewMember], room_id: int) -> SeqResult:
    """Add somebody. `seq` is 0 when they are in the room already."""
    return services.invite_person(actor=call.user, room_id=room_id, user_id=call.body.user)


@endpoint(
    "PATCH",
    "rooms/<int:room_id>/members/<int:user_id>",
    tag=TAG,
    scope="rooms:write",
    refuses=("invalid", "not_found"),
)
def set_role(call: Call[NoQuery, Role], room_id: int, user_id: int) -> SeqResult:
    """Give a member another role; for owners. `seq` is 0 when they have it already."""
    with _absent_is_not_found(call, user_id):
        return services.set_role(actor=call.user, room_id=room_id, user_id=user_id, role=call.body.role)


@endpoint(
    "DELETE",
    "rooms/<int:room_id>/members/<int:user_id>",
    tag=TAG,
    scope="rooms:write",
    refuses=("invalid", "not_found"),
)
def remove_member(call: Call[ReasonQuery, None], room_id: int, user_id: int) -> SeqResult:
    """Take somebody out; nothing after this event reaches them."""
    with _absent_is_not_found(call, user_id):
        return services.remove_member(actor=call.user, room_id=room_id, user_id=user_id, reason=call.query.reason)
