"""The shapes of what a search finds.

Exported by chat.shapes. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from accounts.events import PersonView
from chat.shapes.attachments import AttachmentView
from chat.shapes.messages import BesideView, QuoteView
from chat.shapes.rooms import RoomView
from realtime.protocol import Struct


class SearchPiece(Struct, frozen=True, kw_only=True):
    """A stretch of plain text: `mark` was asked for, `code` stands in code."""

    text: str
    mark: bool = False
    code: bool = False


class MessageFound(Struct, frozen=True, kw_only=True):
    """A message with its words marked.

    Attributes:
        kind: as of a message.
        thread_author: who began the thread that it is a reply in.
        context: the neighbour that helps to understand it; `context_first` says on which side.
        files: how many hang on it.
    """

    id: UUID
    room: int
    seq: int
    author: int | None
    created_at: datetime
    url: str
    pieces: list[SearchPiece]
    thread_root: UUID | None = None
    thread_author: int | None = None
    context: QuoteView | None = None
    context_first: bool = False
    beside: BesideView | None = None
    files: int = 0
    kind: str = "user"


class FileFound(Struct, frozen=True, kw_only=True):
    """A file of a message, found by its name."""

    file: AttachmentView
    name: list[SearchPiece]
    room: int
    author: int | None
    created_at: datetime
    url: str


class DocumentFound(Struct, frozen=True, kw_only=True):
    """A document, found by its name or its text: `pieces` is then `line`, the first that fits."""

    id: int
    room: int
    name: list[SearchPiece]
    edited_at: datetime
    url: str
    line: int | None = None
    pieces: list[SearchPiece] = []


class SearchFacet(Struct, frozen=True, kw_only=True):
    """A person (`from`) or a room (`in`) that messages could be narrowed to.

    Attributes:
        key: from or in.
        value: what one types behind it.
        id: of the person or the room.
        count: how many messages would be left.
    """

    key: str
    value: str
    id: int
    count: int
    chosen: bool = False


class SearchProblem(Struct, frozen=True, kw_only=True):
    """A part of the query that means nothing, and why."""

    text: str
    message: str


class SearchCounts(Struct, frozen=True, kw_only=True):
    """How many there are of each kind; from `most` on there may be more."""

    messages: int = 0
    files: int = 0
    documents: int = 0
    most: int = 1000


class SearchAnswer(Struct, frozen=True, kw_only=True):
    """`GET /api/search/?q=&kind=messages|files|documents&order=newest|best&tz=&more=`: a page of what was found.

    Attributes:
        more: hand it back for the next page; null at the end.
        problems: filters that mean nothing; nothing is then looked for.
    """

    counts: SearchCounts = SearchCounts()
    messages: list[MessageFound] = []
    files: list[FileFound] = []
    documents: list[DocumentFound] = []
    rooms: list[RoomView] = []
    people: list[PersonView] = []
    facets: list[SearchFacet] = []
    problems: list[SearchProblem] = []
    more: str | None = None
