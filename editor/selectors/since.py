"""Which documents of a room were edited after a moment: by whom, and how much. Called by the app of the assistant.

Never writes; unknown and forbidden are both `not_found`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db.models import F, Max, Q

from chat import selectors as chat
from chat.selectors import one_moment
from editor.difference import line_blocks, lines_with_ends
from editor.models import Document, Update
from editor.selectors.texts import text_at

if TYPE_CHECKING:
    from accounts.models import User

DOCUMENTS_MOST: Final = 10
LENGTH_MOST: Final = 200_000
"""Code units; of longer documents the lines are not compared."""


@dataclass(frozen=True, slots=True)
class ChangedDocument:
    """A document that was edited since.

    Attributes:
        people: ids of those who wrote, the last first; without those who have no account any more.
        added, removed: lines; 0 and 0 where they could not be compared.
        from_version: the last one before; 0 for a document that was made since.
    """

    id: int
    name: str
    people: list[int]
    added: int
    removed: int
    from_version: int
    version: int


def changed_since(*, actor: User, room_id: int, at: datetime, but_by: int | None = None) -> list[ChangedDocument]:
    """The documents of a room that were edited after a moment, those edited last first, at most ten.

    Args:
        actor: who asks.
        room_id: which room.
        at: the moment.
        but_by: documents that only this person edited are left out.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        chat.rights_in(actor=actor, room_id=room_id)
        late = Q(edited_at__gt=at) | Q(created_at__gt=at)
        rows = Document.objects.filter(late, room_id=room_id, deleted_at=None)
        rows = rows.order_by(F("edited_at").desc(nulls_last=True), "-pk")
        found = []
        for document in rows[: 2 * DOCUMENTS_MOST]:
            changed = _changed(document, at)
            if changed is not None and (but_by is None or changed.people != [but_by]):
                found.append(changed)
        return found[:DOCUMENTS_MOST]


def _changed(document: Document, at: datetime) -> ChangedDocument | None:
    before = version_at(document, at)
    updates = Update.objects.filter(document_id=document.pk, version__gt=before)
    authors = updates.exclude(author=None).order_by().values("author").annotate(last=Max("version")).order_by("-last")
    people = [row["author"] for row in authors]
    made = document.created_at > at
    if made and not people and document.created_by_id is not None:
        people = [document.created_by_id]
    if before == document.version and not made:
        return None
    added, removed = _lines(document, None if made else before)
    return ChangedDocument(document.pk, document.name, people, added, removed, before, document.version)


def version_at(document: Document, at: datetime) -> int:
    """The version of a moment. Times have no index, but they grow with the version, which has one."""
    low, high = document.log_start, document.version
    while low < high:
        middle = (low + high + 1) // 2
        made_at = document.updates.filter(version=middle).values_list("at", flat=True).first()
        if made_at is None or made_at <= at:
            low = middle
        else:
            high = middle - 1
    return low


def _lines(document: Document, before: int | None) -> tuple[int, int]:
    """Lines that came and went since a version; None: since there was nothing."""
    if document.length > LENGTH_MOST:
        return 0, 0
    old = lines_with_ends(text_at(document, before)) if before is not None else []
    new = [line for line in lines_with_ends(text_at(document, document.version)) if line]
    blocks = line_blocks([line for line in old if line], new)
    return sum(end - begin for _, _, begin, end in blocks), sum(last - first for first, last, _, _ in blocks)
