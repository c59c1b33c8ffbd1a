"""Searches documents by name and text, for chat's search page.

Named in settings.SEARCH_DOCUMENTS and called by chat.selectors.search with the rooms that the person is in. Never
writes.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F, Q, QuerySet

from chat.search import marks
from chat.search.asking import Term
from chat.selectors.search import Quest
from chat.shapes import DocumentFound
from editor.models import Document
from editor.selectors import texts
from editor.units import from_units


def find_documents(*, quest: Quest, start: int, limit: int, most: int) -> tuple[int, list[DocumentFound]]:
    """(how many there are, at most `most`; those of a page), what was edited last first."""
    rows = _matching(quest)
    total = rows[:most].count()
    page = rows.order_by(F("edited_at").desc(nulls_last=True), "-pk")[start : start + limit] if total > start else []
    return total, [_found(document, quest) for document in page]


def _matching(quest: Quest) -> QuerySet[Document]:
    rows = Document.objects.filter(room__in=list(quest.rooms), deleted_at=None, search_text__isnull=False)
    for term in quest.terms:
        # Words hold no sign that means something to LIKE.
        row = f" {' '.join(term.tokens)}" + ("" if term.prefix else " ")
        holds = Q(search_text__words__contains=row)
        rows = rows.filter(~holds if term.exclude else holds)
    if quest.authors is not None:
        rows = rows.filter(created_by__in=quest.authors)
    if quest.since is not None:
        rows = rows.filter(edited_at__gte=quest.since)
    if quest.until is not None:
        rows = rows.filter(edited_at__lt=quest.until)
    return rows


def _found(document: Document, quest: Quest) -> DocumentFound:
    terms = [term for term in quest.terms if not term.exclude]
    line, text = _line(from_units(texts.sheet_of(document).units), terms)
    return DocumentFound(
        id=document.pk,
        room=document.room_id,
        name=marks.plain(document.name, terms),
        edited_at=document.edited_at or document.created_at,
        url=f"{quest.rooms[document.room_id]}?doc={document.pk}",
        line=line,
        pieces=marks.plain(text, terms) if line is not None else [],
    )


def _line(text: str, terms: Sequence[Term]) -> tuple[int | None, str]:
    """The first of the lines that hold most of the terms; None when only the name does."""
    best: tuple[int, int, str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        held = sum(bool(marks.spans(line, [term])) for term in terms)
        if held and (best is None or held > best[0]):
            best = (held, number, line)
            if held == len(terms):
                break
    return (None, "") if best is None else (best[1], best[2])
