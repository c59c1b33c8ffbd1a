"""Rooms: found, made, changed, joined and left."""

from __future__ import annotations

import msgspec
from msgspec import UnsetType

from api.declared import Call, endpoint
from api.shapes import DirectRoom, NewRoom, NoQuery, RoomInfo, RoomPage, RoomSettings, RoomsQuery
from chat import services
from chat.events import RoomResult, SeqResult
from chat.selectors import directory
from chat.services import RoomChange

TAG = "Rooms"


@endpoint("GET", "rooms", tag=TAG, scope="rooms:read")
def list_rooms(call: Call[RoomsQuery, None]) -> RoomPage:
    """Rooms that you may see, by id: public ones and those you are in.

    `joined=true` are those you are in, direct ones too. The cursor `after` stays good while rooms are made.
    """
    asked = call.query
    rooms, more = directory.room_page(
        actor=call.user, joined=asked.joined, archived=asked.archived, q=asked.q, after=asked.after, limit=asked.limit
    )
    cursor = rooms[-1].room.id if more else None
    if cursor is not None:
        call.pages["next"] = {"after": cursor}
    return RoomPage(rooms=rooms, next=cursor)


@endpoint(
    "POST",
    "rooms",
    tag=TAG,
    scope="rooms:write",
    status=201,
    once="kept",
    refuses=("invalid", "conflict", "too_large"),
    gives={"room_id": "/room/id"},
)
def create_room(call: Call[NoQuery, NewRoom]) -> RoomResult:
    """Make a public or private room; you become its owner."""
    new = call.body
    return services.create_room(
        actor=call.user,
        cid=call.cid,
        kind=new.kind,
        name=new.name,
        slug=new.slug,
        purpose=new.purpose,
        members=new.members,
    )


@endpoint("POST", "rooms/direct", tag=TAG, scope="rooms:write", once="kept", refuses=("invalid", "too_large"))
def open_direct(call: Call[NoQuery, DirectRoom]) -> RoomResult:
    """Open the direct room with one person, or the group room of several; made at the first call."""
    return services.open_direct(actor=call.user, users=call.body.users)


@endpoint("GET", "rooms/<int:room_id>", tag=TAG, scope="rooms:read", refuses=("not_found",))
def get_room(call: Call[NoQuery, None], room_id: int) -> RoomInfo:
    """One room and what you are in it, as of a seq from which a socket can go on."""
    found = directory.room_standing(actor=call.user, room_id=room_id)
    return msgspec.convert(found, RoomInfo, from_attributes=True)


@endpoint(
    "PATCH",
    "rooms/<int:room_id>",
    tag=TAG,
    scope="rooms:write",
    refuses=("invalid", "too_large", "not_found", "read_only"),
)
def update_room(call: Call[NoQuery, RoomSettings], room_id: int) -> SeqResult:
    """Change settings: owners all of them, moderators slow mode and read-only. `seq` is 0 when nothing is new."""
    given = msgspec.structs.asdict(call.body)
    change = RoomChange(**{name: value for name, value in given.items() if not isinstance(value, UnsetType)})
    return services.update_room(actor=call.user, room_id=room_id, change=change)


@endpoint(
    "POST", "rooms/<int:room_id>/join", tag=TAG, scope="rooms:write", once="kept", refuses=("not_found", "invalid")
)
def join_room(call: Call[NoQuery, None], room_id: int) -> RoomResult:
    """Come into a public room. Being in it already is no error."""
    return services.join_room(actor=call.user, room_id=room_id)


@endpoint("POST", "rooms/<int:room_id>/leave", tag=TAG, scope="rooms:write", status=204, refuses=("not_found",))
def leave_room(call: Call[NoQuery, None], room_id: int) -> None:
    """Leave. The last owner must hand over or archive first."""
    services.leave_room(actor=call.user, room_id=room_id)
