"""The figures of a board or of a series in a range of time, for whoever may see them.

Called by the views. Never writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.utils import timezone

from dashboard import panels
from dashboard.models import Series
from dashboard.selectors.boards import draft_of, published_of, series_on
from dashboard.selectors.rights import Found, find_board
from dashboard.selectors.samples import samples_of
from dashboard.selectors.series import find_series
from dashboard.series import KEPT, step_of
from dashboard.shapes import PanelView, SamplesView
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

LEAST_SECONDS: Final = 60
MOST_SECONDS: Final = max(KEPT.values())
USUAL_SECONDS: Final = 900


@dataclass(frozen=True, slots=True)
class Range:
    """Seconds since 1970, from `start` to before `end`."""

    start: int
    end: int


def range_of(*, seconds: int | None, start: int | None, end: int | None) -> Range:
    """The range that somebody asks for: the last seconds, or from a moment to another.

    Raises:
        Refused: `invalid` with field seconds, from or to.
    """
    now = int(timezone.now().timestamp())
    if start is None and end is None:
        seconds = USUAL_SECONDS if seconds is None else seconds
        if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
            raise Refused("invalid", f"A range has {LEAST_SECONDS} to {MOST_SECONDS} seconds.", field="seconds")
        return Range(now + 1 - seconds, now + 1)
    if start is None or end is None:
        raise Refused("invalid", "Name both ends of the range.", field="from" if start is None else "to")
    if not LEAST_SECONDS <= end - start <= MOST_SECONDS:
        raise Refused("invalid", f"A range has {LEAST_SECONDS} to {MOST_SECONDS} seconds.", field="to")
    if not now - MOST_SECONDS <= start <= now + LEAST_SECONDS:
        raise Refused("invalid", "Nothing is kept of that time.", field="from")
    return Range(start, end)


def board_samples(*, actor: User, board_id: int, wanted: Range, since: int | None = None) -> SamplesView:
    """The buckets of all series on a board that the person may see.

    Raises:
        Refused: `not_found`.
    """
    found = find_board(actor=actor, board_id=board_id)
    series = series_on(found, shown_to(found))
    return _samples([row.pk for row in series], wanted, since)


def shown_to(found: Found) -> list[PanelView]:
    """Panels on the page: what is published, and the draft for whoever may edit."""
    return [*published_of(found.board), *(draft_of(found.board) if found.may_edit else [])]


def series_samples(*, actor: User, series_id: int, wanted: Range, since: int | None = None) -> SamplesView:
    """The buckets of one series.

    Raises:
        Refused: `not_found`.
    """
    return _samples([find_series(actor=actor, series_id=series_id).pk], wanted, since)


def _samples(ids: list[int], wanted: Range, since: int | None) -> SamplesView:
    step = step_of(wanted.start, wanted.end, now=timezone.now().timestamp())
    return samples_of(series_ids=ids, start=wanted.start, end=wanted.end, step=step, since=since)


@dataclass(frozen=True, slots=True)
class PanelFigures:
    """A panel with the buckets of its series that the reader may see."""

    found: Found
    panel: PanelView
    series: dict[int, Series]
    samples: SamplesView


def panel_figures(*, actor: User, board_id: int, panel_id: UUID, wanted: Range) -> PanelFigures:
    """What a panel shows, for a file of figures; the draft's panel for whoever may edit.

    Raises:
        Refused: `not_found`.
    """
    found = find_board(actor=actor, board_id=board_id)
    # Of both the draft comes last: whoever edits a panel gets it as they have it.
    panel = {one.id: one for one in shown_to(found)}.get(panel_id)
    if panel is None:
        raise Refused("not_found")
    rows = {row.pk: row for row in series_on(found, [panel])}
    samples = _samples([pk for pk in panels.series_in([panel]) if pk in rows], wanted, None)
    return PanelFigures(found, panel, rows, samples)
