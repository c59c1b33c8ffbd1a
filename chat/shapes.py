"""The shapes of rooms, messages and people that snapshots (HTTP) and events (WebSocket) share.

Made by chat.selectors, sent by chat.events and chat.views; generated into TypeScript.
Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from accounts.events import PersonView, PreferencesView
from realtime.protocol import Struct

Seq = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A place in a topic."""


class RoomView(Struct, frozen=True, kw_only=True):
    """A room as its members see it. kind is public, private, direct or group; `url` is its page.

    In direct and group rooms `name` is empty: the client names them after the other people.
    """

    id: int
    kind: str
    slug: str
    name: str
    purpose: str
    url: str
    slow_mode_seconds: int = 0
    read_only: bool = False
    archived_at: datetime | None = None


class MemberView(Struct, frozen=True, kw_only=True):
    """A person in a room; role is owner, moderator, member or guest."""

    person: PersonView
    role: str


class ReactionView(Struct, frozen=True, kw_only=True):
    """One emoji under a message and the ids of those who chose it, in order of their choice."""

    emoji: str
    users: list[int]


class QuoteView(Struct, frozen=True, kw_only=True):
    """The message a reply answers: its author and the beginning of its text (at most 140 characters)."""

    id: UUID
    seq: int
    author: int | None
    excerpt: str
    deleted: bool = False


class ThreadView(Struct, frozen=True, kw_only=True):
    """What stands under a thread's root: replies that are not deleted, up to three latest people, last time."""

    replies: int
    people: list[int]
    last_at: datetime


class BesideView(Struct, frozen=True, kw_only=True):
    """What the author of a message had open: a topic at a seq, and perhaps a range of it, start and end together.

    Only the app of the topic knows what that is, and whether it was there: for `document:<id>` seq is the version, and
    the range is in UTF-16 units.
    """

    topic: Annotated[str, Meta(pattern="^[a-z]{1,20}:[0-9]{1,18}$")]
    seq: Seq
    start: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    end: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class MessageView(Struct, frozen=True, kw_only=True):
    """A message. A deleted one has empty body and html; `deleted_by` is then author or moderator.

    Attributes:
        seq: its place in the room.
        kind: user, system, assistant or bridge.
        html: safe HTML made by the server from `body` (Markdown).
        mentions: ids of the people addressed.
        thread_root: the root's id when it is a reply in a thread; shown in the room only if `also_in_room`.
        thread: set on a root that has replies.
    """

    id: UUID
    room: int
    seq: int
    author: int | None
    kind: str
    body: str
    html: str
    created_at: datetime
    cid: UUID | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    deleted_by: str | None = None
    reply_to: QuoteView | None = None
    thread_root: UUID | None = None
    also_in_room: bool = False
    thread: ThreadView | None = None
    reactions: list[ReactionView] = []
    mentions: list[int] = []
    beside: BesideView | None = None


class RoomSummary(Struct, frozen=True, kw_only=True):
    """A room in the list of one person.

    Attributes:
        head_seq: the topic's head at the snapshot: subscribe with it to resume from here.
        unread: messages in the room (not own, not deleted, not thread-only) after last_read_seq, counted to 100.
        mentions: unread messages that address the person, counted to 100.
        people: the others of a direct or group room (at most 8), else empty.
        last_message: author and beginning of the newest message (at most 140 characters).
    """

    room: RoomView
    role: str
    head_seq: int
    last_read_seq: int
    unread: int
    mentions: int
    people: list[PersonView] = []
    last_message: QuoteView | None = None
    last_at: datetime | None = None


class PresenceView(Struct, frozen=True, kw_only=True):
    """state is online, idle or offline."""

    user: int
    state: str


class HomeSnapshot(Struct, frozen=True, kw_only=True):
    """`GET /api/home/`: all that the shell needs. `as_of_seq` is of `user:<me>`, read in the same transaction.

    `max_upload_bytes`-like limits join with their features; `can_create_rooms` hides what is not allowed.
    """

    as_of_seq: int
    me: PersonView
    email: str
    preferences: PreferencesView
    site_name: str
    can_create_rooms: bool
    is_staff: bool
    rooms: list[RoomSummary]
    presence: list[PresenceView] = []


class RoomSnapshot(Struct, frozen=True, kw_only=True):
    """`GET /api/rooms/<id>/snapshot/`: a room from `as_of_seq` on; messages oldest first.

    `?around=<message id>` centres the page on a message; then has_after may be true.

    Attributes:
        members: at most 1,000, owners first, then by name; `member_count` is the whole number.
        people: authors in the page who are no members (any more).
        permissions: what the asker may do: post, moderate, manage, invite, join.
    """

    as_of_seq: int
    room: RoomView
    role: str
    last_read_seq: int
    unread: int
    mentions: int
    members: list[MemberView]
    member_count: int
    people: list[PersonView]
    presence: list[PresenceView]
    messages: list[MessageView]
    has_before: bool
    has_after: bool
    permissions: list[str]


class MessagePage(Struct, frozen=True, kw_only=True):
    """`GET /api/rooms/<id>/messages/?before=<seq>|after=<seq>&limit=50`: messages shown in the room, oldest first."""

    as_of_seq: int
    messages: list[MessageView]
    people: list[PersonView]
    has_before: bool
    has_after: bool


class ThreadSnapshot(Struct, frozen=True, kw_only=True):
    """`GET /api/rooms/<id>/threads/<root id>/`: the root and its replies (at most 200 newest), oldest first."""

    as_of_seq: int
    root: MessageView
    replies: list[MessageView]
    people: list[PersonView]
    has_before: bool


class RevisionView(Struct, frozen=True, kw_only=True):
    """`GET /api/messages/<id>/revisions/` answers a list of these, newest first; the first is the present text."""

    body: str
    at: datetime


class BrowseRoom(Struct, frozen=True, kw_only=True):
    """`GET /api/rooms/?q=<text>&archived=0|1` answers a list of these: rooms one may join or is in."""

    room: RoomView
    member_count: int
    joined: bool
    last_at: datetime | None = None


class LinkView(Struct, frozen=True, kw_only=True):
    """`GET /api/rooms/<id>/links/` answers a list of these: live invite links, without their tokens."""

    id: int
    role: str
    created_by: PersonView
    created_at: datetime
    uses: int
    max_uses: int | None = None
    expires_at: datetime | None = None
