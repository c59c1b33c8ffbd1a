"""Boards when something comes between: a server that does not answer, a hasty hand, somebody else at the same panel."""

import re
from typing import Any, ClassVar

import pytest
from playwright.sync_api import Page, Route, expect

from chat.models import Room
from chat.selectors.views import room_url
from dashboard import services
from dashboard.models import Board, Series
from dashboard.services import rules
from tests.browser.boards import now, own_series, panel, past, publish, push, show, ticks_of_the_site
from tests.browser.code import wait_until
from tests.browser.pages import Line, elsewhere, field, log, message
from tests.browser.test_dashboard_edit import add, at, card, draft, form, give, open_editing
from tests.dashboard.boarding import put
from tests.factories import say

MINUTES = 15 * 60
SAMPLES = re.compile(r"/api/boards/\d+/samples/")


class BoardLine(Line):
    """The socket of a board, which can be cut while all else goes on."""

    path: ClassVar[str] = "/ws/dashboard/"


class Deaf:
    """An address of the server that answers 503 until it is mended."""

    def __init__(self, page: Page, address: re.Pattern[str]) -> None:
        self.asked = 0
        self._page, self._address = page, address
        page.route(address, self._refuse)

    def _refuse(self, route: Route) -> None:
        self.asked += 1
        route.fulfill(status=503, json={"code": "internal", "message": "The server restarts."})

    def mend(self) -> None:
        self._page.unroute(self._address)


@pytest.fixture
def board(ada: Any, room: Room) -> Board:
    """Ada's, which the members of the room may edit: a figure and a line of a queue."""
    begin = now() - MINUTES
    queue = own_series(ada, unit="jobs")
    past(ticks_of_the_site(), begin - 60, begin + MINUTES)
    past(queue, begin, begin + MINUTES, lambda at: 20)
    made = publish(
        ada,
        "The shop",
        {"kind": "stat", "title": "Waiting", "series": show(queue), "w": 4, "h": 2},
        {"kind": "line", "title": "Queue", "series": show(queue, label="Jobs"), "x": 4, "w": 8},
    )
    services.share_board(actor=ada, board_id=made.pk, room_id=room.pk, may_edit=True)
    return made


def url(board: Board) -> str:
    return f"/boards/{board.pk}/"


def is_live(page: Page) -> None:
    expect(page.locator(".livechip")).to_have_text("Live")


def test_figures_that_did_not_come_at_first_come_by_themselves(ada, board, open_page, console):
    console.allow("503")
    page = open_page(ada, None)
    server = Deaf(page, SAMPLES)
    page.goto(url(board))
    expect(page.locator(".toast")).to_contain_text("The figures could not be loaded")
    server.mend()
    expect(panel(page, "Waiting").locator(".value")).to_have_text("20jobs")
    is_live(page)
    expect(page.get_by_text("The figures could not be loaded")).to_have_count(0)


def test_what_was_missed_is_read_though_the_first_try_fails(ada, board, open_page, console):
    console.allow("503")
    page = open_page(ada, None)
    line = BoardLine(page)
    page.goto(url(board))
    is_live(page)
    panel(page, "Waiting").focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="As table").click()
    line.cut()
    expect(page.locator(".livechip")).to_have_text("Reconnecting")
    push(ada, shop_queue=42)
    assert wait_until(page, lambda: Series.objects.get(name="shop.queue").last_value == 42)
    server = Deaf(page, SAMPLES)
    line.mend(page)
    assert wait_until(page, lambda: server.asked > 0)
    push(ada, shop_queue=43)
    table = panel(page, "Waiting").get_by_role("table")
    expect(table).to_contain_text("43 jobs")
    expect(table).not_to_contain_text("42 jobs")
    server.mend()
    expect(table).to_contain_text("42 jobs")


def test_editing_begins_once_however_often_it_is_pressed(ada, board, open_page):
    page = open_page(ada, url(board))
    is_live(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(lambda address: "parts" in address and address.endswith(".js"), hold)
    button = page.locator("[data-board-act=edit]:visible").first
    button.click()
    button.click()
    assert wait_until(page, lambda: bool(held))
    page.unroute_all()
    expect(page.get_by_role("heading", name="Edit board")).to_be_visible()
    push(ada, shop_queue=42)
    expect(card(page, "Waiting")).to_contain_text("42")
    page.get_by_role("button", name="Close", exact=True).click()
    is_live(page)
    push(ada, shop_queue=43)
    expect(panel(page, "Waiting").locator(".value")).to_have_text("43jobs")


def test_escape_works_after_somebody_took_what_one_drags(ada, ben, board, open_page):
    pages = [open_page(person, url(board)) for person in (ada, ben)]
    for page in pages:
        open_editing(page)
    mine, theirs = pages
    grip = card(mine, "Waiting").locator(".grip").bounding_box()
    assert grip is not None
    mine.mouse.move(grip["x"] + 8, grip["y"] + 8)
    mine.mouse.down()
    mine.mouse.move(grip["x"] + 200, grip["y"] + 60, steps=4)
    expect(card(mine, "Waiting")).to_have_class(re.compile("held"))
    card(theirs, "Waiting").focus()
    theirs.keyboard.press("Delete")
    expect(card(mine, "Waiting")).to_have_count(0)
    mine.mouse.up()
    card(mine, "Queue").focus()
    mine.keyboard.press("Enter")
    expect(form(mine)).to_be_visible()
    mine.keyboard.press("Escape")
    expect(form(mine)).to_have_count(0)
    assert [one.title for one in draft(ada, board)] == ["Queue"]


def test_it_is_said_when_somebody_removes_the_panel_whose_settings_are_open(ada, ben, board, open_page):
    pages = [open_page(person, url(board)) for person in (ada, ben)]
    for page in pages:
        open_editing(page)
    mine, theirs = pages
    card(mine, "Waiting").click(position={"x": 40, "y": 60})
    form(mine).get_by_role("textbox", name="Title").fill("Who waits")
    card(theirs, "Waiting").focus()
    theirs.keyboard.press("Delete")
    expect(form(mine)).to_have_count(0)
    expect(mine.locator(".toast")).to_contain_text("Ben Okafor removed the panel whose settings were open.")
    expect(mine.get_by_role("heading", name="Edit board")).to_be_focused()


def test_a_step_back_that_finds_no_connection_can_be_taken_later(ada, board, open_page):
    page = open_page(ada, None)
    line = BoardLine(page)
    page.goto(url(board))
    open_editing(page)
    card(page, "Waiting").focus()
    page.keyboard.press("Shift+ArrowDown")
    at(card(page, "Waiting"), "column 1, row 1, 4 by 3")
    expect(page.get_by_text("Saved as a draft")).to_be_visible()
    line.cut()
    # The answer to the key may be lost with the line, which is another notice.
    undo = page.get_by_role("button", name="Undo")
    undo.click()
    told = page.locator(".toast").filter(has_text="That could not be taken back")
    expect(told).to_be_visible()
    line.mend(page)
    told.get_by_role("button", name="Dismiss").click()
    expect(undo).to_be_enabled()
    undo.click()
    at(card(page, "Waiting"), "column 1, row 1, 4 by 2")


def test_the_range_opens_and_closes_by_its_button(ada, board, open_page):
    page = open_page(ada, url(board))
    is_live(page)
    button = page.get_by_role("button", name="Last 15 min").first
    ranges = page.get_by_role("dialog", name="Range of time")
    for _ in range(2):
        button.click()
        expect(ranges).to_be_visible()
        button.click()
        expect(ranges).to_be_hidden()
    button.focus()
    page.keyboard.press("Enter")
    expect(ranges).to_be_visible()


def test_what_happens_does_not_take_the_focus_from_a_link(ada, ben, room, open_page):
    elsewhere(say, ben, room, "The first")
    news = {"kind": "log", "title": "Happening now", "source": f"room/{room.pk}/happening-now"}
    page = open_page(ada, url(publish(ada, "News", news)))
    is_live(page)
    rows = panel(page, "Happening now").locator(".feed > li")
    bens = rows.filter(has_text="Ben").locator("a")
    bens.focus()
    known = rows.count()
    elsewhere(say, ada, room, "The second")
    expect(rows).to_have_count(known + 1)
    expect(bens).to_be_focused()


def test_reply_quotes_the_alert_also_when_it_is_far_above(ada, ben, room, open_page):
    push(ada, shop_queue=5)
    series = Series.objects.get(owner=ada, name="shop.queue")
    wish = rules.RuleWish(series=series.pk, threshold=10, for_seconds=0)
    elsewhere(rules.create_rule, actor=ada, room_id=room.pk, wish=wish)
    page = open_page(ada, room_url(room))
    push(ada, shop_queue=50)
    expect(page.locator(".msg .alertcard")).to_be_visible()
    for number in range(120):
        say(ben, room, f"Talk {number}")
    page.reload()
    expect(message(page, "Talk 119")).to_be_visible()
    expect(page.locator(".msg .alertcard")).to_have_count(0)
    log(page).locator(".msg").last.hover()
    page.locator(".alertsbutton").click()
    page.locator(".alertspane .firing").get_by_role("button", name="Reply").click()
    expect(page.locator(".msg .alertcard")).to_be_visible()
    expect(page.locator(".composer [data-part=quote]")).to_contain_text("shop.queue")
    expect(field(page)).to_be_focused()


def test_escape_does_not_throw_away_a_rule_that_is_being_written(ada, room, open_page):
    push(ada, shop_queue=5)
    page = open_page(ada, room_url(room))
    page.locator(".alertsbutton").click()
    page.get_by_role("button", name="New rule").click()
    limit = page.get_by_label("The limit")
    limit.focus()
    page.keyboard.press("Escape")
    expect(page.locator(".alertspane .ruleform")).to_have_count(0)
    expect(page.locator(".alertspane")).to_be_visible()
    page.get_by_role("button", name="New rule").click()
    limit.fill("10")
    page.keyboard.press("Escape")
    expect(limit).to_have_value("10")


def test_a_panel_that_is_removed_twice_comes_back_by_one_step(ada, board, open_page):
    page = open_page(ada, url(board))
    open_editing(page)
    add(page, "Stat")
    give(page, "shop.queue", "Third")
    card(page, "Third").focus()
    page.keyboard.press("Delete")
    page.keyboard.press("Delete")
    expect(page.locator(".edit-card")).to_have_count(2)
    page.get_by_role("button", name="Undo").first.click()
    expect(page.locator(".edit-card")).to_have_count(3)
    expect(page.locator(".toast.bad")).to_have_count(0)


def test_whoever_reads_a_row_of_figures_keeps_it_while_newer_ones_come(ada, board, open_page):
    page = open_page(ada, url(board))
    is_live(page)
    panel(page, "Queue").focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="As table").click()
    rows = panel(page, "Queue").locator("tbody tr")
    expect(rows.nth(40)).to_be_attached()
    read = rows.nth(40).element_handle()
    assert read is not None
    words = read.inner_text()
    push(ada, shop_queue=42)
    expect(panel(page, "Queue").locator("tbody")).to_contain_text("42 jobs")
    assert read.evaluate("(row) => row.isConnected")
    assert read.inner_text() == words


def test_a_threshold_without_a_figure_is_no_nought(ada, board, open_page):
    page = open_page(ada, url(board))
    open_editing(page)
    card(page, "Queue").click(position={"x": 40, "y": 60})
    form(page).get_by_role("button", name="Add").nth(1).click()
    form(page).get_by_label("Figure").fill("")
    form(page).get_by_role("button", name="Apply").click()
    expect(form(page)).to_contain_text("Give each threshold a figure")
    form(page).get_by_label("Figure").fill("30")
    form(page).get_by_role("button", name="Apply").click()
    expect(form(page)).to_have_count(0)
    assert [one.value for one in draft(ada, board)[1].thresholds] == [30]


def test_whoever_reads_a_panel_keeps_it_while_another_one_is_published(ada, ben, board, open_page):
    page = open_page(ben, url(board))
    is_live(page)
    panel(page, "Queue").focus()
    elsewhere(put, ada, board.pk, kind="text", title="News", text="We are back.", y=9, w=6)
    elsewhere(services.publish_board, actor=ada, board_id=board.pk, version=board.version)
    expect(panel(page, "News")).to_contain_text("We are back.")
    expect(panel(page, "Queue")).to_be_focused()
