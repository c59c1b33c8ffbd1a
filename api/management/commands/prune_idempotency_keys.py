"""Forgets which wishes of the HTTP API were fulfilled. For operators, from cron; safe to repeat."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from api import services


class Command(BaseCommand):
    """`manage.py prune_idempotency_keys [--dry-run]`."""

    help = "Delete the answers of requests with an Idempotency-Key that are more than a day old."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def handle(self, *args: Any, **options: Any) -> None:
        count = services.prune_keys(dry_run=options["dry_run"])
        self.stdout.write(f"{'Would delete' if options['dry_run'] else 'Deleted'} {count} keys.")
