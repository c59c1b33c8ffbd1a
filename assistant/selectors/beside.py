"""The document that somebody had open when they asked: its text of now, and the lines that they had chosen.

Called by the context of a run. Never writes; what is not in the room of the question is as if it were not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.given import Opened, Selected
from chat.shapes import BesideView, RoomView
from editor import selectors as editor
from editor.selectors.updates import accepted_between
from editor.shapes import DocumentView
from editor.spans import lines_of, move_span
from editor.units import from_units, to_units
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User


def opened_document(*, actor: User, room: RoomView, beside: BesideView) -> Opened | None:
    """What stood beside a message, as it is now; None for a document that is gone or belongs to another room."""
    kind, _, number = beside.topic.partition(":")
    if kind != "document":
        return None
    try:
        document = editor.view_document(actor=actor, document_id=int(number))
        # What was open is the word of whoever wrote the message: it may name anything.
        if document.room != room.id or document.deleted_at is not None:
            return None
        text = editor.view_text(actor=actor, document_id=document.id)
    except Refused:
        return None
    return Opened(
        id=document.id,
        name=document.name,
        language=document.language,
        version=text.version,
        text=text.text,
        url=document_url(room, document.id, text.version),
        selected=_selected(actor, document, beside, text.text, text.version),
    )


def document_url(room: RoomView, document_id: int, version: int) -> str:
    """Where a version of a document is shown."""
    return f"{room.url}?doc={document_id}&v={version}"


def _selected(actor: User, document: DocumentView, beside: BesideView, text: str, version: int) -> Selected | None:
    """The chosen lines at their place of now; where they are gone, as they stood when the message was written."""
    if beside.start is None or beside.end is None or beside.seq > version:
        return None
    units = to_units(text)
    if beside.seq < version:
        missed = accepted_between(document_id=document.id, after=beside.seq, upto=version)
        if len(missed) == version - beside.seq:
            start, end = move_span(beside.start, beside.end, (update.changes for update in missed))
            if start < end <= len(units):
                lines = lines_of(units, start, end)
                return Selected(text=from_units(lines.units), first_line=lines.first, last_line=lines.last)
        try:
            then = editor.view_text(actor=actor, document_id=document.id, version=beside.seq)
        except Refused:
            return None
        units = to_units(then.text)
    if beside.end > len(units):
        return None
    lines = lines_of(units, beside.start, beside.end)
    return Selected(text=from_units(lines.units), first_line=lines.first, last_line=lines.last)
