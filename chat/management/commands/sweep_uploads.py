"""`manage.py sweep_uploads`: removes uploads that nobody sent within a day, and bytes that belong to no message.

For operators, by hand or from cron; the site does it once a day by itself. Safe to repeat, and while people upload.
"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from chat.services.sweeping import sweep


class Command(BaseCommand):
    """`manage.py sweep_uploads [--dry-run]`."""

    help = "Remove uploads older than a day that were never sent, and stored files that no message has."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be removed.")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run, talkative = options["dry_run"], options["verbosity"]
        counts: Counter[str] = Counter()
        with tqdm(unit=" files", disable=talkative == 0 or None) as bar:
            for swept in sweep(dry_run=dry_run):
                counts[swept.kind] += 1
                bar.update()
                if dry_run or talkative > 1:
                    with bar.external_write_mode():
                        self.stdout.write(f"{swept.kind} {swept.name}")
        done = "Would be removed" if dry_run else "Removed"
        told = f"{counts['upload']} uploads, {counts['file']} files without a message, {counts['spool']} broken uploads"
        self.stdout.write(f"{done}: {told}.")
