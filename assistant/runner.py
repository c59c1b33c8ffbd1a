"""Executes runs in this process: claims what waits, keeps what is written, and obeys who stops it.

Woken by the listener, the consumer and the keeper, from any thread; lives on the hub's loop and only while there is
something to do. Never decides who may ask, and never talks to a provider itself: assistant.execution does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Final
from uuid import UUID

from assistant import backends, services
from assistant.execution import Execution
from assistant.selectors.runs import may_go_on
from realtime import threads
from realtime.hub import hub

logger = logging.getLogger(__name__)

BEAT_SECONDS: Final = 0.5
"""How often what was written is kept, and how long a stop may take that somebody gave elsewhere."""
RIGHTS_SECONDS: Final = 2.0
"""How long the answer of somebody who was removed goes on at most."""
PATIENCE_SECONDS: Final = 5.0
"""How long the end of a process waits for its runs to be handed over."""


class Runner:
    """The runs of this process."""

    def __init__(self) -> None:
        self.running: dict[UUID, Execution] = {}
        self._woken = False
        self._bell = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._guard: asyncio.Task[None] | None = None
        self._rights_at = 0.0

    def wake(self) -> None:
        """There may be something to claim; on the loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._main, self._bell = loop, None, asyncio.Event()
            self.running = {}
        self._woken = True
        self._bell.set()
        if self._main is None or self._main.done():
            self._main = loop.create_task(self._run())
        if self._guard is None or self._guard.done():
            self._guard = hub.keep(self._wait_for_the_end())

    async def _wait_for_the_end(self) -> None:
        """Ends with the hub: then the runs are handed over, before their threads are closed."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            if self._main is not None and not self._main.done():
                self._main.cancel()
                await asyncio.wait([self._main], timeout=PATIENCE_SECONDS)
            await backends.close()

    async def _run(self) -> None:
        try:
            while self._woken or self.running:
                self._bell.clear()
                if self._woken:
                    self._woken = False
                    await self._claim()
                await self._wait()
                await self._beat()
        except asyncio.CancelledError:
            ending = [one.interrupt() for one in self.running.values()]
            await asyncio.gather(*ending, return_exceptions=True)
            raise

    async def _wait(self) -> None:
        if self.running and not self._woken:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._bell.wait()

    async def _claim(self) -> None:
        """Begins whatever may begin, and tells those behind it that they moved up."""
        try:
            while (run := await threads.write(services.claim_next, holder=hub.process)) is not None:
                execution = Execution(run, hub.process, self._ended)
                self.running[run.pk] = execution
                execution.begin()
                await self._move_up(run.pk)
        except Exception:
            logger.exception("No run could be claimed")  # the keeper wakes this process or another one again

    async def _move_up(self, run_id: UUID) -> None:
        for waiting in await threads.read(services.waiting_after, run_id=run_id):
            await threads.write(services.move_up, run_id=waiting)

    def _ended(self, execution: Execution) -> None:
        self.running.pop(execution.id, None)
        self.wake()

    def moved(self, run_id: UUID) -> None:
        """A run that waited was stopped: those behind it have moved up; on the loop."""
        hub.keep(self._move_up(run_id))

    # The heartbeat

    async def _beat(self) -> None:
        running = list(self.running.values())
        if not running:
            return
        try:
            written = [await one.written() for one in running]
            orders = await threads.write(services.keep_alive, holder=hub.process, written=written)
            for one in running:
                one.obey(orders.get(one.id))
            if time.monotonic() - self._rights_at >= RIGHTS_SECONDS:
                self._rights_at = time.monotonic()
                await self._check_rights(running)
        except Exception:
            # What is written is kept with the next beat; if none succeeds in time the runs are found as lost.
            logger.exception("The runs of this process could not be kept")
            await asyncio.sleep(BEAT_SECONDS)

    async def _check_rights(self, running: list[Execution]) -> None:
        for one in running:
            if not await threads.read(may_go_on, run_id=one.id):
                one.stop("Whoever asked may not write here any more.")


runner = Runner()


def wake() -> None:
    """There may be something to claim; from any thread. Where no loop runs, the keeper of a server finds it."""
    hub.on_loop(runner.wake)


def stop(run_id: UUID) -> None:
    """Somebody has stopped a run: if it is executed here it ends at once; those behind it move up."""

    def tell() -> None:
        if run_id in runner.running:
            runner.running[run_id].stop()
        else:
            runner.moved(run_id)

    hub.on_loop(tell)
