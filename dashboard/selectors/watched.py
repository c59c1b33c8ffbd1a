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
from dashboard.models import Alert, Board, Chart, Flush, Series, Watch
from dashboard.selectors import boards, sources
from dashboard.selectors.measuring import Wanted, curve_step, points_of
from dashboard.selectors.rights import places_of, viewers
from dashboard.selectors.samples import samples_of
from dashboard.selectors.showing import CURVE_SECONDS
from dashboard.shapes import LogView, SamplesView, TableView
from realtime import presence

logger = logging.getLogger(__name__)

CURVES_MOST: Final = 200
"""In rooms, that move at once."""
CURVE_FIGURES: Final = 3
"""Told of a curve at once: the bucket that grows, and those that it missed."""


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
    """New figures of a curve in a message."""

    room: int
    message: UUID
    points: list[list[float]]


@dataclass(frozen=True, slots=True)
class _Curve:
    """A curve in a message that moves: what it shows, and seconds between its points."""

    room: int
    message: UUID
    wanted: Wanted
    step: int


def waiting() -> Waiting:
    """Whether the recorder has anything to do."""
    return Waiting(Flush.objects.count(), _watches().exists() or _charts().exists() or _alerts().exists())


def _watches() -> QuerySet[Watch]:
    return Watch.objects.filter(until__gt=Now())


def _charts() -> QuerySet[Chart]:
    return Chart.objects.filter(live_until__gt=Now())


def _alerts() -> QuerySet[Alert]:
    return Alert.objects.filter(state=Alert.State.FIRING, message__isnull=False, rule__problem="")


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


def moved_curves(*, changed: Collection[int], before: int, now: datetime) -> list[Moved]:
    """New figures of the charts and of the alerts in rooms: where something was measured, and where nothing happened.

    Args:
        changed: ids of series.
        before: the tick before, in seconds since 1970.
        now: of this one.
    """
    curves = [*_moving_charts(), *_firing_alerts()][:CURVES_MOST]
    # A counter without news has done nothing, which is a figure as well; it is told with each new bucket.
    due = [one for one in curves if one.wanted.series.pk in changed or _is_nought(one, before, int(now.timestamp()))]
    views = {step: _newest(due, step, now) for step in {one.step for one in due}}
    found = [Moved(one.room, one.message, points_of(one.wanted, views[one.step])) for one in due]
    return [moved for moved in found if moved.points]


def _moving_charts() -> list[_Curve]:
    rows = _charts().select_related("series").order_by("-live_until")[:CURVES_MOST]
    return [
        _Curve(row.room_id, row.message, Wanted(row.series, row.aggregate), curve_step(row.seconds)) for row in rows
    ]


def _firing_alerts() -> list[_Curve]:
    rows = _alerts().select_related("rule__series").order_by("-fired_at")[:CURVES_MOST]
    return [
        _Curve(row.rule.room_id, row.message, Wanted(row.rule.series, row.rule.aggregate), curve_step(CURVE_SECONDS))
        for row in rows
        if row.message is not None
    ]


def _is_nought(curve: _Curve, before: int, tick: int) -> bool:
    return curve.wanted.series.kind == Series.Kind.COUNTER and before // curve.step != tick // curve.step


def _newest(curves: Collection[_Curve], step: int, now: datetime) -> SamplesView:
    """The last buckets of the curves with this step, read at once."""
    end = int(now.timestamp()) + 1
    ids = {one.wanted.series.pk for one in curves if one.step == step}
    return samples_of(series_ids=ids, start=end - CURVE_FIGURES * step, end=end, step=step)


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
