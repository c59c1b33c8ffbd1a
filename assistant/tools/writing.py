"""Tools that write: suggestions, edits that appear before everybody's eyes, and notes of a person's own session.

Called by assistant.tools.calling. The editor reads the asker's rights again inside each transaction; nothing here
writes anything by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid5

from assistant.services.memory import remember as keep_note
from assistant.tools import declared
from assistant.tools.work import ToolResult, Work, work_of
from editor import selectors as editor
from editor import services as documents
from editor.difference import lines_with_ends
from editor.proposing import Edit, Found, find_edits
from editor.shapes import DocumentView
from editor.units import Units, from_units, to_units
from realtime.protocol import Refused, encode

PIECE_LINES: Final = 4
"""Lines that appear at once."""
PIECES_MOST: Final = 40
"""A longer text comes in larger pieces: nobody waits half a minute for it."""


def propose_edit(work: Work, given: declared.ProposeEdit) -> ToolResult:
    """Suggests changes; the card stands in the answer."""
    document = work.find_document(given.document)
    view = documents.propose_edits(
        actor=work.agent,
        on_behalf_of=work.asker,
        document_id=document.id,
        base_version=document.version,
        edits=_edits(given.edits),
        run=str(work.run.pk),
        message_id=work.run.message_id,
        title=given.title,
        cid=uuid5(work.run.pk, encode(given).decode()),  # the same call twice is one suggestion
    )
    many = f"{len(view.hunks)} changes" if len(view.hunks) != 1 else "1 change"
    told = f"{many} of {document.name} (+{view.added} −{view.removed})"
    return ToolResult(
        content=f"Suggested: {told}. People accept or reject them; the text is not changed yet.",
        title=f"Suggested {told}",
        wrote=(document.id,),
    )


@dataclass(frozen=True, slots=True)
class _Piece:
    """A step: the edit to make, and whether it is the last of one that was asked for."""

    edit: Edit
    on_base: bool
    completes: bool


@dataclass(slots=True)
class Writing:
    """Edits of a document that are being written, piece after piece.

    Attributes:
        base_version: the one in which the quotes were found.
        pieces: what is still to do, in order; `begun` once the first of them was done.
        done: of the edits that were asked for.
    """

    document: DocumentView
    base_version: int
    pieces: list[_Piece]
    edits: int
    done: int = 0
    begun: bool = False


def plan_edits(work: Work, given: declared.EditDocument) -> Writing:
    """Finds every quote before the first letter is written.

    Raises:
        Refused: as editor.proposing.find_edits.
    """
    document = work.find_document(given.document)
    shown = editor.view_text(actor=work.asker, document_id=document.id)
    found = find_edits(shown.text, _edits(given.edits))
    pieces = list(_pieces(to_units(shown.text), found))
    return Writing(document, shown.version, pieces, len(found))


def _pieces(text: Units, found: Sequence[Found]) -> Iterator[_Piece]:
    """Long texts in pieces: each quotes what the one before has written, and adds the next lines to it."""
    total = sum(len(lines_with_ends(one.text)) for one in found)
    size = max(PIECE_LINES, -(-total // PIECES_MOST))
    moved = 0
    for one in found:
        line = text.count("\n", 0, one.start) + 1
        parts = list(_prefixes(one.text, size))
        before = from_units(one.quote)
        for number, part in enumerate(parts):
            # The first is searched for where it was read, the others where they have just been written.
            near = line if number == 0 else line + moved
            yield _Piece(Edit(before, part, near, one.note), number == 0, number == len(parts) - 1)
            before = part
        moved += one.text.count("\n") - one.quote.count("\n")


def _prefixes(text: Units, size: int) -> Iterator[str]:
    lines = lines_with_ends(from_units(text))
    for end in range(size, len(lines), size):
        part = "".join(lines[:end])
        if part.strip():  # blank lines alone would be found anywhere
            yield part
    yield "".join(lines)


def write_next(work: Work, writing: Writing) -> None:
    """Writes the next piece, in a transaction of its own.

    Raises:
        Refused: as editor.services.apply_edits; and where the room has withdrawn its permission meanwhile.
    """
    now = work_of(work.run.pk)
    if "edit_document" not in now.names:
        raise Refused("forbidden", "This room does not let you edit any more. Use propose_edit.")
    piece = writing.pieces[0]
    base = writing.base_version
    if not piece.on_base:
        base = editor.view_document(actor=now.asker, document_id=writing.document.id).version
    documents.apply_edits(
        actor=now.agent,
        on_behalf_of=now.asker,
        document_id=writing.document.id,
        base_version=base,
        edits=[piece.edit],
        run=str(now.run.pk),
    )
    del writing.pieces[0]
    writing.begun = True
    writing.done += piece.completes


def written(work: Work, writing: Writing, refused: Refused | None) -> ToolResult:
    """What became of the edits, whole or in part."""
    name, done, edits = writing.document.name, writing.done, writing.edits
    wrote = (writing.document.id,) if writing.begun else ()
    if refused is not None:
        told = f"Made {done} of {edits} edits of {name}. Then: {refused.message} Read the document before you go on."
        return ToolResult(content=told, title=f"Edited {name} in part", wrote=wrote, refused=True)
    many = f"{edits} edits" if edits != 1 else "1 edit"
    return ToolResult(
        content=f"Made {many} of {name}. Everybody sees them, and anybody who may edit can revert this run.",
        title=f"Edited {name}: {many}",
        wrote=wrote,
    )


def hide_caret(work: Work, writing: Writing) -> None:
    """Nothing more is written there."""
    documents.hide_caret(actor=work.agent, document_id=writing.document.id, run=str(work.run.pk))


def remember(work: Work, given: declared.Remember) -> ToolResult:
    """Keeps a note about the person whose session it is."""
    keep_note(actor=work.asker, text=given.text, run=work.run.pk)
    # The title stands in the run log, which is the person's alone in their own session.
    return ToolResult(content="Kept. The person can read it and let it be forgotten.", title="Kept a note")


def _edits(given: Sequence[declared.EditGiven]) -> list[Edit]:
    return [Edit(one.quote, one.text, one.near, one.note) for one in given]
