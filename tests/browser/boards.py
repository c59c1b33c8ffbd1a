"""Boards with a past for browser tests: panels that are published, and samples as the recorder would have stored them.

Used by the tests of boards and of charts in rooms. It asserts nothing.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, WebSocketRoute

from dashboard import services
from dashboard.models import Board, Sample, Series
from dashboard.services import pushing
from dashboard.shapes import PanelSeries
from tests.browser.pages import elsewhere
from tests.dashboard.boarding import own_board, put


def push(person: Any, **numbers: float) -> None:
    """Tells figures as a program of somebody's would: `shop_queue` is the series shop.queue."""
    told = [{"name": name.replace("_", "."), "value": value} for name, value in numbers.items()]
    parsed = pushing.read_push(body=json.dumps(told).encode(), content_type="application/json")
    elsewhere(pushing.push, actor=person, parsed=parsed)


def own_series(person: Any, name: str = "shop.queue", unit: str = "", kind: str = "gauge") -> Series:
    """A series of somebody's own."""
    key = f"person/{person.pk}/{name}"
    given = {"scope": "person", "owner": person, "name": name, "unit": unit, "kind": kind, "outside": True}
    return Series.objects.get_or_create(key=key, defaults=given)[0]


def ticks_of_the_site() -> Series:
    """The series that says that somebody recorded."""
    return Series.objects.get_or_create(key="site/up", defaults={"scope": "site", "name": "up"})[0]


def past(series: Series, begin: int, end: int, figure: Callable[[int], float] = lambda at: 5, every: int = 1) -> None:
    """Seconds of the past, from `begin` to before `end`."""
    seconds = (
        Sample(series=series, resolution=1, at=at, count=1, last_ms=at * 1_000)
        for at in range(begin, end)
        if at % every == 0
    )
    rows = []
    for row in seconds:
        row.total = row.low = row.high = row.last = figure(row.at)
        rows.append(row)
    Sample.objects.bulk_create(rows, batch_size=2_000, ignore_conflicts=True)


def now() -> int:
    """Whole seconds since 1970."""
    return int(time.time())


def show(*series: Series, **given: Any) -> list[PanelSeries]:
    """These series, in a panel."""
    return [PanelSeries(series=one.pk, **given) for one in series]


def publish(person: Any, name: str, *panels: dict[str, Any]) -> Board:
    """A board of somebody's own with these panels, which everybody who may see it sees."""
    board = own_board(person, name)
    for panel in panels:
        put(person, board.id, **panel)
    services.publish_board(actor=person, board_id=board.id, version=board.version)
    return Board.objects.get(pk=board.id)


def panel(page: Page, title: str) -> Locator:
    """A panel by its title."""
    return page.locator(f'.panelcard[aria-label="{title}"]')


class SlowLine:
    """The socket of a board on which frames of the server that hold one of these words come late: until let go."""

    def __init__(self, page: Page, *words: str) -> None:
        self._words = words
        self._held: list[tuple[WebSocketRoute, str | bytes]] = []
        page.route_web_socket(re.compile("/ws/dashboard/"), self._route)

    def _route(self, socket: WebSocketRoute) -> None:
        socket.connect_to_server().on_message(lambda frame: self._heard(socket, frame))

    def _heard(self, socket: WebSocketRoute, frame: str | bytes) -> None:
        if any(word in str(frame) for word in self._words):
            self._held.append((socket, frame))
        else:
            socket.send(frame)

    @property
    def holds(self) -> bool:
        """Whether something waits here."""
        return bool(self._held)

    def let_go(self) -> None:
        """What was held comes, and all that comes after it."""
        self._words = ()
        for socket, frame in self._held:
            socket.send(frame)
        self._held.clear()
