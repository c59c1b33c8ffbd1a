"""`manage.py import_room`: brings a conversation from a file of JSON lines into a room.

For operators. Repeating it adds nothing; an import that was ended goes on. Never imports a part of a file that has a
fault: all faults are told first.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid5

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from tqdm import tqdm

from chat import lines as conversation
from chat import services, texts
from chat.lines import DatedLine, LinesWrong
from chat.management.arguments import find_owner
from chat.models import Room
from chat.selectors.views import room_url
from chat.services import imports
from realtime.protocol import Refused

SOURCE_CHARS: Final = 120
"""Of a file's name, as long as the column that keeps it."""
_SPACE: Final = UUID("7c1a3a0e-0a5b-4e55-8f6a-2d9b1c3f4e60")


class Command(BaseCommand):
    """`manage.py import_room FILE… [--room SLUG] [--owner USERNAME] [--date YYYY-MM-DD]`."""

    help = (
        "Import JSON lines {line, time, author, body, reply_to, beside, pinned} at the end of a room, which is made if "
        "need be. Authors become people who cannot sign in. Repeating the command adds what is missing."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--room", metavar="SLUG", help="Room for all files; default: each file's own name.")
        parser.add_argument("--name", help="Name of a room that is made; default: its slug.")
        parser.add_argument("--kind", choices=["public", "private"], default="public", help="Of a room that is made.")
        parser.add_argument("--owner", metavar="USERNAME", help="Of a room that is made; default: the first superuser.")
        parser.add_argument("--date", type=date.fromisoformat, help="Day of the first line; default: in the file name.")
        parser.add_argument("--match-people", action="store_true", help="Authors who are usernames here are they.")
        parser.add_argument("--limit", type=int, metavar="N", help="Stop after N new lines.")
        parser.add_argument("--dry-run", action="store_true", help="Read and check, say what would happen.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] is not None and options["limit"] < 0:
            raise CommandError("--limit cannot be negative.")
        read = [(path, _read(path, options["date"])) for path in options["files"]]
        left: int | None = options["limit"]
        try:
            for path, lines in read:
                count = self._import(path, lines, left, options)
                left = None if left is None else left - count
        except Refused as refused:
            raise CommandError(refused.message) from refused
        except KeyboardInterrupt:
            raise CommandError("Stopped. What is in stays; the same command goes on.", returncode=130) from None

    def _import(self, path: Path, lines: list[DatedLine], limit: int | None, options: dict[str, Any]) -> int:
        """How many lines of the file were added."""
        slug = options["room"] or texts.slug_of(path.stem)
        room = Room.objects.filter(Q(slug=slug) | Q(cid=_cid(slug))).first()
        if room is not None and room.archived_at is not None:
            raise CommandError(f"The room “{slug}” is archived. Open it again first.")
        done = imports.lines_imported(room_id=room.pk, source=path.stem) if room else set()
        new = [dated for dated in lines if dated.line.line not in done][:limit]
        names = dict.fromkeys(dated.line.author for dated in new)
        told = f"{path.name}: {len(lines)} lines, {len(done)} there already"
        if options["dry_run"]:
            where = f"room “{slug}”" if room else f"a new room “{slug}”"
            self.stdout.write(f"{told}; would add {len(new)} by {len(names)} people to {where}.")
            return len(new)
        room_id = room.pk if room else _make_room(slug, lines, options)
        authors = imports.import_authors(actor=None, names=names, match_people=options["match_people"])
        add = partial(imports.import_lines, actor=None, room_id=room_id, source=path.stem, authors=authors)
        quiet = options["verbosity"] == 0
        added = 0
        with tqdm(total=len(lines), initial=len(done), desc=path.stem, unit=" lines", disable=quiet or None) as bar:
            for batch in _batches(new):
                added += add(lines=batch)
                bar.update(len(batch))
        if not quiet:
            url = settings.SITE_URL + room_url(Room.objects.get(pk=room_id))
            self.stdout.write(f"{told}, {added} added by {len(names)} people: {url}")
        return added


def _read(path: Path, day: date | None) -> list[DatedLine]:
    if len(path.stem) > SOURCE_CHARS:
        raise CommandError(f"{path}: its lines are known by its name, which has at most {SOURCE_CHARS} characters.")
    try:
        lines = conversation.parse(path.read_bytes())
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except LinesWrong as wrong:
        raise CommandError(f"{path} was not imported.\n" + "\n".join(wrong.problems)) from wrong
    day = day or conversation.day_in_name(path.stem)
    if day is None and conversation.needs_day(lines):
        raise CommandError(f"{path}: give --date YYYY-MM-DD, the lines say only the hour.")
    return conversation.give_dates(lines, day or date.min)


def _make_room(slug: str, lines: Sequence[DatedLine], options: dict[str, Any]) -> int:
    """The id of a new room, as old as its first line."""
    result = services.create_room(
        actor=find_owner(options["owner"]),
        cid=_cid(slug),
        kind=options["kind"],
        name=options["name"] or slug,
        slug=slug,
        at=lines[0].at,
    )
    return result.room.id


def _cid(slug: str) -> UUID:
    """Finds a room again that this command made, although a private one has more in its address."""
    return uuid5(_SPACE, slug)


def _batches(lines: Sequence[DatedLine]) -> list[Sequence[DatedLine]]:
    size = imports.BATCH_LINES
    return [lines[start : start + size] for start in range(0, len(lines), size)]
