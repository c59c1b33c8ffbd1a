"""What is said in a room: commands, and the events that tell of it.

Exported by chat.events. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta

from accounts.events import PersonView
from chat.shapes import BesideView, MessageView, Seq, ThreadView
from realtime.protocol import Command, Event, Result, Struct


class MessageSent(Struct, frozen=True, kw_only=True):
    """The message is stored; `duplicate` when this cid was stored before."""

    id: UUID
    seq: int
    duplicate: bool = False


class SendMessage(Command, frozen=True, kw_only=True):
    """Say something. `thread` is a root's id, `reply_to` quotes a message, `beside` is what one has open.

    `attachments` are files uploaded to this room before, in the order in which they stand; with some the body may be
    empty. `draft_rev` is that of the draft it was written in, which is gone with it; null for none.
    """

    type: ClassVar[str] = "message.send"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = MessageSent
    cid: UUID
    body: str
    thread: UUID | None = None
    reply_to: UUID | None = None
    also_in_room: bool = False
    beside: BesideView | None = None
    draft_rev: Seq | None = None
    attachments: Annotated[list[UUID], Meta(max_length=10)] = []


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


class MessageCreated(Event, frozen=True, kw_only=True):
    """Somebody said something. Of a reply in a thread, `thread` is the root's new summary, `root_author` its author."""

    type: ClassVar[str] = "message.created"
    topic: ClassVar[str] = "room"
    message: MessageView
    person: PersonView | None
    thread: ThreadView | None = None
    root_author: int | None = None


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


class Typing(Event, frozen=True, kw_only=True):
    """Somebody types."""

    type: ClassVar[str] = "typing"
    topic: ClassVar[str] = "room"
    durable: ClassVar[bool] = False
    user: int
    thread: UUID | None = None
