"""What the HTTP API takes and answers beside the shapes that pages and sockets know too.

Used by api.endpoints. Pure: never touches Django, a database or a socket. Bodies and queries refuse unknown keys.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from accounts.events import PersonView
from chat.shapes import BrowseRoom, MemberView, MessageView, RevisionView, RoomView
from dashboard.parsing import BadLine

Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Cursor = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Limit = Annotated[int, Meta(ge=1, le=100)]
Text = Annotated[str, Meta(max_length=200)]


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A query or a body."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An answer."""


class NoQuery(Asked, frozen=True, kw_only=True):
    """Nothing is asked."""


class Problem(Told, frozen=True, kw_only=True):
    """What every refusal looks like.

    Attributes:
        code: a word for programs.
        message: a sentence for people.
        field: the argument at fault, where that helps.
        retry_after: seconds after which the same request may succeed.
        request_id: to be named to whoever looks after the site; it stands in the log too.
        lines: of a body in lines, those that cannot be taken.
    """

    code: str
    message: str
    request_id: str
    field: str | None = None
    retry_after: float | None = None
    lines: list[BadLine] | None = None


class Health(Told, frozen=True, kw_only=True):
    """The API answers."""

    status: Literal["ok"]


class TokenInfo(Told, frozen=True, kw_only=True):
    """A token without itself; `hint` are its first characters."""

    id: int
    name: str
    hint: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class TokenList(Told, frozen=True, kw_only=True):
    """Tokens that are not revoked, newest first."""

    tokens: list[TokenInfo]


class Me(Told, frozen=True, kw_only=True):
    """Whose token this is, and how far it reaches."""

    person: PersonView
    token: TokenInfo


class PeopleQuery(Asked, frozen=True, kw_only=True):
    """A part of a name, and perhaps a room whose members are meant."""

    q: Text = ""
    room: Id | None = None


class PeopleFound(Told, frozen=True, kw_only=True):
    """People by name, at most 20."""

    people: list[PersonView]


class RoomsQuery(Asked, frozen=True, kw_only=True):
    """Which rooms: those one is in (or not), archived ones, a part of their name; after an id."""

    joined: bool | None = None
    archived: bool = False
    q: Text = ""
    after: Cursor = 0
    limit: Limit = 50


class RoomPage(Told, frozen=True, kw_only=True):
    """Rooms by id; `next` is the cursor of the next page, null at the end."""

    rooms: list[BrowseRoom]
    next: int | None


class RoomInfo(Told, frozen=True, kw_only=True):
    """A room and what you are in it, as of a seq; `role` is empty for somebody outside."""

    as_of_seq: int
    room: RoomView
    role: str
    member_count: int
    last_read_seq: int
    unread: int
    mentions: int
    permissions: list[str]


class NewRoom(Asked, frozen=True, kw_only=True):
    """A public or private room; `slug` empty: made from the name."""

    kind: Literal["public", "private"]
    name: Annotated[str, Meta(min_length=1)]
    slug: str = ""
    purpose: str = ""
    members: list[Id] = []


class DirectRoom(Asked, frozen=True, kw_only=True):
    """The others of a direct or group room."""

    users: list[Id]


class RoomSettings(Asked, frozen=True, kw_only=True):
    """Settings to change; what is absent stays."""

    name: str | UnsetType = UNSET
    purpose: str | UnsetType = UNSET
    slow_mode_seconds: int | UnsetType = UNSET
    read_only: bool | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


class PageQuery(Asked, frozen=True, kw_only=True):
    """A page after an id."""

    after: Cursor = 0
    limit: Limit = 50


class MemberPage(Told, frozen=True, kw_only=True):
    """Members by id; `next` is the cursor of the next page, null at the end."""

    members: list[MemberView]
    next: int | None


class NewMember(Asked, frozen=True, kw_only=True):
    """Whom to add."""

    user: Id


class Role(Asked, frozen=True, kw_only=True):
    """What a member becomes."""

    role: Literal["owner", "moderator", "member", "guest"]


class ReasonQuery(Asked, frozen=True, kw_only=True):
    """Why, for the trail and for whom it concerns."""

    reason: Annotated[str, Meta(max_length=500)] = ""


class SideQuery(Asked, frozen=True, kw_only=True):
    """A page before or after a seq, not both; neither: the newest."""

    before: Cursor | None = None
    after: Cursor | None = None
    limit: Limit = 50


class NewMessage(Asked, frozen=True, kw_only=True):
    """Markdown; `thread` is the root that it answers, `reply_to` what it quotes, `attachments` are ids of uploads."""

    body: Annotated[str, Meta(max_length=8000)]
    thread: UUID | None = None
    reply_to: UUID | None = None
    also_in_room: bool = False
    attachments: list[UUID] = []


class NewBody(Asked, frozen=True, kw_only=True):
    """Another text for a message."""

    body: Annotated[str, Meta(min_length=1, max_length=8000)]


class OneMessage(Told, frozen=True, kw_only=True):
    """A message and its author."""

    message: MessageView
    people: list[PersonView]


class Revisions(Told, frozen=True, kw_only=True):
    """What a message says and said, newest first; empty when it was deleted."""

    revisions: list[RevisionView]


class ThreadPage(Told, frozen=True, kw_only=True):
    """A root and a part of its replies, oldest first."""

    as_of_seq: int
    root: MessageView
    replies: list[MessageView]
    people: list[PersonView]
    has_before: bool
    has_after: bool


class FileName(Asked, frozen=True, kw_only=True):
    """What the file is called."""

    name: Annotated[str, Meta(min_length=1, max_length=255, pattern="^[^\\u0000]*$")]


class SearchQuery(Asked, frozen=True, kw_only=True):
    """Words and filters as on the search page; `more` is what the page before answered."""

    q: Annotated[str, Meta(max_length=300)]
    kind: Literal["messages", "files", "documents"] = "messages"
    order: Literal["newest", "best"] = "newest"
    more: Annotated[str, Meta(max_length=40, pattern="^([0-9]{1,19}-[0-9]{1,19})?$")] = ""


class NewDocument(Asked, frozen=True, kw_only=True):
    """A document; `language` empty: as the name says."""

    name: Annotated[str, Meta(min_length=1)]
    language: str = ""
    text: str = ""


class DocumentSettings(Asked, frozen=True, kw_only=True):
    """What to change of a document; what is absent stays."""

    name: Annotated[str, Meta(min_length=1)] | None = None
    language: str | None = None
    read_only: bool | None = None
    position: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class VersionQuery(Asked, frozen=True, kw_only=True):
    """A version; absent: the newest."""

    version: Cursor | None = None


class NewText(Asked, frozen=True, kw_only=True):
    """All of the text, and the version that it was made from."""

    version: Cursor
    text: str


class UpdatesQuery(Asked, frozen=True, kw_only=True):
    """Updates after a version."""

    after: Cursor = 0
    limit: Annotated[int, Meta(ge=1, le=500)] = 200


class VersionName(Asked, frozen=True, kw_only=True):
    """A name for a version; empty takes it away."""

    name: str


class VersionWanted(Asked, frozen=True, kw_only=True):
    """The version to make again."""

    version: Cursor
