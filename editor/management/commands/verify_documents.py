"""`manage.py verify_documents`: proves that no edit was lost or doubled.

For operators, by hand or from cron, also while the site runs. Never repairs anything; exit code 1 when something is
wrong.
"""

from __future__ import annotations

import argparse
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from editor.management.arguments import find_document
from editor.models import Document
from editor.selectors.soundness import check_document


class Command(BaseCommand):
    """`manage.py verify_documents [--document DOCUMENT …]`."""

    help = "Replay the log of every document and compare it with the stored texts and lengths."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--document", metavar="DOCUMENT", action="append", help="Only this one: number or ROOM/NAME; repeatable."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        named = options["document"]
        ids = [find_document(one).pk for one in named] if named else list(_all())
        found = 0
        with tqdm(ids, unit=" documents", disable=options["verbosity"] == 0 or None) as bar:
            for fault in chain.from_iterable(check_document(document_id) for document_id in bar):
                found += 1
                with bar.external_write_mode():
                    self.stdout.write(fault)
        if found:
            raise CommandError(f"Faults found: {found}.")
        self.stdout.write(f"Documents checked: {len(ids)}. Nothing is wrong.")


def _all() -> list[int]:
    return list(Document.objects.order_by("pk").values_list("pk", flat=True))
