"""The shapes of rooms and their people that snapshots (HTTP) and events (WebSocket) share.

Exported by chat.shapes. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime

from accounts.events import MuteView, PersonView, PreferencesView
from chat.shapes.commands import ReminderView
from chat.shapes.drafts import DraftView
from chat.shapes.messages import MessageView, QuoteView
from realtime.protocol import Struct


class RoomView(Struct, frozen=True, kw_only=True):
    """A room as its members see it. kind is public, private, direct or group; `url` is its page.

    `retention_days` says when messages go by themselves; 0: when the site's setting says.

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
    retention_days: int = 0
    archived_at: datetime | None = None


class MemberView(Struct, frozen=True, kw_only=True):
    """A person in a room; role is owner, moderator, member or guest."""

    person: PersonView
    role: str


class RoomSummary(Struct, frozen=True, kw_only=True):
    """A room in the list of one person.

    Attributes:
        head_seq: the topic's head at the snapshot: subscribe with it to resume from here.
        unread: messages in the room (not own, not deleted, not thread-only) after last_read_seq, counted to 100.
        mentions: unread messages that address the person, counted to 100.
        notify: how much the person wants to be told: all, mentions, nothing, or "" for the room's usual.
        quiet_until: the person wants to hear nothing until then.
        people: the others of a direct or group room (at most 8), else empty.
        last_message: author and beginning of the newest message (at most 140 characters).
    """

    room: RoomView
    role: str
    head_seq: int
    last_read_seq: int
    unread: int
    mentions: int
    notify: str = ""
    quiet_until: datetime | None = None
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
    drafts: list[DraftView] = []
    reminders: list[ReminderView] = []
    mutes: list[MuteView] = []


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
