"""Every command and event of a room.

Declared once here; `manage.py export_protocol` writes them to TypeScript and to the documentation.
Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from accounts.events import PersonView
from chat.shapes import BesideView, MemberView, MessageView, RoomSummary, RoomView, Seq, ThreadView
from realtime.protocol import Command, Event, Result, Struct

# Commands. Their numbers are bounded by what a database takes.

Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class MessageSent(Struct, frozen=True, kw_only=True):
    """The message is stored; `duplicate` when this cid was stored before."""

    id: UUID
    seq: int
    duplicate: bool = False


class SendMessage(Command, frozen=True, kw_only=True):
    """Say something. `thread` is a root's id, `reply_to` quotes a message, `beside` is what one has open."""

    type: ClassVar[str] = "message.send"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = MessageSent
    cid: UUID
    body: str
    thread: UUID | None = None
    reply_to: UUID | None = None
    also_in_room: bool = False
    beside: BesideView | None = None


class SeqResult(Struct, frozen=True, kw_only=True):
    """The seq of the event that the command caused; 0 when there was nothing to do."""

    seq: int


class EditMessage(Command, frozen=True, kw_only=True):
    """Change one's own text; the old text is kept as a revision."""

    type: ClassVar[str] = "message.edit"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    id: UUID
    body: str


class DeleteMessage(Command, frozen=True, kw_only=True):
    """Delete one's own message, or anybody's as a moderator; a tombstone stays."""

    type: ClassVar[str] = "message.delete"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    id: UUID


class AddReaction(Command, frozen=True, kw_only=True):
    """React with one emoji."""

    type: ClassVar[str] = "reaction.add"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    message: UUID
    emoji: str


class RemoveReaction(Command, frozen=True, kw_only=True):
    """Take a reaction back."""

    type: ClassVar[str] = "reaction.remove"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    message: UUID
    emoji: str


class SetRead(Command, frozen=True, kw_only=True):
    """Read up to `seq`; never moves back."""

    type: ClassVar[str] = "read.set"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    seq: Seq


class StartTyping(Command, frozen=True, kw_only=True):
    """The person types; repeat every 3 s. Shown for 5 s."""

    type: ClassVar[str] = "typing.start"
    topic: ClassVar[str] = "room"
    thread: UUID | None = None


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


# Durable events on `room:<id>`.


class MessageCreated(Event, frozen=True, kw_only=True):
    """Somebody said something. For a reply in a thread, `thread` is the root's new summary."""

    type: ClassVar[str] = "message.created"
    topic: ClassVar[str] = "room"
    message: MessageView
    person: PersonView | None
    thread: ThreadView | None = None


class MessageEdited(Event, frozen=True, kw_only=True):
    """The text of a message changed. `mentioned_before` is whom the old text addressed: their counts change.

    Attributes:
        message_seq: the message's own seq, for counting what is unread.
    """

    type: ClassVar[str] = "message.edited"
    topic: ClassVar[str] = "room"
    id: UUID
    message_seq: int
    body: str
    html: str
    edited_at: datetime
    mentions: list[int] = []
    mentioned_before: list[int] = []


class MessageDeleted(Event, frozen=True, kw_only=True):
    """A message became a tombstone; `by` is author or moderator. `thread` as in message.created (null: no replies).

    What it added to somebody's counts goes: one unread for everybody but `author` if it was `in_room`, one mention for
    each of `mentions`, where `message_seq` is not read yet. In the log its message.created is a tombstone from now on
    that still counts, so that whoever replays both ends at the same figures.
    """

    type: ClassVar[str] = "message.deleted"
    topic: ClassVar[str] = "room"
    id: UUID
    message_seq: int
    author: int | None
    in_room: bool
    deleted_at: datetime
    by: str
    mentions: list[int] = []
    thread_root: UUID | None = None
    thread: ThreadView | None = None


class ReactionAdded(Event, frozen=True, kw_only=True):
    """Somebody reacted."""

    type: ClassVar[str] = "reaction.added"
    topic: ClassVar[str] = "room"
    message: UUID
    user: int
    emoji: str


class ReactionRemoved(Event, frozen=True, kw_only=True):
    """Somebody took a reaction back."""

    type: ClassVar[str] = "reaction.removed"
    topic: ClassVar[str] = "room"
    message: UUID
    user: int
    emoji: str


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


# Durable events on `user:<id>`.


class ReadChanged(Event, frozen=True, kw_only=True):
    """The person read on in some tab. The counts are those at `head_seq` of the room.

    A client that holds another seq of the room cannot tell its own counts from this; it loads home again.
    """

    type: ClassVar[str] = "read.changed"
    topic: ClassVar[str] = "user"
    room: int
    head_seq: int
    last_read_seq: int
    unread: int
    mentions: int


class RoomAdded(Event, frozen=True, kw_only=True):
    """A room joined the person's list."""

    type: ClassVar[str] = "room.added"
    topic: ClassVar[str] = "user"
    summary: RoomSummary


class RoomRemoved(Event, frozen=True, kw_only=True):
    """A room left the person's list; why is left or removed, reason the moderator's words."""

    type: ClassVar[str] = "room.removed"
    topic: ClassVar[str] = "user"
    room: int
    why: str
    reason: str = ""


# Ephemeral events on `room:<id>`.


class Typing(Event, frozen=True, kw_only=True):
    """Somebody types."""

    type: ClassVar[str] = "typing"
    topic: ClassVar[str] = "room"
    durable: ClassVar[bool] = False
    user: int
    thread: UUID | None = None


class PresenceChanged(Event, frozen=True, kw_only=True):
    """Somebody of the room came, fell idle or went; state is online, idle or offline."""

    type: ClassVar[str] = "presence.changed"
    topic: ClassVar[str] = "room"
    durable: ClassVar[bool] = False
    user: int
    state: str
