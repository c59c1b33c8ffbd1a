"""Panels of a board as values: what one may hold, how a change is laid over it, and in which order they stand.

Called by dashboard.services and selectors. Places are wishes: panels may overlap, and the page moves up whatever has
free cells above it, so that two people who move panels at once never refuse each other. Pure: never touches Django, a
database, a clock or a socket.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from chat import texts
from chat.markdown import render
from dashboard.events import ChangePanel
from dashboard.shapes import AGGREGATES, COLUMNS, LEVELS, PANEL_KINDS, PanelSeries, PanelView, ThresholdView
from realtime.protocol import Refused

PANELS_MOST: Final = 40
ROWS_MOST: Final = 400
HEIGHT_MOST: Final = 40
SERIES_MOST: Final = 12
THRESHOLDS_MOST: Final = 6
TITLE_CHARS: Final = 80
LABEL_CHARS: Final = 60
UNIT_CHARS: Final = 24
TEXT_CHARS: Final = 8_000
ONE_SERIES: Final = frozenset({"stat", "gauge"})
LISTS: Final = frozenset({"table", "log"})
"""Kinds that show a source."""
CHANGED: Final = (
    "kind", "title", "x", "y", "w", "h", "series", "unit", "low", "high", "thresholds", "source", "text",
)  # fmt: skip
"""What of a panel can be changed."""


def in_order(panels: Iterable[PanelView]) -> list[PanelView]:
    """Panels as they are read: from the upper left, row by row."""
    return sorted(panels, key=lambda panel: (panel.y, panel.x, str(panel.id)))


def are_same(some: Iterable[PanelView], others: Iterable[PanelView]) -> bool:
    """Whether two boards look the same, however often their panels were changed."""
    return [replace(panel, version=1) for panel in in_order(some)] == [
        replace(panel, version=1) for panel in in_order(others)
    ]


def changed(panel: PanelView, wish: ChangePanel) -> PanelView:
    """The panel with what the wish names, checked; its version is not moved.

    Raises:
        Refused: `invalid` or `too_large`, with the field at fault.
    """
    given = {name: getattr(wish, name) for name in CHANGED if getattr(wish, name) is not UNSET}
    return checked(replace(panel, **given))


def checked(panel: PanelView) -> PanelView:
    """The panel as it is stored.

    Raises:
        Refused: `invalid` or `too_large`, with the field at fault.
    """
    if panel.kind not in PANEL_KINDS:
        raise Refused("invalid", f"A panel is one of {', '.join(PANEL_KINDS)}.", field="kind")
    _check_place(panel)
    _check_axis(panel)
    if len(panel.thresholds) > THRESHOLDS_MOST:
        raise Refused("invalid", f"A panel has at most {THRESHOLDS_MOST} thresholds.", field="thresholds")
    text = clean_text(panel.text)
    return replace(
        panel,
        title=texts.clean_line(panel.title, field="title", most=TITLE_CHARS),
        unit=texts.clean_line(panel.unit, field="unit", most=UNIT_CHARS),
        source=texts.clean_line(panel.source, field="source", most=TITLE_CHARS),
        series=_checked_series(panel),
        thresholds=[_checked_threshold(one) for one in panel.thresholds],
        text=text,
        html=ready_text(text),
    )


def clean_text(text: str) -> str:
    """The Markdown of a panel as it is stored.

    Raises:
        Refused: `too_large`.
    """
    return texts.clean_body(text, may_be_empty=True, most=TEXT_CHARS) if text else ""


def ready_text(text: str) -> str:
    """The same as it is shown."""
    return render(text).html if text else ""


def _check_place(panel: PanelView) -> None:
    _check_whole(panel.x, "x", 0, COLUMNS - 1)
    _check_whole(panel.y, "y", 0, ROWS_MOST)
    _check_whole(panel.w, "w", 1, COLUMNS)
    _check_whole(panel.h, "h", 1, HEIGHT_MOST)
    if panel.x + panel.w > COLUMNS:
        raise Refused("invalid", f"A board has {COLUMNS} columns: this panel would reach beyond them.", field="w")


def _check_whole(value: int, field: str, least: int, most: int) -> None:
    if not least <= value <= most:
        raise Refused("invalid", f"{field} is {least} to {most}.", field=field)


def _check_axis(panel: PanelView) -> None:
    for field, value in (("low", panel.low), ("high", panel.high)):
        _check_finite(value, field)
    if panel.low is not None and panel.high is not None and panel.low >= panel.high:
        raise Refused("invalid", "The lowest figure of the axis must be below the highest.", field="high")


def _check_finite(value: float | None, field: str) -> None:
    if value is not None and not math.isfinite(value):
        raise Refused("invalid", "This is no number that can be shown.", field=field)


def _checked_series(panel: PanelView) -> list[PanelSeries]:
    most = 1 if panel.kind in ONE_SERIES else SERIES_MOST
    if len(panel.series) > most:
        told = "one series" if most == 1 else f"at most {most} series"
        raise Refused("invalid", f"A panel of this kind has {told}.", field="series")
    return [_checked_one(one) for one in panel.series]


def _checked_one(one: PanelSeries) -> PanelSeries:
    if one.aggregate not in AGGREGATES:
        raise Refused("invalid", f"A figure is one of {', '.join(AGGREGATES)}.", field="series")
    if not math.isfinite(one.divide) or one.divide <= 0:
        raise Refused("invalid", "Figures are divided by a number above nought.", field="series")
    return replace(one, label=texts.clean_line(one.label, field="series", most=LABEL_CHARS))


def _checked_threshold(one: ThresholdView) -> ThresholdView:
    if one.level not in LEVELS:
        raise Refused("invalid", f"A threshold is one of {', '.join(LEVELS)}.", field="thresholds")
    _check_finite(one.value, "thresholds")
    return one


def series_in(panels: Iterable[PanelView]) -> list[int]:
    """Ids of the series that the panels show, each once, in order."""
    return list(dict.fromkeys(one.series for panel in panels for one in panel.series))


def sources_in(panels: Iterable[PanelView]) -> list[str]:
    """Names of the sources that the panels list, each once, in order."""
    return list(dict.fromkeys(panel.source for panel in panels if panel.kind in LISTS and panel.source))
