"""Values of the editor on the wire: inside events and inside HTTP answers.

Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Raw

from accounts.events import PersonView
from realtime.protocol import Struct

Position = Annotated[int, Meta(ge=0, le=2**31 - 1)]
"""UTF-16 code units from the beginning."""
Range = Annotated[list[Position], Meta(min_length=2, max_length=2)]
"""[anchor, head]; equal for a caret."""


class DocumentView(Struct, frozen=True, kw_only=True):
    """A document without its text.

    Attributes:
        version: count of accepted updates when this was said.
        length: UTF-16 code units.
        position: order of the tabs; new ones are 65,536 behind the last, so that a tab is moved by taking a number
            between those of its new neighbours.
        deleted_at, deleted_by: set while it can still be brought back.
    """

    id: int
    room: int
    name: str
    language: str
    version: int
    length: int
    read_only: bool
    position: int
    created_by: int | None
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None = None
    deleted_by: int | None = None


class EditView(Struct, frozen=True, kw_only=True):
    """One accepted update: `changes` is CodeMirror's ChangeSet JSON; `run` names the assistant's run that wrote it."""

    version: int
    client_id: str
    author: int | None
    changes: Raw
    run: str | None = None


class Caret(Struct, frozen=True, kw_only=True):
    """Somebody who has the document open, and where they are."""

    client_id: str
    person: PersonView
    version: int
    ranges: list[Range]


class NamedVersion(Struct, frozen=True, kw_only=True):
    """A version that somebody gave a name."""

    version: int
    name: str
    author: int | None
    at: datetime


class DocumentList(Struct, frozen=True, kw_only=True):
    """The documents of a room, read in one transaction with the seq of the room."""

    as_of_seq: int
    can_edit: bool
    can_moderate: bool
    documents: list[DocumentView]
    deleted: list[DocumentView]


class TextView(Struct, frozen=True, kw_only=True):
    """The text of a document at a version."""

    version: int
    text: str
    author: int | None = None
    at: datetime | None = None


class Stretch(Struct, frozen=True, kw_only=True):
    """Edits of one author that follow each other without a pause of 5 minutes: versions first..last."""

    first: int
    last: int
    author: int | None
    started_at: datetime
    ended_at: datetime
    run: str | None = None


class History(Struct, frozen=True, kw_only=True):
    """Who wrote when: the ticks of the slider.

    Attributes:
        version: the newest.
        oldest: the oldest version that can still be shown.
        people: everybody named, by id.
    """

    version: int
    oldest: int
    stretches: list[Stretch]
    named: list[NamedVersion]
    people: list[PersonView]


class EditAt(Struct, frozen=True, kw_only=True):
    """One update with its time, for the slider."""

    version: int
    author: int | None
    at: datetime
    changes: Raw


class EditPage(Struct, frozen=True, kw_only=True):
    """Updates after a version, in order; `more` when there are others behind."""

    updates: list[EditAt]
    more: bool


class BlameLines(Struct, frozen=True, kw_only=True):
    """Consecutive lines (1-based, `count` of them) last touched by one update.

    Attributes:
        run: the assistant's run that wrote it.
        suggested_by: whose suggestion it was that the author accepted.
    """

    line: int
    count: int
    version: int
    author: int | None
    at: datetime | None
    run: str | None = None
    suggested_by: int | None = None


class Blame(Struct, frozen=True, kw_only=True):
    """Who last touched each line, at a version."""

    version: int
    blocks: list[BlameLines]
    people: list[PersonView]


class SaidView(Struct, frozen=True, kw_only=True):
    """A message of the room, by the beginning of its text."""

    message: UUID
    author: int
    excerpt: str
    created_at: datetime


class SaidThen(Struct, frozen=True, kw_only=True):
    """What was said in the room when a version was made.

    Attributes:
        said: what the version's author wrote nearest to it, at most 15 minutes away.
        newest: the message that stood last in the room's log then; null before the first, and when nobody knows when
            the version was made.
    """

    version: int
    said: SaidView | None
    newest: UUID | None


class Discussion(Struct, frozen=True, kw_only=True):
    """A message bound to lines of a document.

    Attributes:
        message: id of the message that it began with; its thread is the discussion.
        start, end: where the lines are at `version`, in UTF-16 units; equal when they are gone.
        line, last_line: the same, counted from 1.
        said_version, said_start, said_end, said_line: where they were when it was written.
        quote: the text that these lines had then, whole lines, at most 8,000 units; `html`: the same, highlighted
            and without the indent of all.
        changed: first and last of the lines that are others now; null when all are as they were, or gone.
        replies: answers in its thread.
    """

    message: UUID
    message_seq: int
    document: int
    author: int | None
    excerpt: str
    created_at: datetime
    version: int
    start: int
    end: int
    line: int
    last_line: int
    said_version: int
    said_start: int
    said_end: int
    said_line: int
    quote: str
    html: str
    changed: list[int] | None
    replies: int
    resolved_at: datetime | None = None
    resolved_by: int | None = None


class Discussions(Struct, frozen=True, kw_only=True):
    """The discussions of a document, mapped to its version, the oldest first; `can_write`: discuss and resolve."""

    document: DocumentView
    can_write: bool
    as_of_seq: int
    discussions: list[Discussion]
    people: list[PersonView]


class DifferenceLine(Struct, frozen=True, kw_only=True):
    """A line that goes (-), comes (+) or stays ( ), with its number before and after, counted from 1."""

    sign: str
    old: int | None
    new: int | None
    text: str


class DifferencePart(Struct, frozen=True, kw_only=True):
    """Lines that follow each other."""

    lines: list[DifferenceLine]


class Difference(Struct, frozen=True, kw_only=True):
    """What two texts differ in; `whole` is false where it is too long to be shown to its end."""

    added: int
    removed: int
    parts: list[DifferencePart]
    whole: bool


class RevertPreview(Struct, frozen=True, kw_only=True):
    """What taking updates back would change, at a version, without doing it.

    Attributes:
        updates: how many would be taken back.
        skipped: wanted, but taken back before, or too long ago.
        first, last: the oldest and the newest of them; null for none.
        others: who else wrote since the first, and stays.
    """

    document: int
    version: int
    updates: int
    skipped: int
    first: int | None
    last: int | None
    difference: Difference
    others: list[int]
    people: list[PersonView]


class EditedDocument(Struct, frozen=True, kw_only=True):
    """A document in which somebody wrote, and how many updates of theirs could be taken back."""

    document: int
    name: str
    updates: int
    edited_at: datetime


class EditedDocuments(Struct, frozen=True, kw_only=True):
    """The documents of a room in which somebody wrote since a moment, those edited last first."""

    documents: list[EditedDocument]


class HunkView(Struct, frozen=True, kw_only=True):
    """One change of a suggestion: whole lines.

    Attributes:
        position: from 1.
        start, end: where it is at the suggestion's `version`, in UTF-16 units; of an accepted one, what it wrote.
        line, last_line: the same, counted from 1.
        quote: the lines that it replaces, with their line ends; empty where lines are only added.
        text: the lines that it puts there.
        note: why, perhaps empty.
        state: open, stale (open, but somebody changed its lines since), accepted or rejected.
        changed_by: who wrote in the lines of a stale one.
        accepted_version: of the document after it was accepted.
    """

    id: int
    position: int
    start: int
    end: int
    line: int
    last_line: int
    quote: str
    text: str
    note: str
    state: str
    changed_by: int | None = None
    decided_by: int | None = None
    decided_at: datetime | None = None
    accepted_version: int | None = None


class SuggestionView(Struct, frozen=True, kw_only=True):
    """Changes of a document that somebody proposes.

    Attributes:
        message: the chat message that carries the card.
        run: the assistant's run that made it.
        asked_by: for whom it was made; null when that account is gone.
        base_version: the version that it was written for.
        version: of the document, for which the places are told.
        added, removed: lines in all.
    """

    id: int
    document: int
    message: UUID | None
    run: str | None
    author: int | None
    asked_by: int | None
    title: str
    base_version: int
    version: int
    created_at: datetime
    added: int
    removed: int
    hunks: list[HunkView]


class Suggestions(Struct, frozen=True, kw_only=True):
    """The suggestions of a document that are shown, the oldest first; `can_edit`: accept and reject."""

    document: int
    room: int
    can_edit: bool
    as_of_seq: int
    suggestions: list[SuggestionView]
    people: list[PersonView]
