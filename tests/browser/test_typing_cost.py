"""What a key costs: the browser lays out where one writes, and never what stands above it, however long that is."""

import statistics
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from chat.models import Room
from tests.browser.pages import field
from tests.factories import make_room, say

OpenPage = Callable[..., Page]
KEYS = 25
REPLIES = 200
TIMES_MOST = 3
"""Before the log was shut off, a key in this thread cost 12 times as much layout as one in an empty room."""


def layout_of_a_key(page: Page, place: Locator) -> float:
    """Seconds of layout that a key costs: the median, so that a busy machine does not decide."""
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable")

    def spent() -> float:
        metrics = tools.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "LayoutDuration"))

    place.focus()
    place.press_sequentially("warm up ")
    costs = []
    for _ in range(KEYS):
        before = spent()
        place.press("x")
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        costs.append(spent() - before)
    return statistics.median(costs)


def test_a_key_beside_a_long_thread_costs_what_it_costs_in_an_empty_room(
    ada: Any, ben: Any, room: Room, open_page: OpenPage
) -> None:
    empty = make_room(ada, name="empty")
    root = say(ada, room, "the root")
    for number in range(REPLIES):
        say(ben, room, f"reply {number} with a few words", thread=root.pk)
    page = open_page(ada, f"/rooms/{empty.slug}/")
    expect(field(page)).to_be_focused()
    alone = layout_of_a_key(page, field(page))
    page.goto("/rooms/general/")
    page.locator(".chat [data-part=thread]").click()
    expect(page.locator(".side .msg")).to_have_count(REPLIES + 1)
    reply = page.get_by_role("textbox", name="Reply", exact=True)
    expect(reply).to_be_focused()
    assert layout_of_a_key(page, reply) < alone * TIMES_MOST
    assert layout_of_a_key(page, field(page)) < alone * TIMES_MOST
