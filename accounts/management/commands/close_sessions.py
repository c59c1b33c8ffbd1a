"""`manage.py close_sessions`: signs people out, on every device or where they signed in long ago.

For operators, by hand or from cron; safe to stop and to repeat. Open pages close within a second, with Redis dead
within thirty. Never touches API tokens, which have an end of their own.
"""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from accounts.services import closing


class Command(BaseCommand):
    """`manage.py close_sessions [USERNAME …] [--all] [--older-than DAYS] [--dry-run]`."""

    help = "End sign-ins: of the people named, or of everybody with --all; with --older-than only those made before."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("people", metavar="USERNAME", nargs="*", help="Whose.")
        parser.add_argument("--all", action="store_true", help="Everybody's, yours too.")
        parser.add_argument("--older-than", type=int, metavar="DAYS", help="Only sign-ins made so many days ago.")
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["people"]) == options["all"]:
            raise CommandError("Give USERNAME, or --all for everybody's.")
        days = options["older_than"]
        if days is not None and days < 0:
            raise CommandError("--older-than cannot be negative.")
        users = None if options["all"] else [_find(name) for name in options["people"]]
        before = None if days is None else timezone.now() - timedelta(days=days)
        found = list(closing.find_sign_ins(users=users, made_before=before))
        people = {one.user_id for one in found}
        if options["dry_run"]:
            self.stdout.write(f"Would end {len(found)} sign-ins of {len(people)} people.")
            return
        for one in tqdm(found, unit=" sign-ins", disable=None if options["verbosity"] else True):
            closing.close_sign_in(sign_in=one, reason="operator")
        closing.note_closing(targets=people)
        self.stdout.write(f"Ended {len(found)} sign-ins of {len(people)} people.")


def _find(username: str) -> int:
    """Also somebody whose account is closed."""
    name = username.removeprefix("@").lower()
    user_id = get_user_model().objects.filter(username=name).values_list("pk", flat=True).first()
    if user_id is None:
        raise CommandError(f"There is nobody called “{username}”.")
    return user_id
