"""When feeds write what they have: durable events in one piece at the end of a turn, hints a moment later.

Used by hub.py only, on the event loop. Never decides what is due to whom.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from realtime import metrics, threads
from realtime.pace import Pace

if TYPE_CHECKING:
    from realtime.feed import Feed
    from realtime.socket import Socket

EPHEMERAL_SECONDS: Final = 0.03
"""Typing, presence and carets wait this long, so that the last value of a burst is the only one sent."""


class Flusher:
    """The feeds of one hub that have something to write."""

    def __init__(self, catch_up: Callable[[Socket], None]) -> None:
        """`catch_up` is given every socket that had no room."""
        self._catch_up = catch_up
        self._pace = Pace()
        self._dirty: dict[Feed, float] = {}
        self._waving: dict[Feed, None] = {}

    def plan(self, feed: Feed, committed: float) -> None:
        """The feed has durable events, the first of them since `committed` (monotonic)."""
        if feed in self._dirty:
            return
        self._dirty[feed] = committed
        if len(self._dirty) == 1:
            loop = asyncio.get_running_loop()
            rest = self._pace.rest(time.monotonic(), busy=threads.more_to_come())
            loop.call_later(rest, self.flush) if rest else loop.call_soon(self.flush)

    def flush(self) -> None:
        """Writes what is planned, now."""
        started = time.monotonic()
        dirty, self._dirty = self._dirty, {}
        for feed, committed in dirty.items():
            for socket in feed.flush():
                # A tick larger than the window still leaves room for its beginning.
                self._catch_up(socket)
            metrics.delivery_seconds.observe(time.monotonic() - committed)
        if dirty:
            self._pace.flushed(started, time.monotonic())

    def plan_ephemeral(self, feed: Feed) -> None:
        """The feed has hints."""
        if not self._waving:
            asyncio.get_running_loop().call_later(EPHEMERAL_SECONDS, self._flush_ephemeral)
        self._waving[feed] = None

    def _flush_ephemeral(self) -> None:
        waving, self._waving = self._waving, {}
        for feed in waving:
            feed.flush_ephemeral()
