"""The shapes of messages that snapshots (HTTP) and events (WebSocket) share.

Exported by chat.shapes. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from accounts.events import PersonView
from chat.shapes.attachments import AttachmentView
from chat.shapes.cards import CardView
from chat.shapes.runs import RunView
from realtime.protocol import Struct

Seq = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A place in a topic."""


class ReactionView(Struct, frozen=True, kw_only=True):
    """One emoji under a message and the ids of those who chose it, in order of their choice."""

    emoji: str
    users: list[int]


class QuoteView(Struct, frozen=True, kw_only=True):
    """The message a reply answers: its author, its kind and the beginning of its text (at most 140 characters)."""

    id: UUID
    seq: int
    author: int | None
    excerpt: str
    deleted: bool = False
    kind: str = "user"


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
        kind: user, system, assistant, bridge, or alert: said by the site, counts like a person's, has no author.
        html: safe HTML made by the server from `body` (Markdown).
        mentions: ids of the people addressed.
        thread_root: the root's id when it is a reply in a thread; shown in the room only if `also_in_room`.
        thread: set on a root that has replies.
        run: set on an answer of the assistant; while it streams, `body` is the text so far.
        card: an alert, a chart or attachments: shown in place of `html`, which says the same in words.
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
    attachments: list[AttachmentView] = []
    pinned: bool = False
    run: RunView | None = None
    card: CardView | None = None


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
