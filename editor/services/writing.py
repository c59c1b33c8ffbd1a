"""Edits of the assistant: written straight into a document, with the rights of whoever asked, under its own caret.

Called by apps above. Each public function that writes is one transaction; edits are given by the exact text that they
replace, and never touch what somebody changed since it was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from django.db import transaction

from accounts import selectors as accounts
from chat import selectors as chat
from editor.authority import PUSH_UPDATES, REBASE_WINDOW
from editor.changes import ChangeSet
from editor.difference import lines_with_ends
from editor.events import CursorMoved, Pushed
from editor.models import Document
from editor.proposing import Edit, Found, find_edits
from editor.selectors.documents import document_topic, find_living, refusal_to_edit
from editor.selectors.texts import sheet_of, text_at
from editor.selectors.updates import accepted_between
from editor.services.updates import Batch, Push, lock_document
from editor.spans import move_watched
from editor.units import Units, from_units
from realtime.hub import hub
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

PIECE_LINES: Final = 4
"""Lines that appear at once: a long insertion comes in pieces, each an update of its own."""


def apply_edits(
    *, actor: User, on_behalf_of: User, document_id: int, base_version: int, edits: Sequence[Edit], run: str
) -> Pushed:
    """Writes edits as updates of a run; they go back together by `revert_updates(run=…)`.

    Args:
        actor: whose edits they are: the assistant.
        on_behalf_of: whoever asked; their rights count, read in the same transaction.
        document_id: which document.
        base_version: the one that the edits quote.
        edits: see `editor.proposing.Edit`.
        run: the assistant's run.

    Raises:
        Refused: not_found, gone, not_member, read_only, muted, unknown_version; `conflict` when somebody changed a
            quoted text since; `invalid` and `too_large` with a sentence that says what to do.
    """
    document, _ = find_living(actor=on_behalf_of, document_id=document_id)
    found = find_edits(text_at(document, base_version), edits)
    return _write(actor, on_behalf_of, document_id, base_version, found, run)


@transaction.atomic
def _write(actor: User, asker: User, document_id: int, base_version: int, found: Sequence[Found], run: str) -> Pushed:
    document = _lock_for(asker, document_id)
    placed = _place(document, base_version, found)
    batch = Batch(document, sheet_of(document))
    end = 0
    # From the end of the text to its beginning: what is written moves nothing that is still to be written.
    for one in reversed(placed):
        end = _put(batch, actor, run, one.trimmed())
    batch.store()
    show_caret(actor=actor, document_id=document_id, run=run, version=batch.version, position=end)
    return Pushed(version=batch.version)


def _lock_for(asker: User, document_id: int) -> Document:
    document = lock_document(document_id)
    if document is None:
        raise Refused("not_found")
    rights = chat.rights_in(actor=asker, room_id=document.room_id)
    code = refusal_to_edit(document, rights)
    if code == "gone":
        raise Refused("gone", "This document was deleted.")
    if code:
        told = chat.refuse_to_write(actor=asker, room_id=document.room_id, rights=rights)
        raise told or Refused(code, "This document is closed for writing.")
    return document


def _place(document: Document, base_version: int, found: Sequence[Found]) -> list[Found]:
    """The edits at their places of now.

    Raises:
        Refused: `conflict` where what was quoted is not there any more, `unknown_version`.
    """
    if not document.log_start <= base_version <= document.version:
        raise Refused("unknown_version", "Read the document again: this version is gone.")
    if document.version - base_version > REBASE_WINDOW:
        raise Refused("conflict", "Too much was written since. Read the document again.")
    missed = accepted_between(document_id=document.pk, after=base_version, upto=document.version)
    text = sheet_of(document).units
    placed = []
    for one in found:
        start, end, writer = move_watched(one.start, one.end, missed)
        if text[start:end] != one.quote:
            names = accounts.people_views([writer] if writer is not None else [])
            who = next((view.display_name for view in names.values()), "Somebody")
            line = text.count("\n", 0, start) + 1
            raise Refused("conflict", f"{who} changed the text at line {line} since. Read the document again.")
        placed.append(Found(start, end, one.quote, one.text, one.note))
    return placed


def _put(batch: Batch, actor: User, run: str, edit: Found) -> int:
    """One edit, a long one in pieces; answers where it ends."""
    start, stop = edit.start, edit.end
    for piece in _pieces(edit.text):
        change = ChangeSet.from_edits(len(batch.units), [(start, stop, from_units(piece))])
        batch.take(Push(actor, f"run-{run}", batch.version, [change], run))
        start = stop = start + len(piece)
    return start


def _pieces(text: Units) -> list[Units]:
    whole = lines_with_ends(text)
    size = max(PIECE_LINES, -(-len(whole) // PUSH_UPDATES))
    return [Units("".join(whole[at : at + size])) for at in range(0, len(whole), size)] or [Units("")]


def show_caret(*, actor: User, document_id: int, run: str, version: int, position: int) -> None:
    """Shows the caret of a run to whoever has the document open, after the commit; it goes after 45 s of silence."""
    event = CursorMoved(client_id=f"run-{run}", user=actor.pk, version=version, ranges=[[position, position]])
    transaction.on_commit(lambda: _tell(document_id, event), robust=True)


def hide_caret(*, actor: User, document_id: int, run: str) -> None:
    """A run writes no more in a document: its caret goes at once."""
    _tell(document_id, CursorMoved(client_id=f"run-{run}", user=actor.pk, version=0, ranges=None))


def _tell(document_id: int, event: CursorMoved) -> None:
    hub.publish_ephemeral(topic=document_topic(document_id), event=event, key=event.client_id)
