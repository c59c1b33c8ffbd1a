"""Proves that a document holds together: its log has no hole, and replayed it gives every stored text and the length.

Called by verify_documents. Never repairs anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chat.selectors import one_moment
from editor.models import Anchor, Document, Hunk, Reversal, Snapshot, Update
from editor.selectors.updates import accepted_between
from editor.units import BadChange, from_units, to_units

CHUNK_UPDATES: Final = 1_000


def check_document(document_id: int) -> Iterator[str]:
    """A sentence for each fault of one document, all seen at one moment; nothing when all is well."""
    with one_moment():
        document = Document.objects.filter(pk=document_id).first()
        faults = [] if document is None else [*_check_rows(document), *_check_replay(document)]
    for fault in faults:
        yield f"document:{document_id}: {fault}"


def _check_rows(document: Document) -> Iterator[str]:
    if document.log_start > document.version:
        yield f"its log starts at {document.log_start}, after its version {document.version}."
    rows = Update.objects.filter(document_id=document.pk)
    outside = rows.exclude(version__gt=document.log_start, version__lte=document.version).count()
    if outside:
        yield f"{outside} updates are outside its log, {document.log_start + 1} to {document.version}."
    late = Snapshot.objects.filter(document_id=document.pk, version__gt=document.version).count()
    if late:
        yield f"{late} stored texts are newer than its version {document.version}."
    for anchor in Anchor.objects.filter(document_id=document.pk):
        in_log = document.log_start <= anchor.version <= document.version
        if not in_log or anchor.start > anchor.end or anchor.said_start > anchor.said_end:
            yield f"the anchor of message {anchor.message_id} points to no place of a version that can be shown."
    for hunk in Hunk.objects.filter(suggestion__document_id=document.pk):
        if not document.log_start <= hunk.version <= document.version or hunk.start > hunk.end:
            yield f"suggested change {hunk.pk} points to no place of a version that can be shown."
    ahead = Reversal.objects.filter(document_id=document.pk, version__gt=document.version).count()
    if ahead:
        yield f"{ahead} reversals are newer than its version {document.version}."


def _check_replay(document: Document) -> Iterator[str]:
    stored = Snapshot.objects.filter(document_id=document.pk, version__gte=document.log_start)
    snapped = set(stored.values_list("version", flat=True))
    if document.log_start not in snapped:
        yield f"there is no text at {document.log_start}, where its log starts."
        return
    units, version = to_units(_text_stored(document, document.log_start)), document.log_start
    while version < document.version:
        upto = min(version + CHUNK_UPDATES, document.version)
        try:
            for update in accepted_between(document_id=document.pk, after=version, upto=upto):
                if update.version != version + 1:
                    yield f"update {version + 1} is missing."
                    return
                units, version = update.changes.apply(units), update.version
                if version in snapped and _text_stored(document, version) != from_units(units):
                    yield f"the text stored at {version} is not what its updates make."
        except BadChange as error:
            yield f"an update after {version} cannot be applied: {error.reason}."
            return
        if version < upto:
            yield f"update {version + 1} is missing."
            return
    if len(units) != document.length:
        yield f"its length is said to be {document.length} and is {len(units)}."


def _text_stored(document: Document, version: int) -> str:
    """One text at a time: a long past has hundreds of a megabyte each."""
    return Snapshot.objects.values_list("text", flat=True).get(document_id=document.pk, version=version)
