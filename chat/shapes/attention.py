"""The shapes of what people keep at hand, follow and missed. Only the person themselves sees them, but for pins.

Exported by chat.shapes. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from accounts.events import PersonView
from chat.shapes.messages import MessageView, QuoteView
from realtime.protocol import Struct


class ThreadMark(Struct, frozen=True, kw_only=True):
    """A thread that the person follows, or followed once.

    Attributes:
        last_seq: seq in the room of its last reply, deleted or not.
        unread: replies of others after last_read_seq that are not deleted, counted to 100.
    """

    root: UUID
    room: int
    following: bool
    last_read_seq: int
    last_seq: int
    unread: int


class SavedMark(Struct, frozen=True, kw_only=True):
    """A message that the person keeps at hand."""

    message: UUID
    room: int


class AttentionView(Struct, frozen=True, kw_only=True):
    """`GET /api/attention/`: what is saved and followed, newest first (at most 500 each), in the person's rooms.

    `as_of_seq` is of `user:<me>`. A client loads it again after room.added: what it kept there comes back.
    """

    as_of_seq: int
    saved: list[SavedMark]
    threads: list[ThreadMark]


class PinView(Struct, frozen=True, kw_only=True):
    """A message that a room keeps at hand."""

    message: MessageView
    pinned_by: int | None
    pinned_at: datetime


class PinsPage(Struct, frozen=True, kw_only=True):
    """`GET /api/rooms/<id>/pins/`: all pins of a room (at most 100), newest first."""

    as_of_seq: int
    pins: list[PinView]
    people: list[PersonView]


class SavedView(Struct, frozen=True, kw_only=True):
    """A saved message; its room is one of home's."""

    id: int
    message: MessageView
    saved_at: datetime


class SavedPage(Struct, frozen=True, kw_only=True):
    """`GET /api/saved/?before=<id>`: saved messages of rooms that the person is in, newest first, 30 a page."""

    saved: list[SavedView]
    people: list[PersonView]
    has_more: bool


class MentionView(Struct, frozen=True, kw_only=True):
    """A message that addresses the person; `everyone` when only by `@room`. `root` is the thread it was said in."""

    id: int
    message: MessageView
    unread: bool
    everyone: bool
    root: QuoteView | None = None


class MentionsPage(Struct, frozen=True, kw_only=True):
    """`GET /api/mentions/?show=unread|all&before=<id>`: mentions, newest first, 30 a page."""

    mentions: list[MentionView]
    people: list[PersonView]
    has_more: bool


class FollowedThread(Struct, frozen=True, kw_only=True):
    """A followed thread with its root and its last reply."""

    mark: ThreadMark
    root: MessageView
    last: MessageView | None


class ThreadsPage(Struct, frozen=True, kw_only=True):
    """`GET /api/threads/?skip=<count>`: followed threads that have replies, last reply first, 30 a page."""

    threads: list[FollowedThread]
    people: list[PersonView]
    has_more: bool
