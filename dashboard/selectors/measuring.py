"""The newest figure of series, and their curves as a message shows them: what rules and charts are made of.

Called by the services of rules, alerts and charts, and by the recorder. Never writes, and asks nobody's rights: whoever
put a series into a room had the right to show it there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dashboard.models import Feed, Series
from dashboard.selectors.samples import gaps_of, last_tick, latest, samples_of
from dashboard.series import LADDER, MINUTE, figure, figures
from dashboard.shapes import SamplesView

POINTS_MOST: Final = 120
"""In the curve of a message."""
HEARD_SECONDS: Final = 180
"""A gauge that says nothing for so long is not known; one from outside may take OUTSIDE_SECONDS."""
OUTSIDE_SECONDS: Final = 900
_RATES: Final = frozenset({"sum", "per_second", "per_minute"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A series and how its buckets become figures."""

    series: Series
    aggregate: str


def figures_now(wanted: Collection[Wanted], *, now: datetime) -> dict[tuple[int, str], float | None]:
    """The newest figure of each (series, aggregate), of the minute before; None where nobody knows.

    A counter without news did nothing, as long as somebody recorded; a gauge keeps its last value for a while.
    """
    series = {one.series.pk: one.series for one in wanted}
    found = latest(series_ids=list(series))
    recorded = now.timestamp() - last_tick() < MINUTE
    patience = _patience(series)
    return {
        (one.series.pk, one.aggregate): _figure(
            one, found.get(one.series.pk), recorded=recorded, now=now, patience=patience[one.series.pk]
        )
        for one in wanted
    }


def _figure(
    wanted: Wanted, bucket: Sequence[float] | None, *, recorded: bool, now: datetime, patience: float
) -> float | None:
    series = wanted.series
    if bucket is not None:
        return figure(bucket, wanted.aggregate, MINUTE)
    if series.kind == Series.Kind.COUNTER:
        return 0.0 if recorded and not series.outside else None
    if series.last_at is None or series.last_value is None or wanted.aggregate in _RATES:
        return None
    return series.last_value if abs((now - series.last_at).total_seconds()) <= patience else None


def _patience(series: Mapping[int, Series]) -> dict[int, float]:
    feeds = dict(Feed.objects.filter(series__in=list(series)).values_list("series", "interval_seconds"))
    usual = {pk: OUTSIDE_SECONDS if one.outside else HEARD_SECONDS for pk, one in series.items()}
    return {pk: max(seconds, 3 * feeds[pk]) if pk in feeds else seconds for pk, seconds in usual.items()}


def unbroken_since(*, start: float, now: datetime) -> float:
    """Since when somebody has recorded without a gap, looking back no further than `start`."""
    end = min(now.timestamp(), last_tick())
    gaps = gaps_of(start=int(start), end=int(end), step=1)
    return float(gaps[-1][1]) if gaps else start


def curve_step(seconds: int) -> int:
    """Seconds between two points of a curve in a message."""
    return next((step for step in LADDER if step >= 10 and seconds / step <= POINTS_MOST), LADDER[-1])


def curve(wanted: Wanted, *, seconds: int, now: datetime) -> list[list[float]]:
    """[seconds since 1970, value] of the last `seconds`, at most POINTS_MOST; where nobody knows there is none."""
    step = curve_step(seconds)
    end = int(now.timestamp()) + 1
    start = end - seconds
    samples = samples_of(series_ids=[wanted.series.pk], start=start, end=end, step=step)
    return points_of(wanted, samples)


def points_of(wanted: Wanted, samples: SamplesView) -> list[list[float]]:
    """The curve of one series in samples that were read."""
    line = figures(
        samples.series.get(wanted.series.pk, []),
        wanted.aggregate,
        samples.step,
        counter=wanted.series.kind == Series.Kind.COUNTER,
        start=samples.start,
        end=samples.end,
        gaps=samples.gaps,
    )
    return [[at, value] for at, value in line if value is not None]
