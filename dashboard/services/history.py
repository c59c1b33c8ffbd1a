"""Figures of a time in which nobody counted, out of what is stored: messages and edits have their moments.

Called by `manage.py seed_demo`, whose conversation is days old when the site starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from chat.selectors.happening import moments_of_messages
from dashboard import catalogue
from dashboard.services.boards import series_ids
from dashboard.services.recording import hand_over
from editor.selectors.activity import moments_of_edits

AT_ONCE: Final = 2_000
Point = tuple[int, int, float]


def count_again(*, since: datetime, now: datetime) -> None:
    """Hands over what was said and edited from a moment to another, and that somebody recorded then.

    What was counted in that time already would be counted twice: call it for a site that did not run.
    """
    points = _points(since, now)
    while batch := list(islice(points, AT_ONCE)):
        hand_over(points=batch)


def _points(since: datetime, now: datetime) -> Iterator[Point]:
    counted = {"messages": moments_of_messages(since=since), "edits": moments_of_edits(since=since)}
    rooms = {room for moments in counted.values() for room, _ in moments}
    keys = {catalogue.room_key(room, name) for room in rooms for name in counted}
    ids = series_ids(keys | {catalogue.site_key(name) for name in ("up", *counted)})
    up = ids[catalogue.site_key("up")]
    for second in range(int(since.timestamp()), int(now.timestamp()), 10):
        yield up, second * 1000, 1.0
    for name, moments in counted.items():
        for room, at in moments:
            ms = int(at.timestamp() * 1000)
            yield ids[catalogue.site_key(name)], ms, 1.0
            yield ids[catalogue.room_key(room, name)], ms, 1.0
