"""Deletes samples past their time; the recorder does the same by itself every ten minutes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dashboard.services.pruning import prune_samples


class Command(BaseCommand):
    """`manage.py prune_samples [--dry-run]`."""

    help = "Delete samples older than they are kept: seconds for 2 hours, minutes for 15 days, hours for 2 years."

    def add_arguments(self, parser: CommandParser) -> None:
        """The switches."""
        parser.add_argument("--dry-run", action="store_true", help="only say how many would go")

    def handle(self, *args: Any, **options: Any) -> None:
        """Deletes, and says how many of which length went."""
        gone = prune_samples(dry_run=options["dry_run"])
        words = "would go" if options["dry_run"] else "deleted"
        for resolution, count in gone.items():
            self.stdout.write(f"{count} samples of {resolution} s {words}.")
