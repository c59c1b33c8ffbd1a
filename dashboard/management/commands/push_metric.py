"""`manage.py push_metric`: puts numbers on boards from a shell or from cron, without a token.

For operators. All of it is taken or nothing; the same rules hold as over HTTP, the rates aside.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.management.arguments import find_owner
from dashboard.services import pushing
from dashboard.services.pushing import Unreadable
from realtime.protocol import Refused

PRECISIONS: Final = ("s", "ms", "us", "ns")


class Command(BaseCommand):
    """`manage.py push_metric [NAME=NUMBER …] [--owner USERNAME] [--counter] [--unit UNIT] [--title TITLE]`."""

    help = (
        "Push numbers: NAME=NUMBER …, or lines on standard input (JSON, Prometheus' text or line protocol) when none "
        "is named. They are series of the owner's, who may put them on boards."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What is pushed, and whose it is."""
        parser.add_argument("numbers", nargs="*", metavar="NAME=NUMBER", help="For example load=0.4 queue.depth=12.")
        parser.add_argument("--owner", metavar="USERNAME", help="Whose series they are; default: the first superuser.")
        parser.add_argument("--counter", action="store_true", help="They are amounts that happened, not a state.")
        parser.add_argument("--unit", default="", help="Of these figures, for example ms.")
        parser.add_argument("--title", default="", help="Of these series, for people.")
        parser.add_argument("--precision", choices=PRECISIONS, default="ns", help="Of times in line protocol.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Pushes, and says what was made of it."""
        owner = find_owner(options["owner"])
        try:
            if options["numbers"]:
                parsed = pushing.read_push(body=_as_json(options), content_type="application/json")
            else:
                parsed = pushing.read_push(body=_standard_input(options), precision=options["precision"])
            result = pushing.push(actor=owner, parsed=parsed)
        except Unreadable as refused:
            lines = "\n".join(f"line {bad.line}: {bad.message}" for bad in refused.lines)
            raise CommandError(f"Nothing was taken.\n{lines}") from refused
        except Refused as refused:
            raise CommandError(refused.message) from refused
        told = f"{result.taken} taken for {owner.get_username()}"
        self.stdout.write(f"{told}, {result.repeated} known already, {result.ignored} ignored.")


def _standard_input(options: dict[str, Any]) -> bytes:
    if options["counter"] or options["unit"] or options["title"]:
        raise CommandError("--counter, --unit and --title go with NAME=NUMBER; JSON on standard input has its own.")
    return sys.stdin.buffer.read()


def _as_json(options: dict[str, Any]) -> bytes:
    samples = []
    for pair in options["numbers"]:
        name, equals, text = pair.partition("=")
        try:
            value = float(text) if equals else None
        except ValueError:
            value = None
        if value is None:
            raise CommandError(f"{pair!r} is not NAME=NUMBER.")
        sample = {"name": name, "value": value, "unit": options["unit"], "title": options["title"]}
        samples.append(sample | ({"kind": "counter"} if options["counter"] else {}))
    return msgspec.json.encode(samples)
