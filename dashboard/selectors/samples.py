"""Reads samples: of a range for a curve, the newest of each series, and when nobody recorded.

Called by the views, the alerts, the recorder and files of figures; they have asked for the rights. Never writes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC
from typing import Final

from django.db import connection

from dashboard import catalogue
from dashboard.flushed import as_bucket
from dashboard.models import Series
from dashboard.series import MINUTE, TRAILING_STEP, Bucket, resolution_of
from dashboard.shapes import SamplesView

SLACK: Final = 15
"""Seconds within which a flush, or a process without news, may be late: no gap, and read again after a tick."""

_FINE: Final = (
    "SELECT series_id, at, count, total, low, high, last FROM dashboard_sample"
    " WHERE resolution = %s AND series_id IN ({ids}) AND at >= %s AND at < %s ORDER BY series_id, at"
)
_FOLDED: Final = (
    "SELECT g.series_id, g.begin_at, g.count, g.total, g.low, g.high, s.last FROM ("
    "SELECT series_id, at - at %% {step} AS begin_at, SUM(count) AS count, SUM(total) AS total, MIN(low) AS low,"
    " MAX(high) AS high, MAX(at) AS newest FROM dashboard_sample"
    " WHERE resolution = %s AND series_id IN ({ids}) AND at >= %s AND at < %s"
    " GROUP BY series_id, at - at %% {step}) g"
    " JOIN dashboard_sample s ON s.series_id = g.series_id AND s.resolution = {resolution} AND s.at = g.newest"
    " ORDER BY g.series_id, g.begin_at"
)
_BREAKS: Final = (
    "SELECT at, following FROM (SELECT at, LEAD(at) OVER (ORDER BY at) AS following FROM dashboard_sample"
    " WHERE series_id = %s AND resolution = %s AND at >= %s AND at < %s) AS ticks"
    " WHERE following IS NULL OR following - at > %s ORDER BY at"
)
_FIRST: Final = "SELECT MIN(at) FROM dashboard_sample WHERE series_id = %s AND resolution = %s AND at >= %s AND at < %s"


def samples_of(
    *, series_ids: Collection[int], start: int, end: int, step: int, since: int | None = None
) -> SamplesView:
    """The buckets of these series from `start` to before `end`, folded to `step` seconds.

    With fine steps those of the minute before come along, for figures per minute.

    Args:
        series_ids: which the reader may see.
        start: seconds since 1970; so is `end`.
        step: seconds of a bucket, see `series.step_of`.
        since: a tick; only what may have changed after it. One that is not there yet (a clock was put back) is none.
    """
    tick = last_tick()
    begin = start - start % step
    first = begin - MINUTE if step <= TRAILING_STEP else begin
    if since is not None and since <= tick:
        first = max(first, since - SLACK - (since - SLACK) % step)
    return SamplesView(
        tick=tick,
        start=start,
        end=end,
        step=step,
        series=_buckets(series_ids, first, end, step),
        gaps=gaps_of(start=start, end=min(end, max(tick, start)), step=step),
    )


def last_tick() -> int:
    """The last tick of the recorder, in seconds since 1970; 0 before the first."""
    at = Series.objects.filter(key=catalogue.site_key("up")).values_list("last_at", flat=True).first()
    return int(at.astimezone(UTC).timestamp()) if at else 0


def latest(*, series_ids: Collection[int], seconds: int = MINUTE) -> dict[int, Bucket]:
    """What each series did in the seconds before the last tick, as one bucket; those that did nothing are left out."""
    tick = last_tick()
    found = _fine(series_ids, tick - seconds + 1, tick + 1, 1)
    return {pk: _one(buckets) for pk, buckets in found.items()}


def gaps_of(*, start: int, end: int, step: int) -> list[list[int]]:
    """[start, end] of times in which nobody recorded."""
    resolution = resolution_of(step)
    patience = max(SLACK, 2 * resolution)
    up = Series.objects.filter(key=catalogue.site_key("up")).values_list("pk", flat=True).first()
    if up is None or start >= end:
        return [[start, end]] if start < end else []
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, [up, resolution, start - patience, end])
        (first,) = cursor.fetchone()
        if first is None:
            return [[start, end]]
        cursor.execute(_BREAKS, [up, resolution, start - patience, end, patience])
        breaks = cursor.fetchall()
    gaps = [[start, first]] if first > start + resolution else []
    for at, following in breaks:
        gap = [max(start, at + resolution), end if following is None else following]
        if gap[1] - gap[0] > patience - resolution:
            gaps.append(gap)
    return gaps


def _buckets(series_ids: Collection[int], start: int, end: int, step: int) -> dict[int, list[list[float]]]:
    resolution = resolution_of(step)
    if not series_ids:
        return {}
    if resolution == step:
        return _fine(series_ids, start, end, resolution)
    ids = ", ".join(str(int(pk)) for pk in series_ids)
    sql = _FOLDED.format(ids=ids, step=int(step), resolution=resolution)
    return _read(sql, [resolution, start, end])


def _fine(series_ids: Collection[int], start: int, end: int, resolution: int) -> dict[int, list[list[float]]]:
    if not series_ids:
        return {}
    ids = ", ".join(str(int(pk)) for pk in series_ids)
    return _read(_FINE.format(ids=ids), [resolution, start, end])


def _read(sql: str, params: Sequence[int]) -> dict[int, list[list[float]]]:
    found: dict[int, list[list[float]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        for pk, *bucket in cursor.fetchall():
            found.setdefault(pk, []).append(as_bucket(bucket))
    return found


def _one(buckets: Sequence[Bucket]) -> Bucket:
    return [
        buckets[0][0],
        sum(bucket[1] for bucket in buckets),
        sum(bucket[2] for bucket in buckets),
        min(bucket[3] for bucket in buckets),
        max(bucket[4] for bucket in buckets),
        buckets[-1][5],
    ]
