"""What a person wants to hear of, follows, keeps and marks: commands, and the events that tell the other tabs.

Exported by chat.events. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from msgspec import UNSET, UnsetType

from chat.events.messages import SeqResult
from chat.shapes import Seq
from realtime.protocol import Command, Event, Result


class SetNotify(Command, frozen=True, kw_only=True):
    """How much of the room one is told of: all, mentions, nothing, or "" for the room's usual. Absent keys stay.

    Attributes:
        quiet_until: nothing until then; null ends the quiet, the year 9999 is for good.
    """

    type: ClassVar[str] = "room.set_notify"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    level: str | UnsetType = UNSET
    quiet_until: datetime | UnsetType | None = UNSET


class MarkUnread(Command, frozen=True, kw_only=True):
    """Take the read mark back to before a message; of a reply in a thread that of the thread."""

    type: ClassVar[str] = "read.mark_unread"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    message: UUID


class PinMessage(Command, frozen=True, kw_only=True):
    """Keep a message at hand for the whole room."""

    type: ClassVar[str] = "message.pin"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    id: UUID


class UnpinMessage(Command, frozen=True, kw_only=True):
    """Let go of a pinned message."""

    type: ClassVar[str] = "message.unpin"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    id: UUID


class AddBookmark(Command, frozen=True, kw_only=True):
    """Save a message for oneself."""

    type: ClassVar[str] = "bookmark.add"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    message: UUID


class RemoveBookmark(Command, frozen=True, kw_only=True):
    """Let go of a saved message; also of one in a room that was left."""

    type: ClassVar[str] = "bookmark.remove"
    result: ClassVar[Result] = SeqResult
    message: UUID


class FollowThread(Command, frozen=True, kw_only=True):
    """Follow a thread, or stop."""

    type: ClassVar[str] = "thread.follow"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    root: UUID
    following: bool


class SetThreadRead(Command, frozen=True, kw_only=True):
    """A followed thread is read up to `seq`; never moves back."""

    type: ClassVar[str] = "thread.set_read"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    root: UUID
    seq: Seq


class NotifyChanged(Event, frozen=True, kw_only=True):
    """The person wants to hear more or less of a room."""

    type: ClassVar[str] = "room.notify_changed"
    topic: ClassVar[str] = "user"
    room: int
    notify: str
    quiet_until: datetime | None


class MessagePinned(Event, frozen=True, kw_only=True):
    """A message is pinned; `by` is null for what came pinned from elsewhere."""

    type: ClassVar[str] = "message.pinned"
    topic: ClassVar[str] = "room"
    id: UUID
    by: int | None


class MessageUnpinned(Event, frozen=True, kw_only=True):
    """A message is pinned no more. One that is deleted is unpinned without this event."""

    type: ClassVar[str] = "message.unpinned"
    topic: ClassVar[str] = "room"
    id: UUID


class BookmarkChanged(Event, frozen=True, kw_only=True):
    """The person saved a message, or let go of it."""

    type: ClassVar[str] = "bookmark.changed"
    topic: ClassVar[str] = "user"
    message: UUID
    room: int
    saved: bool


class ThreadChanged(Event, frozen=True, kw_only=True):
    """The person reads or follows a thread. Figures are those of shapes.ThreadMark.

    New replies are told by message.created alone: who wrote one, is addressed by it or started the thread follows it
    from then on, unless they stopped; only writing again takes that back.
    """

    type: ClassVar[str] = "thread.changed"
    topic: ClassVar[str] = "user"
    root: UUID
    room: int
    following: bool
    last_read_seq: int
    last_seq: int
    unread: int
