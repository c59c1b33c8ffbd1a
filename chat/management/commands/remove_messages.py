"""`manage.py remove_messages`: deletes everything that a person said, message by message.

For operators, before an account is deleted. Safe to stop and to repeat; each message leaves its tombstone and its line
in the trail, as if a moderator had deleted it.
"""

from __future__ import annotations

import argparse
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts import selectors as accounts
from chat.services.removal import delete_message
from chat.services.withdrawal import messages_of


class Command(BaseCommand):
    """`manage.py remove_messages NAME --actor NAME --reason TEXT [--dry-run]`."""

    help = "Delete all messages of a person, in every room."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="Whose messages: what stands after @.")
        parser.add_argument("--actor", metavar="NAME", required=True, help="The superuser who answers for it.")
        parser.add_argument("--reason", metavar="TEXT", required=True, help="For the trail.")
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def handle(self, *args: Any, **options: Any) -> None:
        people = accounts.people_named([options["name"], options["actor"]])
        for name in (options["name"], options["actor"]):
            if name not in people:
                raise CommandError(f"There is nobody called {name}.")
        actor = get_user_model().objects.get(pk=people[options["actor"]].id)
        if not actor.is_superuser:
            raise CommandError(f"{options['actor']} is no superuser.")
        places = list(messages_of(people[options["name"]].id))
        if options["dry_run"]:
            self.stdout.write(f"Would delete {len(places)} messages of {options['name']}.")
            return
        silent = None if options["verbosity"] else True
        for room_id, message_id in tqdm(places, unit=" messages", disable=silent):
            delete_message(actor=actor, room_id=room_id, message_id=message_id, reason=options["reason"])
        self.stdout.write(f"Deleted {len(places)} messages of {options['name']}.")
