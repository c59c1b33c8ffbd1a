"""Where messages are bound to lines: rows made once for each message, and moved forward along the log.

Called by the services of discussions, by the one that stores updates, and by compaction. Never asks who may do it.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import F, Q

from chat.selectors import Said
from editor.models import Anchor, Document, Hunk
from editor.selectors.texts import units_at
from editor.selectors.updates import accepted_between
from editor.spans import QUOTE_UNITS, lines_of, move_span, move_watched
from editor.units import from_units
from realtime.protocol import Refused

CARRIED_MOST: Final = 2_000
"""Updates that anchors are carried over while others wait to write; those further behind are moved when read."""


def carry_anchors(*, document_id: int, upto: int, most: int = CARRIED_MOST) -> None:
    """Moves the anchors and suggested changes of a document forward to a version, in the transaction that holds it.

    Args:
        document_id: which document.
        upto: a version whose updates are stored.
        most: what is further behind stays as it is.
    """
    behind = Q(version__lt=upto, version__gte=upto - most)
    anchors = list(Anchor.objects.filter(behind, document_id=document_id))
    hunks = list(Hunk.objects.filter(behind, suggestion__document_id=document_id))
    if not anchors and not hunks:
        return
    first = min([*(anchor.version for anchor in anchors), *(hunk.version for hunk in hunks)])
    updates = accepted_between(document_id=document_id, after=first, upto=upto)
    for anchor in anchors:
        missed = updates[len(updates) - (upto - anchor.version) :]
        anchor.start, anchor.end = move_span(anchor.start, anchor.end, (update.changes for update in missed))
        anchor.version = upto
    for hunk in hunks:
        missed = updates[len(updates) - (upto - hunk.version) :]
        hunk.start, hunk.end, writer = move_watched(hunk.start, hunk.end, missed)
        hunk.changed_by_id, hunk.version = writer or hunk.changed_by_id, upto
    Anchor.objects.bulk_update(anchors, ["version", "start", "end"], batch_size=200)
    Hunk.objects.bulk_update(hunks, ["version", "start", "end", "changed_by"], batch_size=200)


def catch_up_anchors(*, document_id: int) -> None:
    """Moves forward what is so far behind that `carry_anchors` left it: messages about a version of long ago.

    Step by step, each a transaction, so that nobody who writes waits for long; else every reading would walk that way.
    """
    anchors = Anchor.objects.filter(document=document_id, version__lt=F("document__version") - CARRIED_MOST)
    of_suggestion = Hunk.objects.filter(suggestion__document=document_id)
    hunks = of_suggestion.filter(version__lt=F("suggestion__document__version") - CARRIED_MOST)
    while oldest := [row for rows in (anchors, hunks) for row in rows.order_by("version").values_list("version")[:1]]:
        with transaction.atomic():
            list(Document.objects.select_for_update().filter(pk=document_id))
            carry_anchors(document_id=document_id, upto=min(oldest)[0] + CARRIED_MOST)


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
