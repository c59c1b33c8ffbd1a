"""Runs the background services without serving anything, for sites that keep them apart (START_SERVICES=0)."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand

from realtime import services
from realtime.hub import hub


class Command(BaseCommand):
    """`manage.py run_services`, until Ctrl-C or SIGTERM."""

    help = "Run the background services; several may run, each service has one holder."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("Background services run. Ctrl-C ends them.")
        asyncio.run(_run())


async def _run() -> None:
    task = asyncio.ensure_future(services.run_all())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    await asyncio.gather(task, return_exceptions=True)
    await hub.stop()  # what apps keep there is handed over
