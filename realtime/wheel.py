"""One coarse timer for all sockets of an event loop, instead of a timer each.

Called by the server's protocol classes for keepalive, handshake and close deadlines.
Never fires early; fires at most one tick late; holds an entry only while it is scheduled.
"""

import asyncio
import logging
from typing import Final, Protocol
from weakref import WeakKeyDictionary

TICK_SECONDS: Final = 0.25

logger = logging.getLogger("uvicorn.error")


class Entry(Protocol):
    """What the wheel turns: `wheel_slot` belongs to the wheel and starts as 0."""

    wheel_slot: int

    def on_turn(self) -> None:
        """Called once when the delay has passed; it may schedule itself again."""


class TimerWheel:
    """Entries by the tick in which they are due; each entry at most once."""

    __slots__ = ("_loop", "_slots", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._slots: dict[int, set[Entry]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def schedule(self, entry: Entry, delay_seconds: float) -> None:
        """Turn `entry` after `delay_seconds`, in place of any earlier appointment."""
        if entry.wheel_slot:
            self.cancel(entry)
        slot = int((self._loop.time() + delay_seconds) / TICK_SECONDS) + 1
        entry.wheel_slot = slot
        self._slots.setdefault(slot, set()).add(entry)
        if self._timer is None:
            self._timer = self._loop.call_later(TICK_SECONDS, self._turn)

    def cancel(self, entry: Entry) -> None:
        """Forget `entry`; nothing happens if it was not scheduled."""
        slot, entry.wheel_slot = entry.wheel_slot, 0
        bucket = self._slots.get(slot)
        if bucket is not None:
            bucket.discard(entry)

    def _turn(self) -> None:
        now = int(self._loop.time() / TICK_SECONDS)
        for slot in sorted(due for due in self._slots if due <= now):
            bucket = self._slots[slot]
            while bucket:
                entry = bucket.pop()
                entry.wheel_slot = 0
                try:
                    entry.on_turn()
                except Exception:
                    # One broken connection must not stop the clock of all others.
                    logger.exception("A socket's timer failed.")
            del self._slots[slot]
        self._timer = self._loop.call_later(TICK_SECONDS, self._turn) if self._slots else None


_wheels: WeakKeyDictionary[asyncio.AbstractEventLoop, TimerWheel] = WeakKeyDictionary()


def wheel_of(loop: asyncio.AbstractEventLoop) -> TimerWheel:
    """Return the wheel of `loop`, made on first use."""
    wheel = _wheels.get(loop)
    if wheel is None:
        wheel = _wheels[loop] = TimerWheel(loop)
    return wheel
