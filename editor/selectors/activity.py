"""What was edited lately, by whom and where, and what is discussed: for boards. Called by the app of the dashboard.

Never writes. Whoever shows it has asked who may see the room.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, F, Q

from chat import selectors as chat
from chat.selectors import Said
from editor.models import Anchor, Document, Hunk, Update
from editor.selectors.documents import document_topic
from editor.selectors.since import version_at

DOCUMENTS_MOST: Final = 50
"""Of one room that are looked through: those edited last."""
DISCUSSIONS_MOST: Final = 20
VERSIONS_KEPT: Final = 5_000

_versions: Final[dict[tuple[int, datetime, datetime], int]] = {}
"""(document, when it was made, a moment) -> its version then."""


@dataclass(frozen=True, slots=True)
class EditedDocument:
    """A document with its edits since a moment. people: id of the author (None: a former member) -> edits."""

    id: int
    name: str
    version: int
    edits: int
    people: Counter[int | None]
    discussions: int = 0


@dataclass(frozen=True, slots=True)
class LastEdit:
    """The newest edit of a document."""

    document: int
    name: str
    room: int
    at: datetime
    author: int | None


@dataclass(frozen=True, slots=True)
class OpenDiscussion:
    """A discussion of lines that nobody resolved. lines: as they were when it began."""

    message: UUID
    document: int
    name: str
    author: int | None
    excerpt: str
    at: datetime
    replies: int
    line: int
    lines: int


def edits_since(*, room_id: int, at: datetime) -> list[EditedDocument]:
    """The documents of a room that were edited after a moment, those with most edits first.

    Cheap to ask again and again for one moment: which version a document had then does not change any more.
    """
    rows = Document.objects.filter(room_id=room_id, deleted_at=None, edited_at__gt=at).order_by("-edited_at")
    documents = list(rows[:DOCUMENTS_MOST])
    if not documents:
        return []
    talked = Anchor.objects.filter(document__in=documents, resolved_at=None).exclude(quote="").order_by()
    discussions = dict(talked.values_list("document").annotate(Count("pk")))
    people: dict[int, Counter[int | None]] = {document.pk: Counter() for document in documents}
    for document, author, count in _edits_of(documents, at):
        people[document][author] = count
    found = [
        EditedDocument(
            one.pk, one.name, one.version, people[one.pk].total(), people[one.pk], discussions.get(one.pk, 0)
        )
        for one in documents
    ]
    return sorted((one for one in found if one.edits), key=lambda one: (-one.edits, one.name))


def _edits_of(documents: Sequence[Document], at: datetime) -> list[tuple[int, int | None, int]]:
    """(document, author, edits) after a moment, in one question."""
    later = Q()
    for document in documents:
        key = (document.pk, document.created_at, at)
        version = _versions.get(key)
        if version is None:
            if len(_versions) >= VERSIONS_KEPT:
                _versions.clear()
            version = _versions[key] = version_at(document, at)
        later |= Q(document_id=document.pk, version__gt=version)
    rows = Update.objects.filter(later).order_by().values_list("document", "author")
    return list(rows.annotate(Count("pk")))


def edited_lately(*, limit: int, room_id: int | None = None) -> list[LastEdit]:
    """The newest edit of each document, of a room or of all rooms, newest first."""
    where = Q(deleted_at=None, edited_at__isnull=False)
    if room_id is not None:
        where &= Q(room_id=room_id)
    documents = {row.pk: row for row in Document.objects.filter(where).order_by("-edited_at")[:limit]}
    last = Update.objects.filter(document__in=documents, version=F("document__version"))
    return [
        LastEdit(pk, documents[pk].name, documents[pk].room_id, at, author)
        for pk, at, author in last.order_by("-at").values_list("document_id", "at", "author_id")
    ]


def open_discussions(*, room_id: int) -> list[OpenDiscussion]:
    """The discussions of a room's documents that are open, the newest first."""
    anchors = (
        Anchor.objects.filter(document__room_id=room_id, document__deleted_at=None, resolved_at=None)
        .exclude(quote="")
        .select_related("document")
        .order_by("-pk")[:DISCUSSIONS_MOST]
    )
    found = []
    by_document: dict[int, dict[UUID, Anchor]] = {}
    for anchor in anchors:
        by_document.setdefault(anchor.document_id, {})[anchor.message_id] = anchor
    for document, bound in by_document.items():
        about = chat.messages_about(room_id=room_id, topic=document_topic(document))
        found += [_open_discussion(bound[said.id], said) for said in about if said.id in bound]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _open_discussion(anchor: Anchor, said: Said) -> OpenDiscussion:
    return OpenDiscussion(
        message=said.id,
        document=anchor.document_id,
        name=anchor.document.name,
        author=said.author,
        excerpt=said.excerpt,
        at=said.created_at,
        replies=said.replies,
        line=anchor.said_line,
        lines=max(1, anchor.quote.rstrip("\n").count("\n") + 1),
    )


def suggestions_taken(*, room_id: int, at: datetime) -> tuple[int, int]:
    """Of the changes that were suggested in a room and decided after a moment: those accepted, and all."""
    decided = Hunk.objects.filter(suggestion__document__room_id=room_id, decided_at__gt=at)
    return decided.filter(state=Hunk.State.ACCEPTED).count(), decided.count()


def moments_of_edits(*, since: datetime) -> list[tuple[int, datetime]]:
    """(room, when) of every edit after a moment, oldest first."""
    rows = Update.objects.filter(at__gte=since).order_by("at")
    return list(rows.values_list("document__room_id", "at"))
