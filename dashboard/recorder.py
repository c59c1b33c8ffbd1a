"""The background service that makes samples of what processes hand over, once a second, in one process of all.

Named in REALTIME_SERVICES and run under a lease; a holder that stalls may overlap with the next one, which the service
`record` bears. After the commit it tells the boards that somebody looks at, each in one event, whoever many look; then
the rules are asked. Where nothing happens and nobody looks it works every five seconds. Decides nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from django.db import DatabaseError, InterfaceError, connection

from chat.events import CardMoved
from dashboard.events import SamplesRecorded
from dashboard.selectors import alerts, watched
from dashboard.selectors.rights import board_topic
from dashboard.selectors.watched import Watched
from dashboard.services import alerts as judging
from dashboard.services import charts, pruning, recording
from dashboard.services.recording import Recorded
from dashboard.shapes import LogView, TableView
from realtime import protocol, threads
from realtime.hub import hub

logger = logging.getLogger(__name__)

SECONDS: Final = 1.0
QUIET_SECONDS: Final = 5.0
"""Between ticks in which nothing happened; and between readings of what no process knows, of tables and of logs."""
CLEAN_SECONDS: Final = 600.0

Lists = tuple[list[TableView], list[LogView]]


class Recorder:
    """What one holder of the lease remembers between its ticks."""

    def __init__(self) -> None:
        self._recorded = self._asked = self._listed = 0.0
        self._cleaned = time.monotonic()
        self._cleaning: asyncio.Task[None] | None = None
        self._present: dict[str, float] = {}
        self._said: dict[tuple[int, str], bytes] = {}

    async def tick(self) -> Recorded | None:
        """Records, tells and judges; None where there was nothing to do."""
        found = await threads.read(watched.waiting)
        now = time.monotonic()
        if not (found.flushes or found.watched) and now - self._recorded < QUIET_SECONDS:
            return None
        gauges = await self._gauges(now) | {"site/queue.flush": float(found.flushes)}
        recorded = await threads.write(recording.record, found=gauges)
        self._recorded = now
        if found.watched:
            await self._tell(recorded, now)
        if await threads.read(alerts.is_any_asked):
            await threads.write(judging.judge, now=recorded.at)
            await threads.write(charts.tend_charts, now=recorded.at)
        self._clean(now)
        return recorded

    def _clean(self, now: float) -> None:
        """Beside the ticks: what goes may be much, and boards move on meanwhile."""
        if now - self._cleaned >= CLEAN_SECONDS and (self._cleaning is None or self._cleaning.done()):
            self._cleaned = now
            self._cleaning = asyncio.create_task(asyncio.to_thread(_clean))

    def close(self) -> None:
        """Waits for no cleaning: whoever records next begins it anew."""
        if self._cleaning is not None:
            self._cleaning.cancel()

    async def _gauges(self, now: float) -> dict[str, float]:
        """What no process knows alone: read every few seconds, and as it was in between."""
        if now - self._asked >= QUIET_SECONDS:
            self._asked = now
            self._present = await threads.read(watched.present)
            return self._present
        return {key: value for key, value in self._present.items() if key.startswith("site/")}

    async def _tell(self, recorded: Recorded, now: float) -> None:
        listed = now - self._listed >= QUIET_SECONDS
        if listed:
            self._listed = now
        for board in await threads.read(watched.watched_boards):
            lists = await threads.read(watched.lists_of, board) if listed else ([], [])
            self._publish(board, recorded, self._news(board.board.pk, lists))
        changed = set(recorded.changed)
        for moved in await threads.read(watched.moved_curves, changed=changed, before=recorded.before, now=recorded.at):
            event = CardMoved(message=moved.message, points=moved.points)
            hub.publish_ephemeral(topic=f"room:{moved.room}", event=event, key=str(moved.message))

    def _news(self, board: int, lists: Lists) -> Lists:
        """Those of the tables and logs that do not say what they said when they were told last."""

        def is_news(name: str, data: bytes) -> bool:
            known, self._said[board, name] = self._said.get((board, name)), data
            return known != data

        tables, logs = lists
        return (
            [table for table in tables if is_news(table.source, protocol.encode(table))],
            [log for log in logs if is_news(log.source, protocol.encode(log))],
        )

    def _publish(self, board: Watched, recorded: Recorded, lists: Lists) -> None:
        tables, logs = lists
        event = SamplesRecorded(
            tick=recorded.tick,
            before=recorded.before,
            points=[[pk, *bucket] for pk in board.series for bucket in recorded.changed.get(pk, ())],
            tables=tables,
            logs=logs,
            at=recorded.at,
        )
        # A key of its own: no tick stands for another.
        hub.publish_ephemeral(topic=board_topic(board.board.pk), event=event, key=f"{recorded.at.timestamp()}")


def _clean() -> None:
    """On a thread of its own, for it may take long; its connection ends with it."""
    try:
        pruning.prune_samples()
    except (DatabaseError, InterfaceError) as error:
        logger.warning("Old samples stay until the next cleaning: %r", error)
    finally:
        connection.close()


async def recorder() -> None:
    """Ticks once a second until it is cancelled; what the database does not take now waits where it is."""
    recording_now = Recorder()
    try:
        await _tick_forever(recording_now)
    finally:
        recording_now.close()


async def _tick_forever(recording_now: Recorder) -> None:
    failing = False
    due = time.monotonic()
    while True:
        due = max(due + SECONDS, time.monotonic())
        await asyncio.sleep(due - time.monotonic())
        try:
            await recording_now.tick()
            failing = False
        except (DatabaseError, InterfaceError) as error:
            if not failing:
                logger.warning("Nothing can be recorded now, and nothing is lost: %r", error)
            failing = True
