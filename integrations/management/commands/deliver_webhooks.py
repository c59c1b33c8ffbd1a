"""`manage.py deliver_webhooks --once`: takes what is due to its addresses, here and now.

For sites that run no background services, from cron for example; beside a running one it does no harm. Without --once
it goes on until Ctrl-C.
"""

from __future__ import annotations

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from integrations.runner import AT_ONCE, deliver_due, runner
from outbound.client import Client
from realtime import threads


class Command(BaseCommand):
    """`manage.py deliver_webhooks`."""

    help = "Delivers outgoing webhooks that are due."

    def add_arguments(self, parser: CommandParser) -> None:
        """--once."""
        parser.add_argument("--once", action="store_true", help="Stop when nothing is due any more.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delivers."""
        try:
            asyncio.run(self._once() if options["once"] else runner())
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    async def _once(self) -> None:
        done = 0
        try:
            async with Client(connections=AT_ONCE) as client:
                while found := await deliver_due(client):
                    done += found
        finally:
            await asyncio.to_thread(threads.close)
        self.stdout.write(f"Attempts made: {done}.")
