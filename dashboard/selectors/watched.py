"""What the recorder asks each second: is there anything to do, who looks at what, and how are things now.

Called by dashboard.recorder only. Never writes, and leaves out what not everybody who sees a board may see.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from chat.selectors.joined import counts_among
from dashboard import catalogue, panels
from dashboard.models import Board, Chart, Flush, Watch
from dashboard.selectors import boards, sources
from dashboard.selectors.measuring import Wanted, curve_step, points_of
from dashboard.selectors.rights import places_of, viewers
from dashboard.selectors.samples import samples_of
from dashboard.shapes import LogView, SamplesView, TableView
from realtime import presence

logger = logging.getLogger(__name__)

CHARTS_MOST: Final = 200
"""That move at once; the newest of more."""
CHART_FIGURES: Final = 3
"""Told of a chart at once: the bucket that grows, and those that it missed."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What there is to do: rows that were handed over, and whether anybody would see what becomes of them."""

    flushes: int
    watched: bool


@dataclass(frozen=True, slots=True)
class Watched:
    """A board that somebody looks at.

    Attributes:
        series: those of its panels that all who see it may see.
        names: of the sources in its panels.
    """

    board: Board
    series: list[int]
    names: set[str]


@dataclass(frozen=True, slots=True)
class Moved:
    """New figures of a chart in a message."""

    room: int
    message: UUID
    points: list[list[float]]


def waiting() -> Waiting:
    """Whether the recorder has anything to do."""
    return Waiting(Flush.objects.count(), _watches().exists() or _charts().exists())


def _watches() -> QuerySet[Watch]:
    return Watch.objects.filter(until__gt=Now())


def _charts() -> QuerySet[Chart]:
    return Chart.objects.filter(live_until__gt=Now())


def watched_boards() -> list[Watched]:
    """The boards that somebody looks at now, in any process."""
    found = Board.objects.filter(pk__in=_watches().values("board"))
    shown = {board: boards.panels_shown(board) for board in found}
    told = boards.told_to_all([(board, sorted(panels.series_in(views))) for board, views in shown.items()])
    return [Watched(board, told[board.pk], set(panels.sources_in(views))) for board, views in shown.items()]


def lists_of(watched: Watched) -> tuple[list[TableView], list[LogView]]:
    """What the tables and logs of a board say now to all who see it."""
    if not watched.names:
        return [], []
    board = watched.board
    place = places_of([board])[board.pk]
    rooms = {int(name.split("/")[1]) for name in watched.names if name.startswith("room/")}
    owner = viewers(user_ids=[place.owner], room_ids=rooms)[place.owner] if place.owner is not None else None
    return sources.told_to_all(place=place, owner=owner, names=watched.names)


def moved_charts(*, changed: Collection[int], now: datetime) -> list[Moved]:
    """New figures of the charts in rooms whose series changed.

    Args:
        changed: ids of series.
        now: of the tick.
    """
    charts = list(_charts().filter(series__in=changed).select_related("series").order_by("-live_until")[:CHARTS_MOST])
    views = {step: _newest(charts, step, now) for step in {curve_step(chart.seconds) for chart in charts}}
    found = []
    for chart in charts:
        points = points_of(Wanted(chart.series, chart.aggregate), views[curve_step(chart.seconds)])
        if points:
            found.append(Moved(chart.room_id, chart.message, points))
    return found


def _newest(charts: Collection[Chart], step: int, now: datetime) -> SamplesView:
    """The last buckets of the charts with this step, read at once."""
    end = int(now.timestamp()) + 1
    ids = {chart.series_id for chart in charts if curve_step(chart.seconds) == step}
    return samples_of(series_ids=ids, start=end - CHART_FIGURES * step, end=end, step=step)


def present() -> dict[str, float]:
    """Gauges that no process knows alone, by the key of their series."""
    here = presence.here()
    rooms = Board.objects.filter(kind=Board.Kind.ROOM, room__isnull=False).values_list("room_id", flat=True)
    found = {catalogue.site_key("people.online"): float(len(here))}
    for room, count in counts_among(user_ids=here, room_ids=[room for room in rooms if room]).items():
        found[catalogue.room_key(room, "people")] = float(count)
    for path in settings.DASHBOARD_GAUGES:
        try:
            found |= {catalogue.site_key(name): value for name, value in import_string(path)().items()}
        except Exception:
            logger.exception("The figures of %s are missing", path)
    return found
