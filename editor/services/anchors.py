"""Where messages are bound to lines: rows made once for each message, and moved forward along the log.

Called by the services of discussions, by the one that stores updates, and by compaction. Never asks who may do it.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import F

from chat.selectors import Said
from editor.models import Anchor, Document
from editor.selectors.texts import units_at
from editor.selectors.updates import accepted_between
from editor.spans import QUOTE_UNITS, lines_of, move_span
from editor.units import from_units
from realtime.protocol import Refused

CARRIED_MOST: Final = 2_000
"""Updates that anchors are carried over while others wait to write; those further behind are moved when read."""


def carry_anchors(*, document_id: int, upto: int, most: int = CARRIED_MOST) -> None:
    """Moves the anchors of a document forward to a version, in the transaction that holds the document.

    Args:
        document_id: which document.
        upto: a version whose updates are stored.
        most: anchors that are further behind stay as they are.
    """
    anchors = list(Anchor.objects.filter(document_id=document_id, version__lt=upto, version__gte=upto - most))
    if not anchors:
        return
    first = min(anchor.version for anchor in anchors)
    updates = accepted_between(document_id=document_id, after=first, upto=upto)
    for anchor in anchors:
        missed = updates[len(updates) - (upto - anchor.version) :]
        anchor.start, anchor.end = move_span(anchor.start, anchor.end, (update.changes for update in missed))
        anchor.version = upto
    Anchor.objects.bulk_update(anchors, ["version", "start", "end"], batch_size=200)


def catch_up_anchors(*, document_id: int) -> None:
    """Moves forward what is so far behind that `carry_anchors` left it: messages about a version of long ago.

    Step by step, each a transaction, so that nobody who writes waits for long; else every reading would walk that way.
    """
    behind = Anchor.objects.filter(document=document_id, version__lt=F("document__version") - CARRIED_MOST)
    while (oldest := behind.order_by("version").values_list("version", flat=True).first()) is not None:
        with transaction.atomic():
            list(Document.objects.select_for_update().filter(pk=document_id))
            carry_anchors(document_id=document_id, upto=oldest + CARRIED_MOST)


def new_anchor(document: Document, said: Said) -> Anchor:
    """The row that binds a message; one without a quote where the range never was, so that nobody looks again."""
    try:
        text = units_at(document, said.beside_seq)
    except Refused:
        text = None
    bound = text is not None and said.end <= len(text)
    lines = lines_of(text, said.start, said.end) if text is not None and bound else None
    if lines is None or not lines.units or len(lines.units) > QUOTE_UNITS:
        return _anchor(document, said, version=document.version, start=0, end=0)
    return _anchor(
        document,
        said,
        version=said.beside_seq,
        start=said.start,
        end=said.end,
        said_line=lines.first,
        quote=from_units(lines.units),
    )


def _anchor(document: Document, said: Said, *, version: int, start: int, end: int, **lines: object) -> Anchor:
    return Anchor(
        document=document,
        message_id=said.id,
        version=version,
        start=start,
        end=end,
        said_version=said.beside_seq,
        said_start=start,
        said_end=end,
        **lines,
    )
