"""Rooms, their members and who is there: commands, and the events that tell of it.

Exported by chat.events. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from chat.events.messages import SeqResult
from chat.shapes import MemberView, MessageView, RoomSummary, RoomView
from realtime.protocol import Command, Event, Result, Struct

Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
"""A row's number, bounded by what a database takes."""


class SetPresence(Command, frozen=True, kw_only=True):
    """The tab says whether the person is there: online or idle."""

    type: ClassVar[str] = "presence.set"
    state: str


class RoomResult(Struct, frozen=True, kw_only=True):
    """The room that the command made, opened or joined."""

    room: RoomView


class CreateRoom(Command, frozen=True, kw_only=True):
    """Make a public or private room; `slug` empty: made from the name."""

    type: ClassVar[str] = "room.create"
    result: ClassVar[Result] = RoomResult
    cid: UUID
    kind: str
    name: str
    slug: str = ""
    purpose: str = ""
    members: list[Id] = []


class OpenDirect(Command, frozen=True, kw_only=True):
    """Open the direct room with one person, or the group room of several; made at the first call."""

    type: ClassVar[str] = "room.open_direct"
    result: ClassVar[Result] = RoomResult
    users: list[Id]


class JoinRoom(Command, frozen=True, kw_only=True):
    """Join a public room (topic), or any room by the token of an invite link (no topic)."""

    type: ClassVar[str] = "room.join"
    result: ClassVar[Result] = RoomResult
    room: Id | None = None
    token: str | None = None


class LeaveRoom(Command, frozen=True, kw_only=True):
    """Leave. The last owner must hand over or archive first."""

    type: ClassVar[str] = "room.leave"
    topic: ClassVar[str] = "room"


class UpdateRoom(Command, frozen=True, kw_only=True):
    """Change settings; absent keys stay. Archiving and unarchiving go here too."""

    type: ClassVar[str] = "room.update"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    name: str | UnsetType = UNSET
    purpose: str | UnsetType = UNSET
    slow_mode_seconds: int | UnsetType = UNSET
    read_only: bool | UnsetType = UNSET
    retention_days: int | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


class InvitePerson(Command, frozen=True, kw_only=True):
    """Add an existing person to the room."""

    type: ClassVar[str] = "room.invite"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    user: Id


class LinkCreated(Struct, frozen=True, kw_only=True):
    """The link; its token is shown only here."""

    id: int
    url: str


class CreateLink(Command, frozen=True, kw_only=True):
    """Make an invite link."""

    type: ClassVar[str] = "room.create_link"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = LinkCreated
    role: str = "member"
    expires_in_seconds: int | None = 604_800
    max_uses: int | None = None


class RevokeLink(Command, frozen=True, kw_only=True):
    """End an invite link."""

    type: ClassVar[str] = "room.revoke_link"
    topic: ClassVar[str] = "room"
    id: Id


class SetRole(Command, frozen=True, kw_only=True):
    """Give a member another role."""

    type: ClassVar[str] = "member.set_role"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    user: Id
    role: str


class RemoveMember(Command, frozen=True, kw_only=True):
    """Take somebody out of the room."""

    type: ClassVar[str] = "member.remove"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    user: Id
    reason: str = ""


class MemberJoined(Event, frozen=True, kw_only=True):
    """Somebody came in, with the system line that says so."""

    type: ClassVar[str] = "member.joined"
    topic: ClassVar[str] = "room"
    member: MemberView
    message: MessageView | None = None


class MemberLeft(Event, frozen=True, kw_only=True):
    """Somebody left by themselves; their sockets leave the topic at this seq."""

    type: ClassVar[str] = "member.left"
    topic: ClassVar[str] = "room"
    user: int
    message: MessageView | None = None


class MemberRemoved(Event, frozen=True, kw_only=True):
    """Somebody was taken out; their sockets leave the topic at this seq."""

    type: ClassVar[str] = "member.removed"
    topic: ClassVar[str] = "room"
    user: int
    message: MessageView | None = None


class RoleChanged(Event, frozen=True, kw_only=True):
    """A member has another role."""

    type: ClassVar[str] = "member.role_changed"
    topic: ClassVar[str] = "room"
    user: int
    role: str
    message: MessageView | None = None


class RoomUpdated(Event, frozen=True, kw_only=True):
    """The room's settings changed, with the system line that says so."""

    type: ClassVar[str] = "room.updated"
    topic: ClassVar[str] = "room"
    room: RoomView
    message: MessageView | None = None


class RoomAdded(Event, frozen=True, kw_only=True):
    """A room joined the person's list."""

    type: ClassVar[str] = "room.added"
    topic: ClassVar[str] = "user"
    summary: RoomSummary


class RoomRemoved(Event, frozen=True, kw_only=True):
    """A room left the person's list; why is left, removed, kicked or banned, reason the moderator's words.

    Attributes:
        until: when somebody kicked or banned may come back; null: at once after a kick, after a ban once it is lifted.
    """

    type: ClassVar[str] = "room.removed"
    topic: ClassVar[str] = "user"
    room: int
    why: str
    reason: str = ""
    until: datetime | None = None


class PresenceChanged(Event, frozen=True, kw_only=True):
    """Somebody of the room came, fell idle or went; state is online, idle or offline."""

    type: ClassVar[str] = "presence.changed"
    topic: ClassVar[str] = "room"
    durable: ClassVar[bool] = False
    user: int
    state: str
