"""Boards as people read them: live movement, ranges, pause, zoom, tables, gaps, what is old, keys, phones, rights."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chat.models import Room
from chat.selectors.views import room_url
from dashboard.models import Board
from dashboard.services import publish_board, share_board, unshare_board
from dashboard.shapes import ThresholdView
from tests.browser.boards import now, own_series, panel, past, publish, push, show, ticks_of_the_site
from tests.browser.pages import elsewhere
from tests.dashboard.boarding import put
from tests.factories import make_room, say

MINUTES = 15 * 60


@pytest.fixture
def begin() -> int:
    """Fifteen minutes ago, of which everything was recorded."""
    begin = now() - MINUTES
    past(ticks_of_the_site(), begin - 60, begin + MINUTES)
    return begin


@pytest.fixture
def board(ada: Any, room: Room, begin: int) -> Board:
    """Ada's board for the members of the room: a queue as a figure and as a line, a gauge and words."""
    queue = own_series(ada, unit="jobs")
    past(queue, begin, begin + MINUTES, lambda at: 20 + at % 5)
    limits = [ThresholdView(level="warn", value=30), ThresholdView(level="danger", value=60)]
    made = publish(
        ada,
        "The shop",
        {"kind": "stat", "title": "Waiting", "series": show(queue), "w": 4, "h": 2},
        {"kind": "line", "title": "Queue", "series": show(queue, label="Jobs"), "x": 4, "w": 8},
        {"kind": "gauge", "title": "Load", "series": show(queue), "y": 2, "w": 4, "thresholds": limits, "high": 100},
        {"kind": "text", "title": "On duty", "text": "**Ines** until 18:00", "y": 4, "x": 4, "w": 4},
    )
    share_board(actor=ada, board_id=made.pk, room_id=room.pk)
    return made


def url(board: Board) -> str:
    return f"/boards/{board.pk}/"


def local(page: Page, ago: int) -> str:
    """A moment of so many seconds ago as a field of the page wants it."""
    script = """(ago) => { const date = new Date(Date.now() - ago * 1000);
        date.setMinutes(date.getMinutes() - date.getTimezoneOffset()); return date.toISOString().slice(0, 16); }"""
    return str(page.evaluate(script, ago))


def is_live(page: Page) -> None:
    """The figures of the range are there, and move."""
    expect(page.locator(".livechip")).to_have_text("Live")


def figure(page: Page, title: str) -> Any:
    return panel(page, title).locator(".value")


def test_two_people_see_a_figure_move_as_it_is_told(ada, ben, board, open_page):
    pages = [open_page(one, url(board)) for one in (ada, ben)]
    for page in pages:
        is_live(page)
    push(ada, shop_queue=42)
    for page in pages:
        expect(figure(page, "Waiting")).to_have_text("42jobs")
        expect(panel(page, "Load")).to_contain_text("Warn")
    push(ada, shop_queue=77)
    for page in pages:
        expect(figure(page, "Waiting")).to_have_text("77jobs")
        expect(panel(page, "Load")).to_contain_text("Danger")


def test_a_room_has_a_board_of_what_is_said_in_it(ada, ben, room, open_page):
    page = open_page(ada, room_url(room))
    page.get_by_role("link", name="Board of this room").click()
    expect(page).to_have_url(re.compile(f"{room_url(room)}board/$"))
    is_live(page)
    elsewhere(say, ben, room, "Is it live?")
    expect(figure(page, "Messages")).to_have_text("1")
    page.get_by_role("link", name="Chat", exact=True).click()
    expect(page.locator(".msg")).to_have_count(1)


def test_another_range_is_chosen_and_a_wrong_one_is_told_where_it_is_chosen(ada, board, open_page):
    page = open_page(ada, url(board))
    is_live(page)
    button = page.get_by_role("button", name="Last 15 min")
    button.click()
    page.get_by_role("button", name="1 hour").click()
    expect(page.locator("[data-part=range-text]")).to_have_text("Last hour")
    is_live(page)
    page.get_by_role("button", name="Last hour").click()
    page.get_by_role("textbox", name="From").fill("2026-01-02T10:00")
    page.get_by_role("textbox", name="To").fill("2026-01-02T09:00")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("alert").filter(has_text="at least a minute")).to_be_visible()
    page.get_by_role("textbox", name="From").fill(local(page, 7_200))
    page.get_by_role("textbox", name="To").fill(local(page, 60))
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".livechip")).to_be_hidden()
    expect(page.locator("[data-part=range-text]")).to_contain_text("–")


def test_a_pause_holds_the_picture_and_loses_nothing(ada, board, open_page):
    page = open_page(ada, url(board))
    is_live(page)
    before = figure(page, "Waiting").inner_text()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".behind")).to_contain_text("s behind")
    push(ada, shop_queue=91)
    # A busy machine may leave a second out.
    expect(page.locator(".behind")).to_have_text(re.compile("^([3-9]|[1-5][0-9]) s behind$"))
    assert figure(page, "Waiting").inner_text() == before
    page.get_by_role("button", name="Go on").click()
    expect(figure(page, "Waiting")).to_have_text("91jobs")
    expect(page.locator(".behind")).to_be_hidden()


def test_dragging_zooms_and_escape_goes_back(ada, board, open_page):
    page = open_page(ada, url(board))
    is_live(page)
    over = panel(page, "Queue").locator(".u-over")
    box = over.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=5)
    page.mouse.up()
    expect(page.get_by_role("button", name="Reset zoom")).to_be_visible()
    expect(page.locator("[data-part=range-text]")).to_contain_text("–")
    page.mouse.move(5, 5)
    panel(page, "Queue").focus()
    page.keyboard.press("Escape")
    is_live(page)
    expect(page.get_by_role("button", name="Last 15 min")).to_be_visible()
    expect(page.get_by_role("button", name="Reset zoom")).to_be_hidden()


def test_the_pointer_and_the_keys_move_one_crosshair_on_all_panels(ada, board, open_page):
    page = open_page(ada, url(board))
    is_live(page)
    panel(page, "Queue").locator(".u-over").hover()
    legend = panel(page, "Queue").locator(".legend b")
    expect(legend).to_contain_text("jobs")
    page.mouse.move(5, 5)
    expect(legend).to_have_text("")
    panel(page, "Waiting").focus()
    page.keyboard.press("ArrowLeft")
    expect(legend).to_contain_text("jobs")
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator("#announce")).to_contain_text("jobs")
    page.keyboard.press("Escape")
    expect(legend).to_have_text("")


def test_a_chart_is_read_as_a_table_and_stays_one_for_this_person(ada, board, open_page):
    page = open_page(ada, url(board))
    is_live(page)
    panel(page, "Queue").focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="As table").click()
    table = panel(page, "Queue").get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_text(["Time", "Jobs"])
    expect(table.get_by_role("row").nth(1)).to_contain_text("jobs")
    page.reload()
    expect(panel(page, "Queue").get_by_role("table")).to_be_visible()
    panel(page, "Queue").get_by_role("button", name="Menu of Queue").click()
    page.get_by_role("menuitem", name="As chart").click()
    expect(panel(page, "Queue").get_by_role("img")).to_have_accessible_name(re.compile("^Queue, last 15 min: Jobs 2"))


def test_the_figures_of_a_panel_are_saved_as_a_file(ada, board, open_page):
    page = open_page(ada, url(board))
    is_live(page)
    panel(page, "Queue").get_by_role("button", name="Menu of Queue").click()
    with page.expect_download() as waiting:
        page.get_by_role("menuitem", name="Download CSV").click()
    assert waiting.value.suggested_filename == "Queue.csv"
    lines = waiting.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0] == "time,Jobs (jobs)"
    assert len(lines) > MINUTES / 2


def test_a_time_in_which_nobody_recorded_is_shown_as_a_gap(ada, open_page):
    end = now()
    queue = own_series(ada)
    for begin, until in ((end - 960, end - 600), (end - 400, end)):
        past(ticks_of_the_site(), begin, until)
        past(queue, begin, until)
    board = publish(ada, "Gaps", {"kind": "line", "title": "Queue", "series": show(queue), "w": 12})
    page = open_page(ada, url(board))
    expect(panel(page, "Queue").locator(".minichip.gap")).to_contain_text("Gap ")


def test_a_feed_that_stops_is_called_old_and_its_last_figure_stays(ada, begin, open_page):
    queue = own_series(ada, unit="jobs")
    past(queue, begin, begin + MINUTES - 240, lambda at: 12)
    board = publish(ada, "Old", {"kind": "stat", "title": "Waiting", "series": show(queue), "w": 4, "h": 3})
    page = open_page(ada, url(board))
    waiting = panel(page, "Waiting")
    expect(waiting).to_contain_text("Stale")
    expect(waiting).to_contain_text("Last figure")
    expect(figure(page, "Waiting")).to_have_text("12jobs")
    push(ada, shop_queue=13)
    expect(figure(page, "Waiting")).to_have_text("13jobs")
    expect(waiting).not_to_contain_text("Stale")


def test_a_panel_is_there_for_all_as_soon_as_it_is_published(ada, ben, board, open_page):
    page = open_page(ben, url(board))
    is_live(page)
    elsewhere(put, ada, board.pk, kind="text", title="News", text="We are back.", y=9, w=6)
    elsewhere(publish_board, actor=ada, board_id=board.pk, version=board.version)
    expect(panel(page, "News")).to_contain_text("We are back.")


def test_somebody_else_is_told_that_there_is_nothing(ben, person, ada, board, room, open_page, console):
    console.allow("404")
    eve = person("eve", "Eve Moss")
    page = open_page(eve, None)
    answer = page.goto(url(board))
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_text("There is nothing here")).to_be_visible()
    secret = make_room(ada, ben, kind="private", name="secret")
    answer = page.goto(f"{room_url(secret)}board/")
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("#view")).to_contain_text("There is nothing here")


def test_a_board_goes_from_the_page_of_whom_it_is_no_longer_shown(ada, ben, board, room, open_page):
    page = open_page(ben, url(board))
    is_live(page)
    elsewhere(unshare_board, actor=ada, board_id=board.pk, room_id=room.pk)
    expect(page.get_by_text("This board is gone")).to_be_visible()
    expect(page.locator(".panelcard")).to_have_count(0)


def test_boards_are_listed_and_a_new_one_is_made(ada, ben, board, open_page, assert_accessible):
    page = open_page(ben, "/")
    page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Dashboard").click()
    expect(page.get_by_role("heading", name="Shared with you")).to_be_visible()
    expect(page.locator(".boardrow")).to_contain_text(["The shop"])
    assert_accessible(page)
    page.get_by_role("button", name="New board").click()
    page.get_by_role("textbox", name="Name").fill("Of my own")
    page.get_by_role("button", name="Create board").click()
    expect(page.get_by_role("heading", name="Of my own")).to_be_visible()
    expect(page.get_by_text("Nothing on this board yet")).to_be_visible()


def test_a_board_is_accessible_in_both_themes(ada, board, open_page, theme, assert_accessible):
    page = open_page(ada, url(board), color_scheme=theme)
    is_live(page)
    expect(figure(page, "Waiting")).to_contain_text("jobs")
    assert_accessible(page)
    page.get_by_role("button", name="Last 15 min").click()
    assert_accessible(page)


def test_a_phone_shows_a_board_in_its_width_with_the_ranges_as_a_sheet(
    ada, board, open_page, phone, assert_accessible, assert_no_sideways_scroll
):
    page = open_page(ada, url(board), **phone)
    is_live(page)
    expect(page.get_by_role("link", name="Live")).to_have_attribute("aria-current", "page")
    assert_no_sideways_scroll(page)
    assert_accessible(page)
    width = panel(page, "Queue").evaluate("(one) => one.getBoundingClientRect().width")
    assert width > 340
    page.get_by_role("button", name="Last 15 min").click()
    box = page.get_by_role("dialog", name="Range of time").bounding_box()
    assert box is not None
    assert (box["width"], box["y"] + box["height"]) == (390, 844)
    page.get_by_role("button", name="6 hours").click()
    expect(page.get_by_role("button", name="Last 6 hours")).to_be_visible()
