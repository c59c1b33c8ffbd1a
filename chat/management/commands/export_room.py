"""`manage.py export_room`: writes a room's conversation as JSON lines, as import_room takes them.

For operators. Never writes half a file, and leaves out what was deleted.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat import lines as conversation
from chat.management.arguments import find_room
from chat.selectors.exports import export_lines


class Command(BaseCommand):
    """`manage.py export_room ROOM [--output FILE] [--source NAME] [--full-times]`."""

    help = (
        "Write a room as JSON lines {line, time, author, body, reply_to, beside, pinned}; "
        "what was imported comes out as it was."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("room", metavar="ROOM", help="Last part of the room's address.")
        parser.add_argument("--output", type=Path, metavar="FILE", help="Default: standard output.")
        parser.add_argument("--source", help="Only what was imported from this file (its name without the ending).")
        parser.add_argument(
            "--full-times", action="store_true", help="Times with their day (RFC 3339) instead of HH:MM."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        room = find_room(options["room"])
        found = export_lines(room_id=room.pk, source=options["source"], full_times=options["full_times"])
        output: Path | None = options["output"]
        if output is None:
            for text in conversation.dump(found):
                self.stdout.write(text)
            return
        try:
            count = _write_file(output, (f"{text}\n" for text in conversation.dump(found)))
        except OSError as error:
            raise CommandError(f"{output} was not written: {error.strerror}.") from error
        self.stderr.write(f"{count} lines in {output}.")


def _write_file(path: Path, texts: Any) -> int:
    count = 0
    with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", encoding="utf-8", delete=False) as file:
        try:
            for text in texts:
                file.write(text)
                count += 1
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return count
