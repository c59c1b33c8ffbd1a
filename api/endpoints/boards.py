"""Boards and their figures, read. Numbers are pushed in metrics.py; boards are made in the page."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from api.declared import Call, endpoint
from api.shapes import Asked, NoQuery
from dashboard import selectors
from dashboard.selectors.ranges import Range, range_of
from dashboard.shapes import BoardList, BoardSnapshot, SamplesView, SeriesList
from realtime.consumers import take_token
from realtime.ratelimit import Limit

TAG = "Numbers"
SCOPE = "metrics:read"
READS: Final = Limit(burst=40, per_second=4)
"""Of one person, over all their scripts: what goes through many samples."""
Second = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class RangeQuery(Asked, frozen=True, kw_only=True):
    """The last seconds (900), or `from` a moment `to` another in seconds since 1970; `since`: what changed after it."""

    seconds: Second | None = None
    start: Second | None = msgspec.field(name="from", default=None)
    end: Second | None = msgspec.field(name="to", default=None)
    since: Second | None = None


class SeriesQuery(Asked, frozen=True, kw_only=True):
    """Of rooms, only this one's."""

    room: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None


def _range(call: Call[RangeQuery, None]) -> Range:
    take_token(call.user.pk, "api samples", READS)
    return range_of(seconds=call.query.seconds, start=call.query.start, end=call.query.end)


@endpoint("GET", "boards", tag=TAG, scope=SCOPE)
def list_boards(call: Call[NoQuery, None]) -> BoardList:
    """What you may open: your own boards, those of your rooms, those shared with you; for staff the site's."""
    return selectors.board_list(actor=call.user)


@endpoint("GET", "boards/<int:board_id>", tag=TAG, scope=SCOPE)
def get_board(call: Call[NoQuery, None], board_id: int) -> BoardSnapshot:
    """A board with its panels and series, as of a seq of its log."""
    return selectors.board_snapshot(actor=call.user, board_id=board_id)


@endpoint("GET", "boards/<int:board_id>/samples", tag=TAG, scope=SCOPE, refuses=("invalid",))
def get_board_samples(call: Call[RangeQuery, None], board_id: int) -> SamplesView:
    """The figures of every series on a board that you may see.

    A bucket is `[at, count, total, low, high, last]`; `step` says how many seconds it has, `gaps` when nobody recorded.
    """
    return selectors.board_samples(actor=call.user, board_id=board_id, wanted=_range(call), since=call.query.since)


@endpoint("GET", "series", tag=TAG, scope=SCOPE, refuses=("not_found",))
def list_series(call: Call[SeriesQuery, None]) -> SeriesList:
    """The series that you may read: your own, those of your rooms, for staff the site's."""
    return selectors.series_list(actor=call.user, room_id=call.query.room)


@endpoint("GET", "series/<int:series_id>/samples", tag=TAG, scope=SCOPE, refuses=("invalid",))
def get_samples(call: Call[RangeQuery, None], series_id: int) -> SamplesView:
    """The figures of one series; see the samples of a board."""
    return selectors.series_samples(actor=call.user, series_id=series_id, wanted=_range(call), since=call.query.since)
