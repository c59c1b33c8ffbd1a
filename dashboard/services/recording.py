"""Adds what processes and outside programs handed over to the samples: sums that are exact whoever is killed.

Called by the recorder once a second (`record`), by the flusher (`store_flush`) and by whoever brings numbers from
outside (`hand_over`). The samples are written here and nowhere else. Bucket times are the database's, so clocks of
machines do not matter. Never talks to a socket.
"""

from __future__ import annotations

import logging
import math
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from chat.selectors.rooms import names_of_rooms
from dashboard import catalogue, flushed
from dashboard.flushed import Flushed, Share, Tally
from dashboard.models import Flush, Process, Series
from dashboard.series import KEPT, is_countable

logger = logging.getLogger(__name__)

HELD: Final = timedelta(seconds=12)
"""A process that says nothing new tells its gauges every five seconds; so long they count as they were."""
FLUSHES_MOST: Final = 500
"""Taken in one transaction: as many seconds of so many processes."""
ROWS: Final = 400
"""Written by one statement."""
UP: Final = catalogue.site_key("up")

_INSERT: Final = (
    "INSERT INTO dashboard_sample (series_id, resolution, at, count, total, low, high, last, last_ms) VALUES "
)
_MERGE: Final = (
    " ON CONFLICT (series_id, resolution, at) DO UPDATE SET"
    " count = dashboard_sample.count + excluded.count, total = dashboard_sample.total + excluded.total,"
    " low = CASE WHEN excluded.low < dashboard_sample.low THEN excluded.low ELSE dashboard_sample.low END,"
    " high = CASE WHEN excluded.high > dashboard_sample.high THEN excluded.high ELSE dashboard_sample.high END,"
    " last = CASE WHEN excluded.last_ms >= dashboard_sample.last_ms THEN excluded.last ELSE dashboard_sample.last END,"
    " last_ms = CASE WHEN excluded.last_ms >= dashboard_sample.last_ms"
    " THEN excluded.last_ms ELSE dashboard_sample.last_ms END"
    " RETURNING series_id, resolution, at, count, total, low, high, last"
)
_SEEN: Final = "UPDATE dashboard_series SET last_at = %s, last_value = %s WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one tick brought.

    Attributes:
        at: the database's time of the tick; tick: the same in whole seconds; before: of the tick before.
        changed: id of a series -> its buckets of one second that are not what they were, as they are now.
        left: whether more is waiting.
    """

    at: datetime
    tick: int
    before: int
    changed: dict[int, list[list[float]]]
    left: bool


@transaction.atomic
def store_flush(*, process: str, number: int, data: Flushed) -> None:
    """Keeps what a process counted; the same number a second time changes nothing."""
    row = Flush(process=process, number=number, at=Now(), data=flushed.encode(data))
    Flush.objects.bulk_create([row], ignore_conflicts=True)


@transaction.atomic
def hand_over(*, points: Sequence[tuple[int, int, float]]) -> None:
    """Keeps numbers from outside for the next tick, within a second.

    Args:
        points: (id of the series, milliseconds since 1970, value); an amount for a counter.

    Raises:
        ValueError: a value is no finite number, or too large for any sum.
    """
    if not all(is_countable(value) for _, _, value in points):
        raise ValueError("a point without a finite value that can be summed up")
    if points:
        data = flushed.encode(Flushed(points=list(points)))
        Flush.objects.create(process=f"from-{uuid.uuid4().hex[:16]}", number=0, at=Now(), data=data)


@dataclass(slots=True)
class _Gathered:
    """What the flushes of a tick say together.

    Attributes:
        tallies: by the key of the series, of what the site counts itself.
        points: by the id of the series, from outside.
        histograms: metric -> what fell into its buckets.
        heard: process -> (flush, what it says), the newest.
    """

    tallies: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    points: defaultdict[int, Tally] = field(default_factory=lambda: defaultdict(Tally))
    histograms: defaultdict[str, list[Share]] = field(default_factory=lambda: defaultdict(list))
    heard: dict[str, tuple[Flush, Flushed]] = field(default_factory=dict)

    def take(self, flush: Flush, said: Flushed) -> None:
        """Adds one flush; its time is the database's."""
        ms = int(flush.at.timestamp() * 1000)
        for name, amount in said.counters.items():
            self.tallies[catalogue.site_key(name)].add(ms, amount)
        for room, name, amount in said.rooms:
            self.tallies[catalogue.room_key(room, name)].add(ms, amount)
            if name in catalogue.SITE and catalogue.SITE[name].happens:
                self.tallies[catalogue.site_key(name)].add(ms, amount)
        for series, at, value in said.points:
            self.points[series].add(at, value)
        for metric, shares in said.histograms.items():
            self.histograms[metric] += shares
        if flush.number:
            self.heard[flush.process] = flush, said

    def measure(self, gauges: Mapping[str, float], now: datetime) -> None:
        """Adds gauges as they are at the tick."""
        ms = int(now.timestamp() * 1000)
        for key, value in gauges.items():
            self.tallies[key].add(ms, value)
        for name, known in catalogue.SITE.items():
            figure = flushed.quantile(self.histograms[known.metric], known.quantile) if known.quantile else None
            if figure is not None:
                self.tallies[catalogue.site_key(name)].add(ms, figure * known.scale)


@transaction.atomic
def record(*, found: Mapping[str, float] | None = None, now: datetime | None = None) -> Recorded:
    """Takes what was handed over and adds it to the samples, in one transaction.

    Args:
        found: gauges that only the recorder knows, by the key of their series.
        now: instead of the database's clock, in tests.
    """
    up = _locked()
    now = now or database_now()
    flushes = list(Flush.objects.order_by("pk")[: FLUSHES_MOST + 1])
    taken = flushes[:FLUSHES_MOST]
    gathered = _gather(taken)
    gauges = _gauges(gathered, now) | {key: value for key, value in (found or {}).items() if math.isfinite(value)}
    gathered.measure(gauges, now)
    changed = _add(gathered, now)
    Flush.objects.filter(pk__in=[flush.pk for flush in taken]).delete()
    before = int(up.last_at.timestamp()) if up.last_at else 0
    return Recorded(now, int(now.timestamp()), before, changed, len(flushes) > FLUSHES_MOST)


def _locked() -> Series:
    """The series `site/up`, whose row lets one recorder in at a time; its last time is the tick before."""
    if (up := Series.objects.select_for_update().filter(key=UP).first()) is None:
        make_series({UP})
        up = Series.objects.select_for_update().get(key=UP)
    return up


def database_now() -> datetime:
    """What the database takes for now."""
    lite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("SELECT STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'now')" if lite else "SELECT clock_timestamp()", [])
        (now,) = cursor.fetchone()
    return datetime.fromisoformat(now).replace(tzinfo=UTC) if lite else now.astimezone(UTC)


def _gather(flushes: Sequence[Flush]) -> _Gathered:
    gathered = _Gathered()
    names = {flush.process for flush in flushes if flush.number}
    counted = dict(Process.objects.filter(pk__in=names).values_list("pk", "number"))
    for flush in flushes:
        # Its process did not hear that it was stored, and stored it again after we had taken it.
        if flush.number and flush.number <= counted.get(flush.process, 0):
            continue
        counted[flush.process] = flush.number
        try:
            gathered.take(flush, flushed.decode(flush.data))
        except msgspec.MsgspecError:
            logger.exception("Flush %d of %s cannot be read and is left out", flush.number, flush.process)
    _remember(gathered)
    return gathered


def _remember(gathered: _Gathered) -> None:
    rows = []
    for name, (flush, said) in gathered.heard.items():
        gauges = msgspec.json.encode(said.gauges).decode()
        rows.append(Process(name=name, label=said.label[:120], number=flush.number, at=flush.at, gauges=gauges))
    Process.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["name"], update_fields=["label", "number", "at", "gauges"]
    )


def _gauges(gathered: _Gathered, now: datetime) -> dict[str, float]:
    """The gauges of the processes that live, put together."""
    values: defaultdict[str, list[float]] = defaultdict(list)
    living = Process.objects.filter(at__gt=now - HELD, at__lt=now + HELD).values_list("gauges", flat=True)
    for gauges in living:
        for name, value in msgspec.json.decode(gauges, type=dict[str, float]).items():
            values[name].append(value)
    together = {
        catalogue.site_key(name): max(of_each) if catalogue.SITE[name].worst else sum(of_each)
        for name, of_each in values.items()
        if name in catalogue.SITE
    }
    return together | {UP: float(len(living))}


def _add(gathered: _Gathered, now: datetime) -> dict[int, list[list[float]]]:
    keys = {key for key, tally in gathered.tallies.items() if tally}
    ids = dict(Series.objects.filter(key__in=keys).values_list("key", "pk"))
    if missing := keys - ids.keys():
        make_series(missing)
        ids |= dict(Series.objects.filter(key__in=missing).values_list("key", "pk"))
    known = dict(Series.objects.filter(pk__in=[*gathered.points, *ids.values()]).values_list("pk", "last_at"))
    # A series from outside that was deleted meanwhile takes its points along.
    tallies = {pk: tally for pk, tally in gathered.points.items() if pk in known and tally}
    for key in keys & ids.keys():
        # What was handed over of a series that the site counts itself is of a time when it did not (history.py).
        tallies.setdefault(ids[key], Tally()).join(gathered.tallies[key])
    changed = _merge(tallies, now)
    _note_last(tallies, known, now, always=ids.get(UP, 0))
    return changed


def _merge(tallies: Mapping[int, Tally], now: datetime) -> dict[int, list[list[float]]]:
    oldest = {resolution: now.timestamp() - kept for resolution, kept in KEPT.items()}
    rows = [(pk, *row) for pk in sorted(tallies) for row in tallies[pk].rows(oldest)]
    changed: defaultdict[int, list[list[float]]] = defaultdict(list)
    with connection.cursor() as cursor:
        for start in range(0, len(rows), ROWS):
            part = rows[start : start + ROWS]
            marks = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s, %s)"] * len(part))
            cursor.execute(_INSERT + marks + _MERGE, [value for row in part for value in row])
            for pk, resolution, *bucket in cursor.fetchall():
                if resolution == 1:
                    changed[pk].append(flushed.as_bucket(bucket))
    return dict(changed)


def _note_last(
    tallies: Mapping[int, Tally], known: Mapping[int, datetime | None], now: datetime, *, always: int
) -> None:
    """When each series was heard of last; a late sample changes nothing, but a clock that was put back does."""
    rows: list[list[Any]] = []
    # In the order of their ids, as everybody who changes several series locks them.
    for pk, tally in sorted(tallies.items()):
        ms, value = tally.newest()
        at, before = datetime.fromtimestamp(ms / 1000, UTC), known.get(pk)
        if pk == always or before is None or at >= before or before > now + HELD:
            rows.append([connection.ops.adapt_datetimefield_value(at), value, pk])
    with connection.cursor() as cursor:
        cursor.executemany(_SEEN, rows)


def make_series(keys: Iterable[str]) -> None:
    """Series of what the site counts itself; of a room that is gone there is none."""
    rooms = {int(key.split("/")[1]) for key in keys if key.startswith("room/")}
    living = names_of_rooms(rooms) if rooms else {}
    rows = []
    for key in sorted(keys):
        scope, _, name = key.partition("/")
        known, room = catalogue.known_of(key), None
        if known is None:
            continue
        if scope == "room":
            room = int(name.partition("/")[0])
            if room not in living:
                continue
        unit = settings.ASSISTANT_CURRENCY if known.unit == catalogue.CURRENCY else known.unit
        rows.append(
            Series(key=key, scope=scope, room_id=room, name=known.name, title=known.title, kind=known.kind, unit=unit)
        )
    Series.objects.bulk_create(rows, ignore_conflicts=True)
