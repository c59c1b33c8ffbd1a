"""`manage.py check_integrity`: proves that nothing was lost or doubled.

For operators, by hand or from cron, also while the site runs. Never repairs anything; exit code 1 when something is
wrong.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from chat.management.arguments import find_room
from chat.models import Room
from chat.selectors.integrity import check_room
from realtime.soundness import check_log


class Command(BaseCommand):
    """`manage.py check_integrity [--room SLUG …]`."""

    help = "Compare the log with itself, the tables with the log, and unread figures with a second count."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--room", metavar="SLUG", action="append", help="Only this room; may be repeated.")

    def handle(self, *args: Any, **options: Any) -> None:
        named = options["room"]
        rooms = [find_room(slug) for slug in named] if named else list(Room.objects.order_by("pk"))
        found = 0
        with tqdm(rooms, unit=" rooms", disable=options["verbosity"] == 0) as bar:
            checks: Iterator[str] = chain.from_iterable(check_room(room) for room in bar)
            for fault in chain(() if named else check_log(), checks):
                found += 1
                with bar.external_write_mode():
                    self.stdout.write(fault)
        if found:
            raise CommandError(f"Faults found: {found}.")
        self.stdout.write(f"Rooms checked: {len(rooms)}. Nothing is wrong.")
