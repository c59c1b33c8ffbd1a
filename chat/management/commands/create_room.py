"""`manage.py create_room`: makes a room for people who are here already.

For operators, by hand or from scripts. Never changes a room that exists.
"""

from __future__ import annotations

import argparse
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat import services
from chat.management.arguments import find_owner, find_person
from realtime.protocol import Refused


class Command(BaseCommand):
    """`manage.py create_room NAME [--owner USERNAME] [--member USERNAME …]`."""

    help = "Make a public or private room and print its address."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", help="As it stands in the list.")
        parser.add_argument("--slug", default="", help="Last part of the address; default: made from the name.")
        parser.add_argument("--kind", choices=["public", "private"], default="public")
        parser.add_argument("--purpose", default="", help="The line beside the name.")
        parser.add_argument("--owner", metavar="USERNAME", help="Default: the first superuser.")
        parser.add_argument("--member", metavar="USERNAME", action="append", default=[], help="May be repeated.")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = find_owner(options["owner"])
        members = [find_person(name).pk for name in options["member"]]
        try:
            result = services.create_room(
                actor=owner,
                cid=uuid4(),
                kind=options["kind"],
                name=options["name"],
                slug=options["slug"],
                purpose=options["purpose"],
                members=members,
            )
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"{settings.SITE_URL}{result.room.url}")
