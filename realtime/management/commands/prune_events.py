"""Deletes old events from the log, piece by piece.

For operators, from cron; safe to stop, to repeat, and while people write. Never touches messages.
"""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from realtime import log


class Command(BaseCommand):
    """`manage.py prune_events [--days N] [--keep N] [--dry-run]`."""

    help = "Delete events older than EVENT_RETENTION_DAYS; a client that needs them takes a snapshot instead."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=settings.EVENT_RETENTION_DAYS, help="Age from which on.")
        parser.add_argument("--keep", type=int, default=500, help="Newest events of each topic that stay anyway.")
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["days"] < 0 or options["keep"] < 0:
            raise CommandError("--days and --keep cannot be negative.")
        before = timezone.now() - timedelta(days=options["days"])
        count = log.prune(before=before, keep=options["keep"], dry_run=options["dry_run"])
        self.stdout.write(f"{'Would delete' if options['dry_run'] else 'Deleted'} {count} events.")
