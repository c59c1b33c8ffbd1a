"""`manage.py rebuild_html`: renders all messages anew and stores what differs, after an upgrade of the renderer.

For operators; safe to stop, to repeat, and while people write. Open pages show it when they load the next time.
"""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from chat.services.rehtml import count_messages, rebuild


class Command(BaseCommand):
    """`manage.py rebuild_html [--outdated] [--dry-run]`."""

    help = "Render every message anew and store the HTML that differs; no message counts as edited by that."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--outdated", action="store_true", help="Only those rendered by an earlier HTML_VERSION.")
        parser.add_argument("--dry-run", action="store_true", help="Only count what differs.")

    def handle(self, *args: Any, **options: Any) -> None:
        outdated, dry_run = options["outdated"], options["dry_run"]
        looked, differ = 0, 0
        hidden = None if options["verbosity"] else True
        with tqdm(total=count_messages(outdated=outdated), unit=" messages", disable=hidden) as bar:
            for count, changed in rebuild(outdated=outdated, dry_run=dry_run):
                looked, differ = looked + count, differ + changed
                bar.update(count)
        self.stdout.write(f"Looked at {looked} messages; {'would change' if dry_run else 'changed'} {differ}.")
