"""The line of each document in this process: pushes that wait together are stored together.

Called by the consumer, on the event loop. One batch of a document is on its way at a time; what comes meanwhile makes
the next one. The order between processes is the database's. Never decides anything about a push.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Final

from editor import services
from editor.events import Pushed
from editor.services import Push
from realtime import threads
from realtime.protocol import Refused

logger = logging.getLogger(__name__)

BATCH_PUSHES: Final = 64
BATCH_UPDATES: Final = 256
"""Bounds of one batch: how long the first of it may wait for the last, and what still fits into the window of a socket
(`protocol.WINDOW_FRAMES`), which would otherwise read the rest from the log."""

Waiting = tuple[Push, "asyncio.Future[Pushed]"]


class Line:
    """Pushes of one document, one batch after the other. Lives only while something waits."""

    def __init__(self, document_id: int) -> None:
        self.document_id = document_id
        self.loop = asyncio.get_running_loop()
        self._waiting: deque[Waiting] = deque()
        self._task: asyncio.Task[None] | None = None

    def join(self, push: Push) -> asyncio.Future[Pushed]:
        """Puts a push at the end; the answer comes after its commit."""
        answer: asyncio.Future[Pushed] = self.loop.create_future()
        self._waiting.append((push, answer))
        if self._task is None:
            self._task = self.loop.create_task(self._serve())
        return answer

    async def _serve(self) -> None:
        try:
            while self._waiting:
                await self._store(self._next())
        finally:
            self._task = None
            if _lines.get(self.document_id) is self:
                del _lines[self.document_id]

    def _next(self) -> list[Waiting]:
        batch = [self._waiting.popleft()]
        updates = len(batch[0][0].changes)
        while self._waiting and len(batch) < BATCH_PUSHES:
            updates += len(self._waiting[0][0].changes)
            if updates > BATCH_UPDATES:
                break
            batch.append(self._waiting.popleft())
        return batch

    async def _store(self, batch: list[Waiting]) -> None:
        pushes = [push for push, _ in batch]
        try:
            outcomes = await threads.write_to(
                f"document:{self.document_id}", services.submit_batch, document_id=self.document_id, pushes=pushes
            )
        except Exception as error:  # noqa: BLE001 - the pusher's answer, whatever it is
            if len(batch) > 1:
                # One of them may be at fault. A commit that succeeded after all is found out by the client ids.
                logger.warning(
                    "%d pushes of document %d are stored one by one: %r", len(batch), self.document_id, error
                )
                for one in batch:
                    await self._store([one])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for (_, answer), outcome in zip(batch, outcomes, strict=True):
            _settle(answer, outcome)


def _settle(answer: asyncio.Future[Pushed], outcome: Pushed | Refused) -> None:
    if answer.done():
        return
    if isinstance(outcome, Refused):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


_lines: Final[dict[int, Line]] = {}


async def submit(document_id: int, push: Push) -> Pushed:
    """Stores a push with whatever else of its document waits here; answers after the commit.

    Raises:
        Refused: as `services.submit_updates`.
    """
    line = _lines.get(document_id)
    if line is None or line.loop is not asyncio.get_running_loop():
        line = _lines[document_id] = Line(document_id)
    # Shielded: a push that was begun is stored, whoever goes meanwhile.
    return await asyncio.shield(line.join(push))
