"""Background services under a lease: exactly one holder in the cluster, taken over when it dies.

Started by the first connection of a process (StartServices in collab/asgi.py) or by `manage.py run_services`, and with
them what every process does for itself, without a lease (REALTIME_PROCESS_TASKS).
A service is an async function without arguments, named in REALTIME_SERVICES. Its effects must be safe to repeat:
a holder that stalls may overlap with the next one for a moment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from realtime import threads
from realtime.hub import hub
from realtime.middleware import App, Receive, Scope, Send
from realtime.models import Lease

logger = logging.getLogger(__name__)
Service = Callable[[], Awaitable[None]]

LEASE: Final = timedelta(seconds=15)
RENEW_SECONDS: Final = 5.0
RESTART_SECONDS: Final = 2.0


@transaction.atomic
def claim(*, name: str, holder: str) -> bool:
    """Takes or renews the lease `name`; True when `holder` has it now for LEASE more."""
    # The database's clock: those of the machines may differ.
    Lease.objects.bulk_create([Lease(name=name, holder="", until=Now())], ignore_conflicts=True)
    mine = Lease.objects.filter(name=name, holder=holder)
    free = Lease.objects.filter(name=name, until__lte=Now())
    values: dict[str, Any] = {"holder": holder, "until": Now() + LEASE}
    return bool(mine.update(**values) or free.update(**values))


@transaction.atomic
def release(*, name: str, holder: str) -> None:
    """Gives the lease back, so that another process need not wait for its end."""
    Lease.objects.filter(name=name, holder=holder).update(until=Now())


def holders() -> dict[str, str]:
    """Which process holds the lease of which service now."""
    return dict(Lease.objects.filter(until__gt=Now()).values_list("name", "holder"))


async def keep(name: str, service: Service) -> None:
    """Runs `service` whenever this process holds its lease; restarts it when it ends or fails."""
    running: asyncio.Task[None] | None = None
    try:
        while True:
            held = await _claim_quietly(name)
            if held and (running is None or running.done()):
                running = asyncio.ensure_future(_run(name, service))
            elif not held and running is not None:
                running.cancel()
                running = None
            await asyncio.sleep(RENEW_SECONDS)
    finally:
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await threads.write(release, name=name, holder=hub.process)


async def _claim_quietly(name: str) -> bool:
    try:
        return await threads.write(claim, name=name, holder=hub.process)
    except Exception:
        logger.exception("The lease of service %s could not be claimed", name)
        return False


async def _run(name: str, service: Service) -> None:
    logger.info("Service %s runs here", name)
    while True:
        try:
            await service()
        except Exception:
            logger.exception("Service %s failed and is started again", name)
        await asyncio.sleep(RESTART_SECONDS)


async def run_all(*, leased: bool = True) -> None:
    """Does this process's own work and, if `leased`, keeps every service of REALTIME_SERVICES, until cancelled."""
    hub.start()
    async with asyncio.TaskGroup() as group:
        for path in settings.REALTIME_PROCESS_TASKS:
            group.create_task(_run(path, import_string(path)))
        for path in settings.REALTIME_SERVICES if leased else ():
            group.create_task(keep(path, import_string(path)))


class StartServices:
    """ASGI wrapper: starts the services of this process with its first connection, ends them with the server."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Starts once, then passes everything on; lifespan is answered here because Django knows none."""
        leased = settings.REALTIME_START_SERVICES
        if (leased or settings.REALTIME_PROCESS_TASKS) and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(run_all(leased=leased))
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self.app(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                if self._task is not None:
                    self._task.cancel()
                    await asyncio.gather(self._task, return_exceptions=True)
                await hub.stop()  # what apps keep there hands its work over while there are still threads
                await asyncio.to_thread(threads.close)
                await send({"type": "lifespan.shutdown.complete"})
                return
