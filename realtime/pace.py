"""When the hub's next flush is due: while more events are on their way, frames of several transactions go in one write.

Used by hub.py only. Pure: the clock is passed in.
"""

from __future__ import annotations

from typing import Final

REST_SECONDS: Final = 0.02
BUSY_FACTOR: Final = 3
IDLE_FACTOR: Final = 0.5


class Pace:
    """Flushes rest half as long as they last, three times as long while the writer has more; at most REST_SECONDS.

    A write to a socket costs the kernel much the same for one event as for ten, so a room of five hundred is told of
    ten messages at the price of one; a room of five rests for microseconds. The first event after a pause never waits.
    """

    __slots__ = ("_ended", "_lasted")

    def __init__(self) -> None:
        self._ended = self._lasted = 0.0

    def flushed(self, started: float, ended: float) -> None:
        """A flush is over."""
        self._ended = ended
        self._lasted = ended - started

    def rest(self, now: float, *, busy: bool) -> float:
        """Seconds that the next flush may wait; `busy`: more events are surely on their way."""
        wanted = self._lasted * (BUSY_FACTOR if busy else IDLE_FACTOR)
        return max(0.0, self._ended + min(REST_SECONDS, wanted) - now)
