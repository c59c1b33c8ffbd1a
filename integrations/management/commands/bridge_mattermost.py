"""`manage.py bridge_mattermost`: the bridge to Mattermost in a process of its own, under the lease of the service.

With --once it catches every link up, tells what waits and ends; it refuses where a process is at work already, because
two would take the servers from one another.
"""

from __future__ import annotations

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.bridge.runner import SERVICE, once, runner
from integrations.mattermost.rest import ServerRefused
from integrations.mattermost.wire import Unreadable
from integrations.services.bridges import setup
from realtime import services, threads
from realtime.hub import hub
from realtime.protocol import Refused


class Command(BaseCommand):
    """`manage.py bridge_mattermost`."""

    help = "Carries linked rooms and channels of Mattermost over."

    def add_arguments(self, parser: CommandParser) -> None:
        """--once."""
        parser.add_argument("--once", action="store_true", help="Catch up, tell what waits, and stop.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Works."""
        try:
            asyncio.run(self._once() if options["once"] else self._keep())
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    async def _keep(self) -> None:
        hub.start()
        await services.keep(SERVICE, runner)

    async def _once(self) -> None:
        try:
            if not await threads.write(services.claim, name=SERVICE, holder=hub.process):
                raise CommandError("Another process is at work for the servers. Stop it first, or let it do this.")
            try:
                for server_id in await threads.read(setup.enabled_servers):
                    await self._server(server_id)
            finally:
                await threads.write(services.release, name=SERVICE, holder=hub.process)
        finally:
            await asyncio.to_thread(threads.close)

    async def _server(self, server_id: int) -> None:
        renewal = asyncio.create_task(_renew())
        try:
            steps = await once(server_id, lambda done: self._show(server_id, done))
        except (Refused, ServerRefused, Unreadable) as error:
            words = getattr(error, "words", "") or getattr(error, "message", "") or str(error)
            raise CommandError(f"Server {server_id}: {words}") from error
        finally:
            renewal.cancel()
        self.stdout.write(f"\rServer {server_id}: up to date after {steps} steps.")

    def _show(self, server_id: int, done: int) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\rServer {server_id}: {done} steps", ending="")
            self.stdout.flush()


async def _renew() -> None:
    while True:
        await asyncio.sleep(services.RENEW_SECONDS)
        await threads.write(services.claim, name=SERVICE, holder=hub.process)
