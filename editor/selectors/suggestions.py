"""Suggestions: where their changes are now, and whether what they replace is still there.

Called by the JSON API and the services of suggestions. Never writes; unknown and forbidden are both `not_found`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from accounts import selectors as accounts
from chat.selectors import one_moment
from editor.authority import Accepted
from editor.models import Document, Hunk, Suggestion
from editor.selectors.documents import find_document, refusal_to_edit, room_topic
from editor.selectors.texts import sheet_of
from editor.selectors.updates import accepted_between
from editor.shapes import HunkView, Suggestions, SuggestionView
from editor.spans import lines_of, move_watched
from editor.units import Units, to_units
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

SHOWN_MOST: Final = 50
"""Suggestions of a document that are told, the newest."""
STALE: Final = "stale"


def suggestions(*, actor: User, document_id: int) -> Suggestions:
    """The suggestions of a document, at its version of now; of a deleted one, for members only.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        document, rights = find_document(actor=actor, document_id=document_id)
        if document.deleted_at is not None and not rights.is_member:
            raise Refused("not_found")
        newest = list(Suggestion.objects.filter(document=document).order_by("-pk")[:SHOWN_MOST])
        found = suggestion_views(document, newest[::-1])
        people = {
            person
            for view in found
            for person in (
                view.author,
                view.asked_by,
                *(who for one in view.hunks for who in (one.decided_by, one.changed_by)),
            )
            if person is not None
        }
        topic = room_topic(document.room_id)
        return Suggestions(
            document=document.pk,
            room=document.room_id,
            can_edit=not refusal_to_edit(document, rights),
            as_of_seq=log.heads([topic])[topic][0],
            suggestions=found,
            people=list(accounts.people_views(people).values()),
        )


def suggestion_views(document: Document, rows: Sequence[Suggestion]) -> list[SuggestionView]:
    """Suggestions of a document as they are at the version of this row, in their order."""
    hunks: dict[int, list[Hunk]] = {row.pk: [] for row in rows}
    for hunk in Hunk.objects.filter(suggestion__in=list(hunks)).order_by("position"):
        hunks[hunk.suggestion_id].append(hunk)
    first = min((hunk.version for found in hunks.values() for hunk in found), default=document.version)
    log_since = accepted_between(document_id=document.pk, after=first, upto=document.version)
    text = sheet_of(document).units
    return [_view(document, row, [_hunk(document, hunk, text, log_since) for hunk in hunks[row.pk]]) for row in rows]


def _hunk(document: Document, hunk: Hunk, text: Units, log_since: Sequence[Accepted]) -> HunkView:
    place_in(document, hunk, log_since)
    now = lines_of(text, hunk.start, hunk.end)
    open_and_changed = hunk.state == Hunk.State.OPEN and text[hunk.start : hunk.end] != to_units(hunk.quote)
    return HunkView(
        id=hunk.pk,
        position=hunk.position,
        start=hunk.start,
        end=hunk.end,
        line=now.first,
        last_line=now.last,
        quote=hunk.quote,
        text=hunk.text,
        note=hunk.note,
        state=STALE if open_and_changed else hunk.state,
        changed_by=hunk.changed_by_id if open_and_changed else None,
        decided_by=hunk.decided_by_id,
        decided_at=hunk.decided_at,
        accepted_version=hunk.accepted_version,
    )


def place_in(document: Document, hunk: Hunk, log_since: Sequence[Accepted]) -> None:
    """Moves a hunk to the version of this row, in memory only; `log_since` ends there and reaches back to the hunk."""
    missed = log_since[len(log_since) - (document.version - hunk.version) :] if hunk.version < document.version else ()
    hunk.start, hunk.end, writer = move_watched(hunk.start, hunk.end, missed)
    hunk.changed_by_id, hunk.version = writer or hunk.changed_by_id, document.version


def _view(document: Document, row: Suggestion, hunks: list[HunkView]) -> SuggestionView:
    return SuggestionView(
        id=row.pk,
        document=document.pk,
        message=row.message_id,
        run=row.run,
        author=row.author_id,
        asked_by=row.asked_by_id,
        title=row.title,
        base_version=row.base_version,
        version=document.version,
        created_at=row.created_at,
        added=sum(_lines(hunk.text) for hunk in hunks),
        removed=sum(_lines(hunk.quote) for hunk in hunks),
        hunks=hunks,
    )


def _lines(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n")) if text else 0


def find_suggestion(document: Document, suggestion_id: int) -> Suggestion:
    """A suggestion of a document.

    Raises:
        Refused: `not_found`.
    """
    found = Suggestion.objects.filter(document=document, pk=suggestion_id).first()
    if found is None:
        raise Refused("not_found")
    return found
