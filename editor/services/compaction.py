"""Gives up old updates of a document: the log begins later, and what was said about places moves along. And whole
documents that were deleted long ago.

Called by compact_documents. Texts of versions that have a name stay. Never gives up what is newer than it is told.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from editor.models import Document, Snapshot, Update
from editor.selectors.texts import key_of, text_at
from editor.services.anchors import carry_anchors
from editor.services.updates import lock_document
from editor.texts import sheets

STEP_UPDATES: Final = 2_000
"""Given up in one transaction, so that nobody who writes waits for long."""


def count_compactable(*, document_id: int, before: datetime, keep: int) -> int:
    """How many updates are older than `before` and not among the newest `keep`, with none in between that stays."""
    document = Document.objects.get(pk=document_id)
    return max(0, _cut(document, before, keep) - document.log_start)


def _cut(document: Document, before: datetime, keep: int) -> int:
    """The version up to which updates may go."""
    rows = Update.objects.filter(document_id=document.pk)
    first_kept = rows.filter(at__gte=before).order_by("version").values_list("version", flat=True).first()
    oldest = document.version if first_kept is None else first_kept - 1
    return min(oldest, document.version - keep)


def purgeable(*, before: datetime) -> list[int]:
    """The documents that were deleted before a moment, the oldest first."""
    rows = Document.objects.filter(deleted_at__lt=before).order_by("deleted_at", "pk")
    return list(rows.values_list("pk", flat=True))


@transaction.atomic
def purge_document(*, document_id: int, before: datetime) -> bool:
    """Deletes for good what was deleted before a moment, with its past; False when it was brought back meanwhile."""
    document = lock_document(document_id)
    if document is None or document.deleted_at is None or document.deleted_at >= before:
        return False
    Update.objects.filter(document=document).delete()
    Snapshot.objects.filter(document=document).delete()
    key = key_of(document)
    document.delete()
    transaction.on_commit(lambda: sheets.forget(key))
    return True


@transaction.atomic
def compact_document(*, document_id: int, before: datetime, keep: int) -> int:
    """One step; returns how many updates went, 0 when there is nothing left to do."""
    document = lock_document(document_id)
    if document is None:
        return 0
    cut = min(_cut(document, before, keep), document.log_start + STEP_UPDATES)
    if cut <= document.log_start:
        return 0
    if not Snapshot.objects.filter(document=document, version=cut).exists():
        Snapshot.objects.create(document=document, version=cut, text=text_at(document, cut), at=timezone.now())
    carry_anchors(document_id=document.pk, upto=cut, most=cut)
    gone, _ = Update.objects.filter(document=document, version__lte=cut).delete()
    Snapshot.objects.filter(document=document, version__lt=cut, name="").delete()
    Document.objects.filter(pk=document.pk).update(log_start=cut)
    return gone
