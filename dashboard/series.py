"""What a bucket of samples says as a figure, and how buckets become longer ones.

Used by the selectors, alerts and files of figures; frontend/src/dashboard/series.ts says the same, and
tests/dashboard/series_vectors.json holds the two together. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

Bucket = Sequence[float]
"""at, count, total, low, high, last (see shapes.BUCKET)."""
Figure = tuple[float, float | None]
"""When a bucket begins, and what it says; None: nobody knows."""

RESOLUTIONS: Final = (1, 10, 60, 3_600)
"""Seconds of the buckets that are stored."""
KEPT: Final[Mapping[int, int]] = {1: 7_200, 10: 93_600, 60: 1_296_000, 3_600: 63_072_000}
"""How long buckets of each resolution are kept, in seconds: 2 hours, 26 hours, 15 days, 2 years."""
STEPS: Final[Mapping[int, int]] = {900: 1, 3_600: 10, 21_600: 60, 86_400: 600, 604_800: 3_600, 7_776_000: 43_200}
"""Seconds of a bucket by the length of the range: what can be told apart in a panel. Who zooms in sees more."""
LADDER: Final = (1, 10, 60, 600, 3_600, 7_200, 21_600, 43_200, 86_400, 604_800)
BUCKETS_MOST: Final = 1_500
MINUTE: Final = 60
TRAILING_STEP: Final = 10
"""With steps up to this a figure per minute is what happened in the minute before, not a second times sixty."""
VALUE_MOST: Final = 1e100
"""The largest amount that is measured: PostgreSQL refuses a sum that no float can hold, and with it all of its tick."""


def is_countable(value: float) -> bool:
    """Whether an amount can be summed up; infinity and NaN cannot."""
    return abs(value) <= VALUE_MOST


def resolution_of(step: int) -> int:
    """The longest stored resolution of which buckets of `step` seconds can be made.

    Raises:
        ValueError: there is none: `step` is no whole number of seconds, or none at all.
    """
    if step < 1:
        raise ValueError(f"a step of {step} seconds")
    return max(resolution for resolution in RESOLUTIONS if step % resolution == 0)


def step_of(start: float, end: float, *, now: float) -> int:
    """The smallest step that gives at most BUCKETS_MOST buckets, and whose samples of then are still kept."""
    length = max(1, int(end - start))
    steps = [STEPS[length], *LADDER] if length in STEPS else list(LADDER)
    for step in steps:
        if length <= step * BUCKETS_MOST and now - start <= KEPT[resolution_of(step)] + step:
            return step
    return LADDER[-1]


def figure(bucket: Bucket, aggregate: str, step: int) -> float:
    """What one bucket of `step` seconds says.

    Raises:
        ValueError: there is no such aggregate.
    """
    _, count, total, low, high, last = bucket
    match aggregate:
        case "last":
            return last
        case "average":
            return total / count if count else last
        case "lowest":
            return low
        case "highest":
            return high
        case "sum":
            return total
        case "per_second":
            return total / step
        case "per_minute":
            return total * MINUTE / step
    raise ValueError(f"no aggregate {aggregate!r}")


def fold(buckets: Iterable[Bucket], step: int) -> list[list[float]]:
    """Buckets in their order made into buckets of `step` seconds, which must be a multiple of theirs."""
    folded: list[list[float]] = []
    for at, count, total, low, high, last in buckets:
        begin = at - at % step
        if folded and folded[-1][0] == begin:
            found = folded[-1]
            folded[-1] = [begin, found[1] + count, found[2] + total, min(found[3], low), max(found[4], high), last]
        else:
            folded.append([begin, count, total, low, high, last])
    return folded


def figures(
    buckets: Sequence[Bucket],
    aggregate: str,
    step: int,
    *,
    counter: bool,
    start: float,
    end: float,
    gaps: Sequence[Sequence[float]] = (),
) -> list[Figure]:
    """The curve of a series from `start` to before `end`.

    Of a counter every bucket has a figure, nought where nothing happened, None where nobody recorded. Of a gauge those
    that are there; between two that are further apart than it is used to, or with a gap between, stands a None.

    Args:
        buckets: in their order; of steps up to TRAILING_STEP also those of the minute before `start`.
        aggregate: one of shapes.AGGREGATES.
        step: seconds of each bucket.
        counter: whether the series is one.
        start: of the range; so is `end`.
        gaps: [start, end] of times in which nobody recorded.

    Raises:
        ValueError: there is no such aggregate.
    """
    if counter:
        return _counted(buckets, aggregate, step, start, end, gaps)
    return _measured([bucket for bucket in buckets if start <= bucket[0] < end], aggregate, step, gaps)


def _counted(
    buckets: Sequence[Bucket], aggregate: str, step: int, start: float, end: float, gaps: Sequence[Sequence[float]]
) -> list[Figure]:
    found = {bucket[0]: bucket for bucket in buckets}
    trailing = aggregate == "per_minute" and step <= TRAILING_STEP
    curve: list[Figure] = []
    at = start + -start % step
    while at < end:
        bucket = found.get(at)
        if bucket is None and _is_within(at, at + step, gaps):
            curve.append((at, None))
        elif trailing:
            minute = (found.get(at - ago) for ago in range(0, MINUTE, step))
            curve.append((at, sum(one[2] for one in minute if one is not None)))
        else:
            curve.append((at, figure(bucket, aggregate, step) if bucket is not None else 0.0))
        at += step
    return curve


def _measured(buckets: Sequence[Bucket], aggregate: str, step: int, gaps: Sequence[Sequence[float]]) -> list[Figure]:
    patience = patience_of([bucket[0] for bucket in buckets], step)
    curve: list[Figure] = []
    before: float | None = None
    for bucket in buckets:
        at = bucket[0]
        if before is not None and (at - before > patience or any(before < gap[1] and gap[0] < at for gap in gaps)):
            curve.append((before + step, None))
        curve.append((at, figure(bucket, aggregate, step)))
        before = at
    return curve


def patience_of(times: Sequence[float], step: int) -> float:
    """How long a gauge may be silent before its line breaks: three times as long as it is used to."""
    apart = sorted(after - before for before, after in itertools.pairwise(times))
    usual = apart[len(apart) // 2] if apart else step
    return 3 * max(step, usual)


def _is_within(begin: float, end: float, gaps: Sequence[Sequence[float]]) -> bool:
    """Whether nobody recorded in all of this time; in a part of it somebody did, and nothing happened."""
    return any(gap[0] <= begin and end <= gap[1] for gap in gaps)
