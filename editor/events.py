"""Every command and event of a document.

Declared once here; `manage.py export_protocol` writes them to TypeScript and to the documentation. Edits have their own
log: the seq of `document:<id>` is the document's version. What concerns a room's list of documents and its discussions
is told on `room:<id>`. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta, Raw

from chat.shapes import MessageView
from editor.shapes import Caret, DocumentView, EditView, NamedVersion, Range, SuggestionView
from realtime.protocol import Command, Event, Result, Struct

Version = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Digest = Annotated[int, Meta(ge=0, le=2**32 - 1)]
"""CRC-32 of a text in UTF-8."""
ClientId = Annotated[str, Meta(min_length=3, max_length=64, pattern=r"^[0-9]{1,18}-[A-Za-z0-9_-]{1,40}$")]
"""`<user id>-<random>`: kept for the life of the editor's state, over reconnects; the server checks the person."""

Decision = Annotated[str, Meta(pattern=r"^(accept|reject|undo)$")]

# Commands. Each names the topic `document:<id>` of the socket's own document.


class Joined(Struct, frozen=True, kw_only=True):
    """Where the document stands; with mode snapshot a `document.snapshot` came before this answer."""

    mode: str
    version: int
    document: DocumentView
    can_edit: bool
    people: list[Caret]


class JoinDocument(Command, frozen=True, kw_only=True):
    """Open the document, from the version that the editor holds or, with null, from a snapshot.

    `digest` is that of the stored text which the editor holds at that version. Where the document had another text then
    (a backup was put back, and others wrote on), the answer is a snapshot.
    """

    type: ClassVar[str] = "document.join"
    topic: ClassVar[str] = "document"
    result: ClassVar[Result] = Joined
    client_id: ClientId
    version: Version | None = None
    digest: Digest | None = None


class Pushed(Struct, frozen=True, kw_only=True):
    """All of the push is stored, and the document's version after it."""

    version: int


class PushUpdates(Command, frozen=True, kw_only=True):
    """Store all unconfirmed edits, made against `version`; one push in flight. What was stored before is dropped.

    `conflict` means too far behind: pull, rebase, push again. `bad_change` and `unknown_version` are final.
    """

    type: ClassVar[str] = "document.push"
    topic: ClassVar[str] = "document"
    result: ClassVar[Result] = Pushed
    version: Version
    updates: list[Raw]
    selection: list[Range] | None = None


class PullUpdates(Command, frozen=True, kw_only=True):
    """Send everything after `version` again: after a gap, and every 15 s to be sure."""

    type: ClassVar[str] = "document.pull"
    topic: ClassVar[str] = "document"
    result: ClassVar[Result] = Pushed
    version: Version


class MoveCursor(Command, frozen=True, kw_only=True):
    """Where one's carets and selections are, at `version`; sent only while nothing is unconfirmed."""

    type: ClassVar[str] = "cursor.move"
    topic: ClassVar[str] = "document"
    version: Version
    ranges: list[Range]


class SetLanguage(Command, frozen=True, kw_only=True):
    """Choose how the text is highlighted, for everybody."""

    type: ClassVar[str] = "document.set_language"
    topic: ClassVar[str] = "document"
    language: str


class Reverted(Struct, frozen=True, kw_only=True):
    """How many updates were taken back, by edits the last of which made `version`.

    `skipped` were wanted, but had been taken back before, or are too long ago.
    """

    version: int
    updates: int
    skipped: int


class RevertUpdates(Command, frozen=True, kw_only=True):
    """Take back what a run of the assistant wrote, or what a person wrote since a moment; what others wrote stays.

    Attributes:
        cid: the client's lasting id of the wish; the same again changes nothing.
        run, author: one of the two. A run may be taken back by whoever may edit, other people's edits by moderators.
        since: null: all that the log still holds.
        reason: of a moderator; goes into the trail.
    """

    type: ClassVar[str] = "document.revert"
    topic: ClassVar[str] = "document"
    result: ClassVar[Result] = Reverted
    cid: UUID
    run: str | None = None
    author: int | None = None
    since: datetime | None = None
    reason: str = ""


class DecideSuggestion(Command, frozen=True, kw_only=True):
    """Accept or reject one change of a suggestion, or with hunk null all that are open, or undo an accepted one.

    `conflict` for a change that somebody decided before, or whose lines somebody changed since.

    Attributes:
        cid: the client's lasting id of the wish; the same again changes nothing.
        decision: accept, reject or undo.
    """

    type: ClassVar[str] = "suggestion.decide"
    topic: ClassVar[str] = "document"
    result: ClassVar[Result] = SuggestionView
    cid: UUID
    suggestion: int
    hunk: int | None
    decision: Decision


# On `document:<id>`.


class DocumentUpdates(Event, frozen=True, kw_only=True):
    """Accepted edits, strictly one after the other; seq is the version after the last of them."""

    type: ClassVar[str] = "document.updates"
    topic: ClassVar[str] = "document"
    updates: list[EditView]


class DocumentSnapshot(Event, frozen=True, kw_only=True):
    """The text to start from; `document.updates` after `version` follow."""

    type: ClassVar[str] = "document.snapshot"
    topic: ClassVar[str] = "document"
    durable: ClassVar[bool] = False
    version: int
    text: str
    name: str
    language: str
    read_only: bool
    people: list[Caret]


class CursorMoved(Event, frozen=True, kw_only=True):
    """Somebody's carets and selections at `version`; null: they left."""

    type: ClassVar[str] = "cursor.moved"
    topic: ClassVar[str] = "document"
    durable: ClassVar[bool] = False
    client_id: str
    user: int
    version: int
    ranges: list[Range] | None


class DocumentChanged(Event, frozen=True, kw_only=True):
    """Name, language, rights or existence changed; the room's own event says it durably."""

    type: ClassVar[str] = "document.changed"
    topic: ClassVar[str] = "document"
    durable: ClassVar[bool] = False
    document: DocumentView


# On `room:<id>`.


class DocumentCreated(Event, frozen=True, kw_only=True):
    """The room has one more document."""

    type: ClassVar[str] = "document.created"
    topic: ClassVar[str] = "room"
    document: DocumentView


class DocumentListed(Event, frozen=True, kw_only=True):
    """A document was renamed, moved, closed for writing, deleted or brought back: this is how it is now."""

    type: ClassVar[str] = "document.listed"
    topic: ClassVar[str] = "room"
    document: DocumentView


class VersionNamed(Event, frozen=True, kw_only=True):
    """Somebody gave a version a name, changed it, or took it away (name "")."""

    type: ClassVar[str] = "document.version_named"
    topic: ClassVar[str] = "room"
    document: int
    named: NamedVersion


class DiscussionChanged(Event, frozen=True, kw_only=True):
    """A discussion bound to code was resolved or opened again, with the system line that says so.

    Attributes:
        discussion: id of the message that it began with.
    """

    type: ClassVar[str] = "discussion.changed"
    topic: ClassVar[str] = "room"
    document: int
    discussion: UUID
    resolved: bool
    by: int
    message: MessageView


class SuggestionCreated(Event, frozen=True, kw_only=True):
    """Somebody proposes changes of a document."""

    type: ClassVar[str] = "suggestion.created"
    topic: ClassVar[str] = "room"
    suggestion: SuggestionView


class SuggestionChanged(Event, frozen=True, kw_only=True):
    """Changes were accepted, rejected or opened again; this is the whole suggestion as it is now."""

    type: ClassVar[str] = "suggestion.changed"
    topic: ClassVar[str] = "room"
    suggestion: SuggestionView
    by: int
