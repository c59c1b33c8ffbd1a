"""What a board costs the page: ten thousand points that move each second hold nobody up."""

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from playwright.sync_api import CDPSession, Page, expect

from tests.browser.boards import now, own_series, panel, past, publish, push, show, ticks_of_the_site

PANELS = 12
SECONDS = 15 * 60
POINTS = 10_000
WATCH_TICKS = 8
LONG_MS = 50
"""All that a tick costs is less than one long task may be, whatever else the machine does."""

TRACED = ["toplevel", "disabled-by-default-devtools.timeline", "__metadata"]

WATCH = """() => {
    window.longTasks = [];
    const lasted = (list) => list.getEntries().map((one) => Math.round(one.duration));
    new PerformanceObserver((list) => window.longTasks.push(...lasted(list))).observe({ type: "longtask" });
}"""


def _waving(number: int, at: int) -> float:
    return (at * (number + 3)) % 97


class Ticks:
    """Counts what the recorder tells the page."""

    def __init__(self, page: Page) -> None:
        self.heard = 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._frame))

    def _frame(self, frame: Any) -> None:
        self.heard += str(frame).count('"samples.recorded"')


def spent_ms(devtools: CDPSession) -> float:
    """What the page's main thread has computed so far: its own time, not that of others on the machine."""
    found = devtools.send("Performance.getMetrics")["metrics"]
    return next(one["value"] for one in found if one["name"] == "TaskDuration") * 1_000


def longest_ms(trace: bytes) -> float:
    """The longest task of a page's main thread by what it computed: the clock counts others on the machine too."""
    found = json.loads(trace)["traceEvents"]
    pages = {(one["pid"], one["tid"]) for one in found if one.get("args", {}).get("name") == "CrRendererMain"}
    tasks = [one for one in found if one["name"] == "RunTask" and (one["pid"], one["tid"]) in pages]
    return max(float(one.get("tdur", 0)) for one in tasks) / 1_000


def hear(page: Page, ticks: Ticks, count: int, told: Callable[[], None]) -> None:
    """Waits for so many ticks, each with news of every line."""
    until = ticks.heard + count
    deadline = time.monotonic() + 60
    while ticks.heard < until and time.monotonic() < deadline:
        told()
        page.wait_for_timeout(1_000)
    assert ticks.heard >= until


def test_ten_thousand_points_move_each_second_without_a_long_task(ada: Any, open_page: Any) -> None:
    end = now()
    past(ticks_of_the_site(), end - SECONDS - 60, end)
    series = [own_series(ada, f"load.{number}") for number in range(PANELS)]
    for number, one in enumerate(series):
        past(one, end - SECONDS, end, partial(_waving, number))
    assert PANELS * SECONDS >= POINTS
    lines: list[dict[str, Any]] = [
        {
            "kind": "line",
            "title": f"Load {number}",
            "series": show(one),
            "x": number % 4 * 3,
            "y": number // 4 * 3,
            "w": 3,
            "h": 3,
        }
        for number, one in enumerate(series)
    ]
    board = publish(ada, "Busy", *lines)
    page = open_page(ada, None)
    ticks = Ticks(page)
    page.goto(f"/boards/{board.pk}/")
    expect(page.locator(".livechip")).to_have_text("Live")
    expect(panel(page, f"Load {PANELS - 1}").locator("canvas")).to_be_visible()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    tell = partial(push, ada, **{f"load_{number}": float(number) for number in range(PANELS)})
    hear(page, ticks, 2, tell)
    page.evaluate(WATCH)
    running = page.context.browser
    assert running is not None
    running.start_tracing(page=page, categories=TRACED)
    before, heard = spent_ms(devtools), ticks.heard
    hear(page, ticks, WATCH_TICKS, tell)
    each = (spent_ms(devtools) - before) / (ticks.heard - heard)
    longest = longest_ms(running.stop_tracing())
    print(f"{each:.1f} ms a tick, {longest:.1f} ms the longest task")
    print(f"long tasks by the clock: {page.evaluate('() => window.longTasks')}")
    assert each < LONG_MS
