"""`manage.py apply_retention`: deletes messages that are older than their room, or the site, keeps them.

For operators, by hand or from cron; the site does it once a day by itself. Safe to stop, to repeat, and while people
write. What is pinned stays, and so does what an open report or a draft hangs on.
"""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from chat.management.arguments import find_room
from chat.services.retention import Due, count_due, expire_room, forget_in_lists, rooms_with_an_end


class Command(BaseCommand):
    """`manage.py apply_retention [--room SLUG] [--dry-run]`."""

    help = (
        "Delete messages older than the room's retention, or MESSAGE_RETENTION_DAYS, with their files, earlier "
        "versions, search entries and what the log tells of them."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--room", metavar="SLUG", help="Only this one.")
        parser.add_argument("--dry-run", action="store_true", help="Only count, room by room.")

    def handle(self, *args: Any, **options: Any) -> None:
        only = find_room(options["room"]).pk if options["room"] else None
        rooms = rooms_with_an_end(room_id=only)
        due = [(room, count) for room in rooms if (count := count_due(room))]
        total = sum(count for _, count in due)
        if options["dry_run"]:
            for room, count in due:
                self.stdout.write(f"{room.slug}: {count} messages from before {room.before:%Y-%m-%d %H:%M} UTC")
            self.stdout.write(f"Would delete {total} messages of {len(due)} rooms; {len(rooms)} have a retention.")
            return
        gone = self._expire([room for room, _ in due], total, options["verbosity"])
        if rooms:
            forget_in_lists()
        self.stdout.write(f"Deleted {gone} messages of {len(due)} rooms; {len(rooms)} have a retention.")

    def _expire(self, rooms: list[Due], total: int, verbosity: int) -> int:
        gone = 0
        with tqdm(total=total, unit=" messages", disable=None if verbosity else True) as bar:
            for room in rooms:
                for count in expire_room(room):
                    gone += count
                    bar.update(count)
        return gone
