"""The background service that works for every server that is switched on, in one process of all.

Named in REALTIME_SERVICES; `manage.py bridge_mattermost` runs the same service under the same lease. Whoever begins to
work for a server takes a new epoch: what a process that stalled still wants to write is refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from integrations.bridge.following import follow_rooms
from integrations.bridge.hearing import Keeper
from integrations.bridge.receiving import Receiver
from integrations.bridge.sending import Sender
from integrations.bridge.typing import Typist
from integrations.mattermost.examining import in_words
from integrations.mattermost.listening import Listener, Pace
from integrations.mattermost.rest import Kind, Server, ServerRefused
from integrations.mattermost.wire import Unreadable
from integrations.models import MattermostServer
from integrations.services.bridges import setup, steps
from integrations.services.bridges.setup import Access, Fenced
from outbound.client import Client
from realtime import threads
from realtime.hub import hub
from realtime.protocol import Refused

logger = logging.getLogger(__name__)

SERVICE: Final = "integrations.bridge.runner.runner"
LOOK_SECONDS: Final = 5.0
POLL_SECONDS: Final = 1.0
"""The most that a room of another process waits for its message to be told where no bell is heard."""
AGAIN_SECONDS: Final = (5.0, 10.0, 30.0, 60.0)
BEAT_SECONDS: Final = 15.0
BEGIN_SECONDS: Final = (0.23, 0.27, 0.31)
"""Between the first questions for the time: their fractions of a second differ, so that they tell more together."""
_PACE: Final = Pace()


class _Bells:
    """Wakes whoever works in this process; bound to the loop on which the service runs."""

    def __init__(self) -> None:
        self.events: set[asyncio.Event] = set()

    def ring(self) -> None:
        """There may be something to do."""
        for event in self.events:
            event.set()


_bells: Final = _Bells()


def wake() -> None:
    """There may be something to tell; from any thread. Where the service runs elsewhere, it looks by itself."""
    hub.on_loop(_bells.ring)


class Work:
    """One process at work for one server, until it is cancelled or another process begins."""

    def __init__(self, access: Access, client: Client) -> None:
        self._access = access
        self._server = Server(url=access.url, token=access.token, client=client)

    async def introduce(self) -> None:
        """Asks who we are there, once.

        Raises:
            ServerRefused, Unreadable: the server does not say.
            Fenced: another process works for the server.
        """
        account = await self._server.me()
        options = await self._server.options()
        renames = options.get("EnablePostUsernameOverride") == "true"
        await threads.write(
            setup.note_account,
            access=self._access,
            account_id=account.id,
            account_name=account.username,
            version=str(options.get("Version") or ""),
            renames=renames,
        )
        self._access = replace(self._access, account_id=account.id, renames=renames)

    async def introduce_at_last(self) -> None:
        """As introduce, again and again until the server says it."""
        tries = 0
        while True:
            try:
                await self.introduce()
            except (ServerRefused, Unreadable) as error:
                await self._note_trouble(error)
            else:
                return
            await asyncio.sleep(AGAIN_SECONDS[min(tries, len(AGAIN_SECONDS) - 1)])
            tries += 1

    async def _note_trouble(self, error: ServerRefused | Unreadable) -> None:
        refused = isinstance(error, ServerRefused) and error.kind is Kind.TOKEN
        state = MattermostServer.State.REFUSED if refused else MattermostServer.State.BROKEN
        words = error.words if isinstance(error, ServerRefused) else str(error)
        await threads.write(setup.note_state, server_id=self._access.server, state=state, error=words)

    async def run(self, pace: Pace = _PACE) -> None:
        """Hears, applies and tells until it is cancelled; ends with a group of what went wrong."""
        receiving, sending = asyncio.Event(), asyncio.Event()
        _bells.events |= {receiving, sending}
        access, typist = self._access, Typist(self._access, self._server)

        def heard(frames: bytes) -> None:
            sending.set()
            typist.hear(frames)

        listener = Listener(
            url=access.url,
            token=access.token,
            hearer=Keeper(access, receiving.set, typist),
            cursor=access.cursor,
            pace=pace,
            ask=lambda: in_words(url=access.url, token=access.token),
        )
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(listener.run())
                group.create_task(_again(Receiver(access, self._server).round, receiving))
                group.create_task(_again(Sender(access, self._server).round, sending))
                group.create_task(follow_rooms(server_id=access.server, heard=heard))
                group.create_task(typist.run())
                group.create_task(self._beat())
        finally:
            _bells.events -= {receiving, sending}

    async def _beat(self) -> None:
        """Says that somebody works here, and learns how the server's clock goes."""
        clock = self._server.clock
        for pause in BEGIN_SECONDS:
            with suppress(ServerRefused):
                await self._server.ping()
            await asyncio.sleep(pause)
        while True:
            await threads.write(steps.beat, server_id=self._access.server, clock_ms=clock.ahead_ms)
            await asyncio.sleep(BEAT_SECONDS)

    async def once(self, told: Callable[[int], None] = lambda done: None) -> int:
        """Catches up every link and tells what is due, without listening; answers how many steps that took."""
        await threads.write(setup.note_missed, access=self._access)
        receiver, sender = Receiver(self._access, self._server), Sender(self._access, self._server)
        steps = 0
        while done := await receiver.round() + await sender.round():
            steps += done
            told(steps)
        return steps


async def _again(work: Callable[[], Awaitable[int]], event: asyncio.Event) -> None:
    while True:
        event.clear()
        if await work():
            continue
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await event.wait()
        except TimeoutError:
            continue


async def work_for(server_id: int, pace: Pace = _PACE) -> None:
    """Works for one server until it is cancelled, another process begins or something breaks."""
    try:
        access = await threads.write(setup.begin_work, server_id=server_id)
    except Refused as refused:
        state = MattermostServer.State.REFUSED
        await threads.write(setup.note_state, server_id=server_id, state=state, error=refused.message)
        return
    try:
        async with Client() as client:
            work = Work(access, client)
            await work.introduce_at_last()
            await work.run(pace)
    except* Fenced:
        logger.info("Another process works for Mattermost server %s now", server_id)


async def once(server_id: int, told: Callable[[int], None] = lambda done: None) -> int:
    """Brings one server's links up to date and ends; answers how many steps that took.

    Raises:
        Refused: it is switched off, or has no token.
        ServerRefused, Unreadable: it does not say who we are.
    """
    access = await threads.write(setup.begin_work, server_id=server_id)
    async with Client() as client:
        work = Work(access, client)
        await work.introduce()
        return await work.once(told)


async def runner() -> None:
    """Works for every server that is switched on; begins anew where something was changed in the admin."""
    at_work: dict[int, tuple[tuple[str, ...], asyncio.Task[None]]] = {}
    try:
        while True:
            wanted = await threads.read(setup.enabled_servers)
            for server_id, (known, task) in list(at_work.items()):
                if wanted.get(server_id) != known or task.done():
                    await _end(server_id, task)
                    del at_work[server_id]
            for server_id in wanted.keys() - at_work.keys():
                at_work[server_id] = wanted[server_id], asyncio.create_task(work_for(server_id))
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        for server_id, (_, task) in at_work.items():
            await _end(server_id, task)


async def _end(server_id: int, task: asyncio.Task[None]) -> None:
    task.cancel()
    for error in await asyncio.gather(task, return_exceptions=True):
        if isinstance(error, Exception):
            logger.error("The work for Mattermost server %s broke off and begins anew", server_id, exc_info=error)
