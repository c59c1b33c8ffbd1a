"""What stands on the platform's board and on a room's board before anybody changes them.

Used by services.boards. Pure: never touches Django, a database or a socket. Series are named as in catalogue.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from dashboard.shapes import PanelSeries, PanelView, ThresholdView


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A series of a panel by its name."""

    name: str
    label: str = ""
    aggregate: str = "last"
    divide: float = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """A panel whose series are still names."""

    kind: str
    title: str
    place: tuple[int, int, int, int]
    series: tuple[Shown, ...] = ()
    unit: str = ""
    source: str = ""
    low: float | None = None
    high: float | None = None
    thresholds: tuple[ThresholdView, ...] = ()

    def view(self, *, id: UUID, series: Mapping[str, int]) -> PanelView:
        """The panel with the ids of its series."""
        x, y, w, h = self.place
        return PanelView(
            id=id,
            kind=self.kind,
            title=self.title,
            x=x,
            y=y,
            w=w,
            h=h,
            unit=self.unit,
            source=self.source,
            low=self.low,
            high=self.high,
            thresholds=list(self.thresholds),
            series=[
                PanelSeries(series=series[one.name], aggregate=one.aggregate, label=one.label, divide=one.divide)
                for one in self.series
            ],
        )


def site_panels() -> list[Default]:
    """The platform's: four figures, what is going on, how fast it arrives, and on what it runs."""
    messages = Shown(name="messages", label="Messages", aggregate="per_minute")
    edits = Shown(name="edits", label="Edits", aggregate="per_minute")
    tenth = Shown(name="edits", label="Edits", aggregate="per_minute", divide=10)
    answers = Shown(name="runs", label="AI answers", aggregate="per_minute")
    half = Shown(name="delivery.p50", label="p50", aggregate="average")
    most = Shown(name="delivery.p95", label="p95", aggregate="highest")
    rare = Shown(name="delivery.p99", label="p99", aggregate="highest")
    slow = (ThresholdView(level="warn", value=60), ThresholdView(level="danger", value=120))
    return [
        Default(kind="stat", title="Messages", place=(0, 0, 3, 2), series=(messages,), unit="per min"),
        Default(kind="stat", title="Online", place=(3, 0, 3, 2), series=(Shown(name="people.online"),), unit="people"),
        Default(kind="stat", title="Edits", place=(6, 0, 3, 2), series=(edits,), unit="per min"),
        Default(kind="stat", title="Latency", place=(9, 0, 3, 2), series=(most,), unit="ms", thresholds=slow),
        Default(kind="area", title="Activity", place=(0, 2, 8, 4), series=(messages, tenth, answers), unit="per min"),
        Default(kind="log", title="Happening now", place=(8, 2, 4, 4), source="happening-now"),
        Default(kind="line", title="Delivery latency", place=(0, 6, 4, 4), series=(half, most, rare), unit="ms", low=0),
        Default(kind="table", title="Busiest rooms", place=(4, 6, 4, 4), source="busiest-rooms"),
        Default(kind="table", title="Servers", place=(8, 6, 4, 4), source="processes"),
        *_below(),
    ]


def _below() -> list[Default]:
    """What the platform's board has further down: what goes wrong, what waits, and what it costs."""
    sums = {name: Shown(name=name, aggregate="sum") for name in ("errors", "runs", "tokens", "cost")}
    lag = Shown(name="loop.lag", label="Event loop", aggregate="highest")
    commit = Shown(name="commit.p95", label="Commits p95", aggregate="highest")
    command = Shown(name="command.p95", label="Commands p95", aggregate="highest")
    waiting = Shown(name="queue.assistant", label="Runs that wait", aggregate="highest")
    flushes = Shown(name="queue.flush", label="Counts", aggregate="highest")
    behind = Shown(name="bridge.lag", label="Bridge", aggregate="highest")
    carried = (
        Shown(name="bridge.in", label="In", aggregate="average"),
        Shown(name="bridge.out", label="Out", aggregate="average"),
    )
    stuck = Shown(name="bridge.stuck")
    any_error = (ThresholdView(level="danger", value=1),)
    any_stuck = (ThresholdView(level="warn", value=1),)
    return [
        Default(kind="stat", title="Errors", place=(0, 10, 3, 2), series=(sums["errors"],), thresholds=any_error),
        Default(kind="stat", title="Runs", place=(3, 10, 3, 2), series=(sums["runs"],)),
        Default(kind="stat", title="Tokens", place=(6, 10, 3, 2), series=(sums["tokens"],)),
        Default(kind="stat", title="Cost", place=(9, 10, 3, 2), series=(sums["cost"],)),
        Default(
            kind="line", title="How long it takes", place=(0, 12, 4, 4), series=(lag, commit, command), unit="ms", low=0
        ),
        Default(kind="line", title="What waits", place=(4, 12, 4, 4), series=(waiting, flushes), low=0),
        Default(kind="log", title="Alerts", place=(8, 12, 4, 4), source="alerts"),
        Default(
            kind="area",
            title="Sockets",
            place=(0, 16, 4, 5),
            series=(Shown(name="sockets", aggregate="highest"),),
            low=0,
        ),
        Default(
            kind="line",
            title="Processor",
            place=(4, 16, 4, 5),
            series=(Shown(name="cpu", aggregate="average"),),
            unit="%",
            low=0,
        ),
        Default(kind="stat", title="Bridge behind", place=(8, 16, 4, 2), series=(behind,), unit="s"),
        Default(kind="table", title="Assistant use", place=(8, 18, 4, 3), source="assistant-use"),
        Default(kind="area", title="Bridge", place=(0, 21, 8, 4), series=carried, unit="per min", low=0),
        Default(kind="stat", title="Bridge, stuck", place=(8, 21, 4, 2), series=(stuck,), thresholds=any_stuck),
    ]


def health_panels() -> list[Default]:
    """A board of somebody of the staff who watches how fast everything goes."""
    messages = Shown(name="messages", label="Messages", aggregate="per_minute")
    edits = Shown(name="edits", label="Edits", aggregate="per_minute")
    most = Shown(name="delivery.p95", label="p95", aggregate="highest")
    half = Shown(name="delivery.p50", label="p50", aggregate="average")
    lag = Shown(name="loop.lag", label="Event loop", aggregate="highest")
    commit = Shown(name="commit.p95", label="Commits", aggregate="highest")
    slow = (ThresholdView(level="warn", value=60), ThresholdView(level="danger", value=120))
    busy = (ThresholdView(level="warn", value=70), ThresholdView(level="danger", value=90))
    return [
        Default(kind="stat", title="Messages", place=(0, 0, 4, 2), series=(messages,), unit="per min"),
        Default(kind="stat", title="Online", place=(4, 0, 4, 2), series=(Shown(name="people.online"),), unit="people"),
        Default(kind="stat", title="Edits", place=(8, 0, 4, 2), series=(edits,), unit="per min"),
        Default(
            kind="line",
            title="Delivery latency",
            place=(0, 2, 8, 4),
            series=(most, half),
            unit="ms",
            low=0,
            thresholds=slow,
        ),
        Default(
            kind="gauge",
            title="Processor",
            place=(8, 2, 4, 4),
            series=(Shown(name="cpu", aggregate="average"),),
            unit="%",
            low=0,
            high=100,
            thresholds=busy,
        ),
        Default(kind="area", title="Lag", place=(0, 6, 8, 4), series=(lag, commit), unit="ms", low=0),
        Default(kind="table", title="Busiest rooms", place=(8, 6, 4, 4), source="busiest-rooms"),
    ]


HEALTH: Final = "health"
ROOM: Final = "room"
"""What a board of one's own may begin with: how fast the site is, for staff; a room's figures, for its members."""


def room_panels() -> list[Default]:
    """A room's: what is said and written, by whom, where, and what it costs."""
    messages = Shown(name="messages", label="Messages", aggregate="sum")
    edits = Shown(name="edits", label="Edits", aggregate="sum")
    tenth = Shown(name="edits", label="Edits", aggregate="sum", divide=10)
    people = Shown(name="people", label="People", aggregate="highest")
    answers = Shown(name="answers", label="Answers", aggregate="sum")
    return [
        Default(kind="stat", title="Messages", place=(0, 0, 3, 2), series=(messages,)),
        Default(kind="stat", title="People", place=(3, 0, 3, 2), series=(people,), unit="here"),
        Default(kind="stat", title="Edits", place=(6, 0, 3, 2), series=(edits,)),
        Default(kind="stat", title="Assistant", place=(9, 0, 3, 2), series=(answers,), unit="answers"),
        Default(kind="area", title="Talk and code", place=(0, 2, 8, 4), series=(messages, tenth)),
        Default(kind="table", title="Edits per author", place=(8, 2, 4, 4), source="edits-per-author"),
        Default(kind="table", title="Hot files", place=(0, 6, 4, 4), source="hot-files"),
        Default(kind="table", title="Open discussions", place=(4, 6, 4, 4), source="open-discussions"),
        Default(kind="table", title="Assistant use", place=(8, 6, 4, 4), source="assistant-use"),
    ]
