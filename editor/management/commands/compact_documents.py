"""`manage.py compact_documents`: gives up old edits and documents that were deleted long ago, so that no table grows
for ever.

For operators, from cron; safe to stop and to repeat, also while people write. Texts of named versions stay.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from editor.management.arguments import find_document
from editor.models import Document
from editor.selectors.documents import DELETED_KEPT
from editor.services.compaction import compact_document, count_compactable, purge_document, purgeable


class Command(BaseCommand):
    """`manage.py compact_documents [--older-than DAYS [--keep N] [--document DOCUMENT …]] [--purge-deleted DAYS]`."""

    help = (
        "Delete updates older than so many days; versions before them can no longer be shown, unless they are named. "
        "And delete for good the documents that were deleted so many days ago."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        least = DELETED_KEPT.days
        parser.add_argument("--older-than", type=int, metavar="DAYS", help="Age of updates from which on.")
        parser.add_argument("--keep", type=int, default=500, help="Newest updates of each document that stay anyway.")
        parser.add_argument(
            "--document", metavar="DOCUMENT", action="append", help="Only this one: number or ROOM/NAME; repeatable."
        )
        parser.add_argument(
            "--purge-deleted", type=int, metavar="DAYS", help=f"{least} or more: so long they can be brought back."
        )
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def handle(self, *args: Any, **options: Any) -> None:
        self._check(options)
        if options["older_than"] is not None:
            self._compact(options)
        if options["purge_deleted"] is not None:
            self._purge(options)

    def _check(self, options: dict[str, Any]) -> None:
        if options["older_than"] is None and options["purge_deleted"] is None:
            raise CommandError("Say --older-than DAYS, or --purge-deleted DAYS, or both.")
        if min(options["older_than"] or 0, options["keep"]) < 0:
            raise CommandError("--older-than and --keep cannot be negative.")
        if options["purge_deleted"] is None:
            return
        least = DELETED_KEPT.days
        if options["purge_deleted"] < least:
            raise CommandError(f"What was deleted can be brought back for {least} days: give as many or more.")
        if options["document"]:
            raise CommandError("--purge-deleted takes all that were deleted; it does not go with --document.")

    def _compact(self, options: dict[str, Any]) -> None:
        before = timezone.now() - timedelta(days=options["older_than"])
        named = options["document"]
        ids = [find_document(one).pk for one in named] if named else list(Document.objects.values_list("pk", flat=True))
        counts = {pk: count_compactable(document_id=pk, before=before, keep=options["keep"]) for pk in sorted(ids)}
        total = sum(counts.values())
        if options["dry_run"]:
            self.stdout.write(f"Would delete {total} updates of {sum(map(bool, counts.values()))} documents.")
            return
        deleted = 0
        with tqdm(total=total, unit=" updates", disable=options["verbosity"] == 0 or None) as bar:
            for pk in (pk for pk, count in counts.items() if count):
                while gone := compact_document(document_id=pk, before=before, keep=options["keep"]):
                    deleted += gone
                    bar.update(gone)
        self.stdout.write(f"Deleted {deleted} updates.")

    def _purge(self, options: dict[str, Any]) -> None:
        before = timezone.now() - timedelta(days=options["purge_deleted"])
        ids = purgeable(before=before)
        if options["dry_run"]:
            self.stdout.write(f"Would delete {len(ids)} documents for good.")
            return
        shown: Iterable[int] = tqdm(ids, unit=" documents", disable=options["verbosity"] == 0 or None)
        gone = sum(purge_document(document_id=pk, before=before) for pk in shown)
        self.stdout.write(f"Deleted {gone} documents for good.")
