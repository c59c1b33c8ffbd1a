"""`manage.py check_integrity`: proves that nothing was lost or doubled.

For operators, by hand or from cron, also while the site runs. Repairs only what can be found out again from the rest,
and only with --repair; exit code 1 when something is wrong.
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
from chat.services.mending import check_index, mend_room
from realtime.soundness import check_log


class Command(BaseCommand):
    """`manage.py check_integrity [--room SLUG …] [--repair]`."""

    help = (
        "Compare the log with itself, the tables with the log, files with their rows, the search index with the "
        "messages, and unread figures with a second count. Documents: verify_documents."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--room", metavar="SLUG", action="append", help="Only this room; may be repeated.")
        parser.add_argument(
            "--repair",
            action="store_true",
            help="First mend what follows from the rest: places of pins, mentions and follows, read marks beyond the "
            "log, what hangs on deleted messages, the search index. Texts and the log are never touched.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        named, repair = options["room"], options["repair"]
        rooms = [find_room(slug) for slug in named] if named else list(Room.objects.order_by("pk"))
        found, mended = 0, 0
        with tqdm(rooms, unit=" rooms", disable=None if options["verbosity"] else True) as bar:
            if repair:
                mended = sum(mend_room(room) for room in rooms)
            checks: Iterator[str] = chain.from_iterable(check_room(room) for room in bar)
            for fault in chain(() if named else check_site(repair=repair), checks):
                found += 1
                with bar.external_write_mode():
                    self.stdout.write(fault)
        if mended:
            self.stdout.write(f"Mended: {mended}.")
        if found:
            raise CommandError(f"Faults found: {found}.")
        self.stdout.write(f"Rooms checked: {len(rooms)}. Nothing is wrong.")


def check_site(*, repair: bool) -> Iterator[str]:
    """What belongs to no single room: the log of every topic, the search index."""
    yield from check_log()
    yield from check_index(repair=repair)
