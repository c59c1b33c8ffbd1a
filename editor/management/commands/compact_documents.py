"""`manage.py compact_documents`: gives up old edits, so that the table of updates does not grow for ever.

For operators, from cron; safe to stop and to repeat, also while people write. Texts of named versions stay.
"""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from editor.management.arguments import find_document
from editor.models import Document
from editor.services.compaction import compact_document, count_compactable


class Command(BaseCommand):
    """`manage.py compact_documents --older-than DAYS [--keep N] [--document DOCUMENT …] [--dry-run]`."""

    help = "Delete updates older than so many days; versions before them can no longer be shown, unless they are named."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--older-than", type=int, metavar="DAYS", required=True, help="Age from which on.")
        parser.add_argument("--keep", type=int, default=500, help="Newest updates of each document that stay anyway.")
        parser.add_argument(
            "--document", metavar="DOCUMENT", action="append", help="Only this one: number or ROOM/NAME; repeatable."
        )
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["older_than"] < 0 or options["keep"] < 0:
            raise CommandError("--older-than and --keep cannot be negative.")
        before = timezone.now() - timedelta(days=options["older_than"])
        named = options["document"]
        ids = [find_document(one).pk for one in named] if named else list(Document.objects.values_list("pk", flat=True))
        counts = {pk: count_compactable(document_id=pk, before=before, keep=options["keep"]) for pk in sorted(ids)}
        total = sum(counts.values())
        if options["dry_run"]:
            self.stdout.write(f"Would delete {total} updates of {sum(map(bool, counts.values()))} documents.")
            return
        deleted = 0
        with tqdm(total=total, unit=" updates", disable=options["verbosity"] == 0) as bar:
            for pk in (pk for pk, count in counts.items() if count):
                while gone := compact_document(document_id=pk, before=before, keep=options["keep"]):
                    deleted += gone
                    bar.update(gone)
        self.stdout.write(f"Deleted {deleted} updates.")
