"""What a process hands over each second, and how the hands of many are put together.

Written by the flusher and by whoever brings numbers from outside, read by dashboard.services.recording. Pure: never
touches Django, a database or a socket.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from dashboard.series import RESOLUTIONS, is_countable

Share = tuple[float, float, float]
"""Lower and upper end of a bucket of a histogram, and how many fell into it."""


class Flushed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one process counted since its flush before. Keys that a newer release adds are passed over.

    Attributes:
        label: of the process, for people.
        counters: series of the site -> how much it grew.
        rooms: (room, what happened, how much).
        histograms: metric -> what fell into its buckets; empty ones are left out.
        gauges: series of the site -> value now.
        points: numbers from outside: (id of the series, milliseconds since 1970, value).
    """

    label: str = ""
    counters: dict[str, float] = {}
    rooms: list[tuple[int, str, float]] = []
    histograms: dict[str, list[Share]] = {}
    gauges: dict[str, float] = {}
    points: list[tuple[int, int, float]] = []

    @property
    def is_news(self) -> bool:
        """Whether anything happened, apart from commits, which telling of it makes itself."""
        return bool(self.counters or self.rooms or self.points or self.histograms.keys() - {"collab_commit_seconds"})


def encode(flushed: Flushed) -> str:
    """As a row of Flush holds it."""
    return msgspec.json.encode(flushed).decode()


def decode(data: str) -> Flushed:
    """What a row of Flush holds.

    Raises:
        msgspec.DecodeError: it is none of ours.
    """
    return msgspec.json.decode(data, type=Flushed)


class Tally:
    """Measurements of one series, gathered into buckets of one second."""

    def __init__(self) -> None:
        self._seconds: dict[int, tuple[int, float, float, float, float, int]] = {}

    def add(self, ms: int, value: float) -> None:
        """Takes a measurement; what is no number, or too large for any sum, is passed over."""
        if not is_countable(value):
            return
        at = ms // 1000
        found = self._seconds.get(at)
        self._seconds[at] = (1, value, value, value, value, ms) if found is None else _with(found, value, ms)

    def join(self, other: Tally) -> None:
        """Takes all that another one gathered of the same series."""
        for at, sums in other._seconds.items():
            found = self._seconds.get(at)
            self._seconds[at] = sums if found is None else _both(found, sums)

    def newest(self) -> tuple[int, float]:
        """When the newest was measured, in milliseconds, and what it was."""
        *_, last, ms = self._seconds[max(self._seconds)]
        return ms, last

    def __bool__(self) -> bool:
        return bool(self._seconds)

    def rows(self, oldest: Mapping[int, float]) -> list[tuple[int, int, int, float, float, float, float, int]]:
        """(resolution, at, count, total, low, high, last, last_ms), not older than `oldest` of their resolution."""
        found: dict[tuple[int, int], tuple[int, float, float, float, float, int]] = {}
        for at, one in sorted(self._seconds.items()):
            for resolution in RESOLUTIONS:
                if at < oldest[resolution]:
                    continue
                key = resolution, at - at % resolution
                found[key] = _both(found[key], one) if key in found else one
        return [(*key, *one) for key, one in found.items()]


_Sums = tuple[int, float, float, float, float, int]


def _with(found: _Sums, value: float, ms: int) -> _Sums:
    return _both(found, (1, value, value, value, value, ms))


def _both(one: _Sums, other: _Sums) -> _Sums:
    """Two pieces of a bucket as one; `last` is the later one's, of two of one moment the other's."""
    newer = other if other[5] >= one[5] else one
    return one[0] + other[0], one[1] + other[1], min(one[2], other[2]), max(one[3], other[3]), newer[4], newer[5]


def quantile(shares: Iterable[Share], share: float) -> float | None:
    """Below which value lie so many of all, by straight lines within the buckets; None without any.

    Args:
        shares: of one histogram, from as many processes as there are.
        share: 0 to 1.
    """
    together: dict[tuple[float, float], float] = {}
    for low, high, count in shares:
        together[low, high] = together.get((low, high), 0) + count
    wanted = share * sum(together.values())
    if not together or wanted <= 0:
        return None
    seen = 0.0
    for (low, high), count in sorted(together.items()):
        if seen + count >= wanted:
            return low + (high - low) * (wanted - seen) / count
        seen += count
    return max(high for _, high in together)


def as_bucket(row: Sequence[Any]) -> list[float]:
    """at, count, total, low, high, last out of a row of the database, whose sums may be decimals."""
    return [int(row[0]), int(row[1]), *(float(value) for value in row[2:6])]
