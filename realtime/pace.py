"""When the hub's next flush is due: while more events are on their way, frames of several transactions go in one write.

Used by hub.py only. Pure: the clock is passed in.
"""

from __future__ import annotations

from typing import Final

REST_SECONDS: Final = 0.02
REST_FACTOR: Final = 3


class Pace:
    """Flushes rest three times as long as they last, at most REST_SECONDS.

    A write to a socket costs the kernel much the same for one event as for ten, so a room of five hundred is told of
    ten messages at the price of one; a room of five rests for microseconds.
    """

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until = 0.0

    def flushed(self, started: float, ended: float) -> None:
        """A flush is over."""
        self._until = ended + min(REST_SECONDS, (ended - started) * REST_FACTOR)

    def rest(self, now: float) -> float:
        """Seconds that the next flush may wait."""
        return max(0.0, self._until - now)
