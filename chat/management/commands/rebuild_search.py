"""`manage.py rebuild_search`: brings the index of words in step with the messages.

For operators: after an upgrade that says so, or when check_integrity finds the index wrong. The site may run meanwhile.
It goes through all messages and mends only what is wrong, so that an interrupted run loses nothing.
"""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from chat.models import Message
from chat.search.index import backend
from chat.services.search import Repaired, clear_index, repair_messages


class Command(BaseCommand):
    """`manage.py rebuild_search [--dry-run | --check | --clear]`."""

    help = "Mend the search index: add what is missing, renew what is out of date, drop what is left over."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--dry-run", action="store_true", help="Only say what is wrong.")
        how.add_argument("--check", action="store_true", help="As --dry-run, with exit code 1 when something is wrong.")
        how.add_argument("--clear", action="store_true", help="Throw the index away first; nothing is found meanwhile.")

    def handle(self, *args: Any, **options: Any) -> None:
        looking = options["dry_run"] or options["check"]
        if options["clear"]:
            clear_index()
        done = self._go(dry_run=looking, quiet=options["verbosity"] == 0)
        told = f"{done.missing} missing, {done.stale} out of date, {done.surplus} left over"
        faults = backend().faults()
        for fault in faults:
            self.stdout.write(fault)
        if looking and (done.wrong or faults):
            if options["check"]:
                raise CommandError(f"Wrong entries: {done.wrong + len(faults)} ({told}). Run rebuild_search.")
            self.stdout.write(f"Messages: {done.seen}. Wrong: {told}.")
        elif done.wrong:
            self.stdout.write(f"Messages: {done.seen}. Mended: {told}.")
        else:
            self.stdout.write(f"Messages: {done.seen}. Nothing is wrong.")
        if faults and not looking:
            raise CommandError("The index itself is damaged: run rebuild_search --clear.")

    def _go(self, *, dry_run: bool, quiet: bool) -> Repaired:
        done, after = Repaired(), None
        with tqdm(total=Message.objects.count(), unit=" messages", disable=quiet or None) as bar:
            while True:
                batch, after = repair_messages(after=after, dry_run=dry_run)
                if after is None:
                    return done
                done += batch
                bar.update(batch.seen)
