"""Suggestions: made from exact quotes, and accepted, rejected or undone change by change, by whoever may edit.

Called by the consumer, the JSON API and apps above. Each public function is one transaction and at most one event of
the room; the room's topic is locked first, then the document. Accepting is an ordinary edit of whoever accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from accounts import selectors as accounts
from chat import selectors as chat
from chat.texts import clean_line
from editor.changes import ChangeSet
from editor.difference import PIECE_CHARS
from editor.events import SuggestionChanged, SuggestionCreated
from editor.models import Document, Hunk, Suggestion
from editor.proposing import Edit, Found, as_hunks, find_edits
from editor.selectors.documents import find_living, refusal_to_edit, room_topic
from editor.selectors.reverting import Wanted, plan_revert
from editor.selectors.suggestions import find_suggestion, place_in, suggestion_views
from editor.selectors.texts import sheet_of, text_at
from editor.selectors.updates import accepted_between
from editor.services.reverting import put_reversal
from editor.services.updates import Batch, Push, lock_document
from editor.shapes import SuggestionView
from editor.spans import move_span
from editor.units import from_units, to_units
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

OPEN_MOST: Final = 50
"""Open suggestions of one document."""
TITLE_CHARS: Final = 200


class _Unchanged(Exception):
    """There is nothing to do; raised inside the transaction, it gives the room's seq back."""


def propose_edits(
    *,
    actor: User,
    document_id: int,
    base_version: int,
    edits: Sequence[Edit],
    run: str | None = None,
    message_id: UUID | None = None,
    title: str = "",
    on_behalf_of: User | None = None,
    cid: UUID | None = None,
) -> SuggestionView:
    """Proposes changes of a document; nothing of it is in the text before somebody accepts it.

    Args:
        actor: who proposes, for example the assistant.
        document_id: which document.
        base_version: the one that the edits quote.
        edits: see `editor.proposing.Edit`; they become changes of whole lines.
        run: the assistant's run that made them.
        message_id: the chat message that carries the card.
        title: what it is about, in a line.
        on_behalf_of: whose rights count; None: the actor's.
        cid: the id of this wish; the same again gives the same suggestion.

    Raises:
        Refused: not_found, gone, not_member, read_only, muted, unknown_version; `invalid` and `too_large` with a
            sentence that says what to do.
    """
    asker, wish = on_behalf_of or actor, cid or uuid4()
    document, _ = find_living(actor=asker, document_id=document_id)
    text = text_at(document, base_version)
    hunks = as_hunks(text, find_edits(text, edits))
    if any(len(hunk.text) > PIECE_CHARS for hunk in hunks):
        raise Refused("too_large", f"One change adds at most {PIECE_CHARS:,} characters; make several.", field="edits")
    row = Suggestion(
        document_id=document_id,
        base_version=base_version,
        run=run,
        author=actor,
        asked_by=asker,
        message_id=message_id,
        title=clean_line(title, field="title", most=TITLE_CHARS),
        cid=wish,
    )
    try:
        return _propose(actor, asker, document.room_id, row, hunks)
    except _Unchanged:
        return _known(document_id, wish)


def _known(document_id: int, cid: UUID) -> SuggestionView:
    document = Document.objects.get(pk=document_id)
    [view] = suggestion_views(document, [Suggestion.objects.get(cid=cid)])
    return view


@transaction.atomic
def _propose(actor: User, asker: User, room_id: int, row: Suggestion, hunks: Sequence[Found]) -> SuggestionView:
    seq = log.reserve(room_topic(room_id))
    document = _lock(row.document_id)
    rights = chat.rights_in(actor=asker, room_id=room_id)
    refused = chat.refuse_to_write(actor=asker, room_id=room_id, rights=rights)
    if refused is not None:
        raise refused
    if Suggestion.objects.filter(cid=row.cid).exists():
        raise _Unchanged
    open_ones = Hunk.objects.filter(suggestion__document=document, state=Hunk.State.OPEN)
    if open_ones.values("suggestion").distinct().count() >= OPEN_MOST:
        raise Refused("too_large", f"A document has at most {OPEN_MOST} open suggestions. Decide some of them first.")
    row.save()
    Hunk.objects.bulk_create(_rows(row, hunks))
    [view] = suggestion_views(document, [row])
    log.append(topic=room_topic(room_id), seq=seq, event=SuggestionCreated(suggestion=view), actor_id=actor.pk)
    return view


def _rows(row: Suggestion, hunks: Sequence[Found]) -> list[Hunk]:
    return [
        Hunk(
            suggestion=row,
            position=position,
            version=row.base_version,
            start=hunk.start,
            end=hunk.end,
            quote=from_units(hunk.quote),
            text=from_units(hunk.text),
            note=hunk.note,
        )
        for position, hunk in enumerate(hunks, 1)
    ]


def _lock(document_id: int) -> Document:
    document = lock_document(document_id)
    if document is None:
        raise Refused("not_found")
    if document.deleted_at is not None:
        raise Refused("gone", "This document was deleted.")
    return document


# Deciding


def decide_hunk(*, actor: User, document_id: int, hunk_id: int, accept: bool, cid: UUID) -> SuggestionView:
    """Accepts one change, by an edit of the actor, or rejects it. The first decision wins.

    Raises:
        Refused: not_found, gone, not_member, read_only, muted; `conflict` when somebody decided it before, and to
            accept it also when somebody changed its lines since.
    """

    def act(desk: _Desk) -> None:
        hunk = desk.hunk(hunk_id)
        if hunk.decided_cid == cid:
            raise _Unchanged
        if hunk.state != Hunk.State.OPEN:
            raise Refused("conflict", f"{_name(hunk.decided_by_id)} {hunk.state} this change already.")
        if accept and not desk.fits(hunk):
            raise Refused("conflict", f"Changed by {_name(hunk.changed_by_id)} since, ask again.")
        if accept:
            desk.accept([hunk], cid)
        else:
            desk.reject([hunk], cid)

    return _decide(actor, document_id, _suggestion_of(hunk_id), act)


def decide_suggestion(*, actor: User, document_id: int, suggestion_id: int, accept: bool, cid: UUID) -> SuggestionView:
    """Accepts all changes that are open and still fit, or rejects all that are open.

    Raises:
        Refused: not_found, gone, not_member, read_only, muted; `conflict` when none is left.
    """

    def act(desk: _Desk) -> None:
        if any(hunk.decided_cid == cid for hunk in desk.hunks):
            raise _Unchanged
        left = [hunk for hunk in desk.hunks if hunk.state == Hunk.State.OPEN and (not accept or desk.fits(hunk))]
        if not left:
            raise Refused("conflict", "No change is left to accept." if accept else "Every change is decided already.")
        if accept:
            desk.accept(left, cid)
        else:
            desk.reject(left, cid)

    return _decide(actor, document_id, suggestion_id, act)


def undo_hunk(*, actor: User, document_id: int, hunk_id: int, cid: UUID) -> SuggestionView:
    """Takes an accepted change back by an edit of the actor, or opens a rejected one again; what others typed stays.

    Raises:
        Refused: not_found, gone, not_member, read_only, muted; `conflict` for one that is open.
    """

    def act(desk: _Desk) -> None:
        hunk = desk.hunk(hunk_id)
        if hunk.decided_cid == cid:
            raise _Unchanged
        if hunk.state == Hunk.State.OPEN:
            raise Refused("conflict", "This change is open.")
        desk.undo(hunk, cid)

    return _decide(actor, document_id, _suggestion_of(hunk_id), act)


def _suggestion_of(hunk_id: int) -> int:
    suggestion_id = Hunk.objects.filter(pk=hunk_id).values_list("suggestion", flat=True).first()
    if suggestion_id is None:
        raise Refused("not_found")
    return suggestion_id


def _name(user_id: int | None) -> str:
    views = accounts.people_views([user_id]) if user_id is not None else {}
    return next((view.display_name for view in views.values()), "Somebody")


def _decide(actor: User, document_id: int, suggestion_id: int, act: Callable[[_Desk], None]) -> SuggestionView:
    room_id = find_living(actor=actor, document_id=document_id)[0].room_id
    try:
        with transaction.atomic():
            return _decide_now(actor, document_id, room_id, suggestion_id, act)
    except _Unchanged:
        document = Document.objects.get(pk=document_id)
        [view] = suggestion_views(document, [find_suggestion(document, suggestion_id)])
        return view


def _decide_now(
    actor: User, document_id: int, room_id: int, suggestion_id: int, act: Callable[[_Desk], None]
) -> SuggestionView:
    seq = log.reserve(room_topic(room_id))
    document = _lock(document_id)
    rights = chat.rights_in(actor=actor, room_id=room_id)
    code = refusal_to_edit(document, rights)
    if code:
        told = chat.refuse_to_write(actor=actor, room_id=room_id, rights=rights)
        raise told or Refused(code, "This document is closed for writing.")
    suggestion = find_suggestion(document, suggestion_id)
    desk = _Desk.of(actor, document, suggestion)
    act(desk)
    desk.store()
    document.refresh_from_db(fields=["version", "length"])
    [view] = suggestion_views(document, [suggestion])
    event = SuggestionChanged(suggestion=view, by=actor.pk)
    log.append(topic=room_topic(room_id), seq=seq, event=event, actor_id=actor.pk)
    return view


@dataclass(slots=True)
class _Desk:
    """A suggestion whose document is locked, with its changes at their places of now."""

    actor: User
    document: Document
    batch: Batch
    hunks: list[Hunk]
    now: datetime

    @classmethod
    def of(cls, actor: User, document: Document, suggestion: Suggestion) -> _Desk:
        hunks = list(suggestion.hunks.order_by("position"))
        first = min(hunk.version for hunk in hunks)
        log_since = accepted_between(document_id=document.pk, after=first, upto=document.version)
        for hunk in hunks:
            place_in(document, hunk, log_since)
        return cls(actor, document, Batch(document, sheet_of(document)), hunks, timezone.now())

    def hunk(self, hunk_id: int) -> Hunk:
        return next(hunk for hunk in self.hunks if hunk.pk == hunk_id)

    def fits(self, hunk: Hunk) -> bool:
        return self.batch.units[hunk.start : hunk.end] == to_units(hunk.quote)

    def accept(self, hunks: Sequence[Hunk], cid: UUID) -> None:
        """One edit for each, from the end of the text to its beginning: what is done moves nothing to do."""
        for hunk in sorted(hunks, key=lambda one: (one.start, one.end), reverse=True):
            quote, text = to_units(hunk.quote), to_units(hunk.text)
            edit = Found(hunk.start, hunk.end, quote, text, "").trimmed()
            change = ChangeSet.from_edits(len(self.batch.units), [(edit.start, edit.end, from_units(edit.text))])
            self._push(change, cid)
            for other in self.hunks:
                if other is not hunk:
                    other.start, other.end = move_span(other.start, other.end, (change,))
            hunk.end = hunk.start + len(text)
            hunk.accepted_version = self.batch.version
            self._decided(hunk, Hunk.State.ACCEPTED, cid)

    def reject(self, hunks: Sequence[Hunk], cid: UUID) -> None:
        for hunk in hunks:
            self._decided(hunk, Hunk.State.REJECTED, cid)

    def undo(self, hunk: Hunk, cid: UUID) -> None:
        if hunk.state == Hunk.State.ACCEPTED and hunk.accepted_version is not None:
            if hunk.accepted_version <= self.document.log_start:
                raise Refused("unknown_version", "This was accepted too long ago to be undone.")
            wanted = Wanted(versions=(hunk.accepted_version,))
            plan = plan_revert(self.document, wanted)
            if plan.taken:
                put_reversal(self.actor, self.batch, wanted, plan, cid)
            for other in self.hunks:
                behind = 1 if other is hunk else -1
                start = plan.change.map_pos(other.start, -behind)
                other.start, other.end = start, max(start, plan.change.map_pos(other.end, behind))
        hunk.accepted_version = None
        hunk.changed_by = None
        self._decided(hunk, Hunk.State.OPEN, cid)

    def _push(self, change: ChangeSet, cid: UUID) -> None:
        client_id = f"{self.actor.pk}-hunk-{cid.hex}-{len(self.batch.accepted)}"
        self.batch.take(Push(self.actor, client_id, self.batch.version, [change]))

    def _decided(self, hunk: Hunk, state: Hunk.State, cid: UUID) -> None:
        is_open = state == Hunk.State.OPEN
        hunk.state, hunk.decided_cid = state, cid
        hunk.decided_by_id, hunk.decided_at = (None, None) if is_open else (self.actor.pk, self.now)

    def store(self) -> None:
        """Writes the edits and the decisions."""
        self.batch.store()
        for hunk in self.hunks:
            hunk.version = self.batch.version
        Hunk.objects.bulk_update(
            self.hunks,
            [
                "version", "start", "end", "changed_by", "state", "decided_by", "decided_at", "decided_cid",
                "accepted_version",
            ],
        )  # fmt: skip
