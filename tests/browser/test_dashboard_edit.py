"""Editing a board: panels moved, made larger, added and removed, what they show, publishing; also by two people."""

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from dashboard.models import Board, Panel, Rule
from dashboard.selectors import board_snapshot
from dashboard.services import create_board, pushing, share_board
from dashboard.shapes import PanelView
from tests.browser.boards import SlowLine
from tests.browser.code import wait_until
from tests.browser.pages import elsewhere


def push(person: Any, **numbers: float) -> None:
    told = [{"name": name.replace("_", "."), "value": value} for name, value in numbers.items()]
    parsed = pushing.read_push(body=json.dumps(told).encode(), content_type="application/json")
    elsewhere(pushing.push, actor=person, parsed=parsed)


@pytest.fixture
def board(ada: Any, room: Any) -> Board:
    """Ada's own, which the members of the room may edit; nothing stands on it."""
    push(ada, shop_queue=5, shop_sales=7)
    made = elsewhere(create_board, actor=ada, name="The shop")
    elsewhere(share_board, actor=ada, board_id=made.id, room_id=room.pk, may_edit=True)
    return Board.objects.get(pk=made.id)


def open_editing(page: Page) -> Locator:
    page.locator("[data-board-act=edit]:visible").first.click()
    expect(page.get_by_role("heading", name="Edit board")).to_be_visible()
    return page.locator(".editgrid")


def add(page: Page, kind: str) -> None:
    page.get_by_role("button", name="Add a panel").click()
    page.get_by_role("menuitem", name=kind, exact=True).click()


def form(page: Page) -> Locator:
    return page.locator(".panelform")


def give(page: Page, series: str, title: str) -> None:
    """Gives the panel whose form is open a series and a title."""
    expect(form(page)).to_be_visible()
    form(page).get_by_role("button", name="Add").first.click()
    page.get_by_role("combobox", name="Find a series").fill(series)
    expect(page.get_by_role("option").first).to_contain_text(series)
    page.keyboard.press("Enter")
    form(page).get_by_role("textbox", name="Title").fill(title)
    form(page).get_by_role("button", name="Apply").click()
    expect(form(page)).to_have_count(0)
    expect(card(page, title)).to_be_visible()


def card(page: Page, title: str) -> Locator:
    return page.locator(".edit-card").filter(has=page.get_by_role("heading", name=title, exact=True))


def draft(person: Any, board: Board) -> list[PanelView]:
    return board_snapshot(actor=person, board_id=board.pk).draft or []


def at(panel: Locator, where: str) -> None:
    expect(panel).to_have_accessible_name(f"{panel.get_by_role('heading').inner_text()}, panel, {where}")


def url(board: Board) -> str:
    return f"/boards/{board.pk}/"


def test_a_panel_is_added_given_figures_and_published_for_a_viewer(ada, ben, room, board, open_page, assert_accessible):
    share_board(actor=ada, board_id=board.pk, room_id=room.pk, may_edit=False)
    viewer = open_page(ben, url(board))
    expect(viewer.get_by_role("heading", name="The shop")).to_be_visible()
    expect(viewer.locator("[data-board-act=edit]:visible")).to_have_count(0)
    page = open_page(ada, url(board))
    open_editing(page)
    add(page, "Stat")
    give(page, "shop.queue", "Queue")
    expect(page.get_by_text("Saved as a draft")).to_be_visible()
    expect(card(page, "Queue")).to_contain_text("5")
    assert_accessible(page)
    expect(viewer.get_by_text("Nothing on this board yet")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="The shop")).to_be_visible()
    expect(viewer.get_by_role("heading", name="Queue")).to_be_visible()
    assert [panel.title for panel in draft(ada, board)] == ["Queue"]


def test_two_people_edit_one_board_and_lose_nothing(ada, ben, board, open_page):
    pages = [open_page(person, url(board)) for person in (ada, ben)]
    for page in pages:
        open_editing(page)
    add(pages[0], "Stat")
    give(pages[0], "shop.queue", "Queue")
    expect(card(pages[1], "Queue")).to_be_visible()
    expect(pages[1].get_by_text("Saved as a draft by Ada")).to_be_visible()
    # One makes it larger while the other has its form open and calls it otherwise.
    card(pages[1], "Queue").click(position={"x": 40, "y": 60})
    form(pages[1]).get_by_role("textbox", name="Title").fill("Who waits")
    card(pages[0], "Queue").focus()
    pages[0].keyboard.press("Shift+ArrowRight")
    at(card(pages[1], "Queue"), "column 1, row 1, 5 by 2")
    form(pages[1]).get_by_role("button", name="Apply").click()
    for page in pages:
        at(card(page, "Who waits"), "column 1, row 1, 5 by 2")
    (panel,) = draft(ada, board)
    assert (panel.title, panel.w, len(panel.series)) == ("Who waits", 5, 1)
    # What the other has changed since is not taken back with one's own.
    pages[0].get_by_role("button", name="Undo").click()
    for page in pages:
        at(card(page, "Who waits"), "column 1, row 1, 4 by 2")


def test_panels_move_and_grow_by_keys_and_each_step_is_spoken(ada, board, open_page):
    page = open_page(ada, url(board))
    open_editing(page)
    for title in ("First", "Second"):
        add(page, "Stat")
        give(page, "shop.queue", title)
    at(card(page, "Second"), "column 5, row 1, 4 by 2")
    card(page, "Second").focus()
    page.keyboard.press("Space")
    expect(page.locator("#announce")).to_contain_text("Second is in your hand")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#announce")).to_contain_text("column 6, row 1, 4 by 2")
    page.keyboard.press("Escape")
    at(card(page, "Second"), "column 5, row 1, 4 by 2")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    at(card(page, "Second"), "column 6, row 1, 4 by 3")
    expect(card(page, "Second")).to_be_focused()
    assert wait_until(page, lambda: sorted((panel.x, panel.h) for panel in draft(ada, board)) == [(0, 2), (5, 3)])
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    at(card(page, "Second"), "column 5, row 1, 4 by 2")


def test_what_one_holds_does_not_undo_what_another_moves_meanwhile(ada, ben, board, open_page):
    pages = [open_page(person, url(board)) for person in (ada, ben)]
    for page in pages:
        open_editing(page)
    for title in ("First", "Second", "Third"):
        add(pages[0], "Stat")
        give(pages[0], "shop.queue", title)
    expect(card(pages[1], "Third")).to_be_visible()
    card(pages[0], "First").focus()
    pages[0].keyboard.press("Shift+ArrowDown")
    at(card(pages[1], "First"), "column 1, row 1, 4 by 3")
    card(pages[0], "First").focus()
    pages[0].keyboard.press("Space")
    pages[0].keyboard.press("ArrowDown")
    card(pages[1], "Third").focus()
    pages[1].keyboard.press("Shift+ArrowDown")
    at(card(pages[1], "Third"), "column 9, row 1, 4 by 3")
    pages[0].keyboard.press("Space")
    for page in pages:
        at(card(page, "Third"), "column 9, row 1, 4 by 3")
    assert {panel.title: panel.h for panel in draft(ada, board)} == {"First": 3, "Second": 2, "Third": 3}


def test_a_panel_is_dragged_and_made_larger_with_the_pointer(ada, board, open_page):
    page = open_page(ada, url(board))
    open_editing(page)
    for title in ("First", "Second"):
        add(page, "Stat")
        give(page, "shop.queue", title)
    grip = card(page, "First").locator(".grip").bounding_box()
    target = card(page, "Second").bounding_box()
    assert grip is not None
    assert target is not None
    page.mouse.move(grip["x"] + 8, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(target["x"] + 20, target["y"] + 200, steps=8)
    page.mouse.up()
    at(card(page, "First"), "column 5, row 3, 4 by 2")
    card(page, "First").hover()
    handle = card(page, "First").locator(".handle").bounding_box()
    assert handle is not None
    page.mouse.move(handle["x"] + 8, handle["y"] + 8)
    page.mouse.down()
    page.mouse.move(handle["x"] + 260, handle["y"] + 90, steps=8)
    page.mouse.up()
    assert wait_until(page, lambda: any(panel.w > 4 and panel.h > 2 for panel in draft(ada, board)))


def test_what_was_typed_for_a_panel_is_not_lost_by_going_on(ada, board, open_page):
    page = open_page(ada, url(board))
    open_editing(page)
    add(page, "Stat")
    give(page, "shop.queue", "Queue")
    card(page, "Queue").click(position={"x": 40, "y": 60})
    form(page).get_by_role("textbox", name="Title").fill("Waiting")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="These changes are not applied")).to_be_visible()
    page.locator("#d-confirm").get_by_role("button", name="Cancel").click()
    expect(form(page).get_by_role("textbox", name="Title")).to_have_value("Waiting")
    form(page).get_by_role("button", name="Apply").click()
    expect(card(page, "Waiting")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="Waiting")).to_be_visible()


def test_a_removed_panel_comes_back_by_the_toast(ada, board, open_page):
    page = open_page(ada, url(board))
    open_editing(page)
    add(page, "Text")
    form(page).get_by_role("textbox", name="Title").fill("Notes")
    form(page).locator("[name=text]").fill("**Look** here")
    form(page).get_by_role("button", name="Apply").click()
    expect(card(page, "Notes").locator("strong")).to_have_text("Look")
    card(page, "Notes").focus()
    page.keyboard.press("Delete")
    expect(page.locator(".edit-card")).to_have_count(0)
    page.get_by_role("button", name="Undo").last.click()
    expect(card(page, "Notes")).to_contain_text("Look here")
    assert Panel.objects.count() == 1


def test_a_threshold_and_a_rule_come_with_apply(ada, room, board, open_page):
    page = open_page(ada, url(board))
    open_editing(page)
    add(page, "Line")
    give(page, "shop.queue", "Queue")
    card(page, "Queue").click(position={"x": 40, "y": 60})
    expect(form(page).get_by_text("Add a Danger threshold first.")).to_be_visible()
    for value in ("8", "10"):
        form(page).get_by_role("button", name="Add").nth(1).click()
        page.keyboard.type(value)
    form(page).get_by_role("switch", name="Tell a room when in danger").check()
    form(page).get_by_label("For at least").select_option("60")
    form(page).get_by_role("button", name="Apply").click()
    expect(form(page)).to_have_count(0)
    rule = Rule.objects.get()
    assert (rule.threshold, rule.for_seconds, rule.room_id, rule.board_id) == (10, 60, room.pk, board.pk)
    (panel,) = draft(ada, board)
    assert [(one.level, one.value) for one in panel.thresholds] == [("warn", 8), ("danger", 10)]
    card(page, "Queue").click(position={"x": 40, "y": 60})
    tell = form(page).get_by_role("switch", name="Tell a room when in danger")
    expect(tell).to_be_checked()
    tell.uncheck()
    form(page).get_by_role("button", name="Apply").click()
    expect(form(page)).to_have_count(0)
    assert not Rule.objects.get().enabled


def test_a_draft_is_discarded_and_another_ones_publication_is_told(ada, ben, board, open_page):
    pages = [open_page(person, url(board)) for person in (ada, ben)]
    for page in pages:
        open_editing(page)
    add(pages[0], "Stat")
    give(pages[0], "shop.queue", "Queue")
    expect(card(pages[1], "Queue")).to_be_visible()
    pages[1].get_by_role("button", name="Publish").click()
    expect(pages[1].get_by_role("heading", name="Queue")).to_be_visible()
    add(pages[0], "Stat")
    give(pages[0], "shop.sales", "Sales")
    pages[0].get_by_role("button", name="Publish").click()
    expect(pages[0].get_by_role("heading", name="The board was published meanwhile")).to_be_visible()
    pages[0].get_by_role("button", name="Cancel").click()
    pages[0].get_by_role("button", name="Discard").click()
    pages[0].locator("#d-confirm").get_by_role("button", name="Discard").click()
    expect(card(pages[0], "Sales")).to_have_count(0)
    expect(card(pages[0], "Queue")).to_be_visible()


def test_a_board_is_made_from_another_shared_and_deleted(ada, room, board, open_page):
    page = open_page(ada, "/boards/")
    page.get_by_role("button", name="New board").click()
    page.get_by_role("button", name="Create board").click()
    expect(page.get_by_text("Give the board a name.")).to_be_visible()
    page.locator("#nb-name").fill("Mine")
    page.get_by_role("button", name="Create board").click()
    expect(page.get_by_role("heading", name="Mine")).to_be_visible()
    page.locator("[data-board-act=menu]").click()
    page.get_by_role("menuitem", name="Share with a room").click()
    page.get_by_label("Its members").select_option("1")
    page.get_by_role("button", name="Share", exact=True).click()
    shares = page.locator("#d-share-board .shares")
    expect(shares).to_contain_text(room.name)
    shares.get_by_role("button", name="Do not share").click()
    expect(page.get_by_text("Nobody else sees it.")).to_be_visible()
    page.locator("#d-share-board").get_by_role("button", name="Close", exact=True).click()
    page.locator("[data-board-act=menu]").click()
    page.get_by_role("menuitem", name="Delete board").click()
    page.locator("#d-confirm").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Mine is deleted")).to_be_visible()
    assert not Board.objects.filter(name="Mine").exists()


def test_editing_on_a_phone(ada, board, open_page, phone, assert_accessible, assert_no_sideways_scroll):
    page = open_page(ada, url(board), **phone)
    open_editing(page)
    for title in ("First", "Second"):
        add(page, "Stat")
        give(page, "shop.queue", title)
    page.get_by_role("button", name="Menu of Second").click()
    page.get_by_role("menuitem", name="Higher").click()
    assert wait_until(page, lambda: sorted(panel.h for panel in draft(ada, board)) == [2, 3])
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    card(page, "First").click(position={"x": 40, "y": 60})
    expect(form(page)).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def test_the_preview_shows_what_is_not_applied_yet(ada, board, open_page):
    page = open_page(ada, url(board))
    open_editing(page)
    add(page, "Stat")
    preview = form(page).locator("[data-part=preview]")
    expect(preview).to_be_visible()
    form(page).get_by_role("button", name="Add").first.click()
    page.get_by_role("combobox", name="Find a series").fill("shop.sales")
    expect(page.get_by_role("option").first).to_contain_text("shop.sales")
    page.keyboard.press("Enter")
    expect(preview.locator(".value")).to_have_text("7")
    push(ada, shop_sales=8)
    expect(preview.locator(".value")).to_have_text("8")
    (panel,) = draft(ada, board)
    assert panel.series == []
    form(page).get_by_role("button", name="Apply").click()
    expect(form(page)).to_have_count(0)
    add(page, "Text")
    form(page).get_by_role("textbox", name="Text").fill("**Ines** has it")
    expect(preview.locator("strong")).to_have_text("Ines")
    assert {panel.text for panel in draft(ada, board)} == {""}


def test_a_board_begins_with_the_figures_of_a_room(ada, room, board, open_page):
    page = open_page(ada, "/boards/")
    page.get_by_role("button", name="New board").click()
    page.get_by_role("textbox", name="Name").fill("How we talk")
    page.get_by_label("Begin with").select_option(label=f"Board of #{room.name} (9 panels)")
    page.get_by_role("button", name="Create board").click()
    expect(page.get_by_role("heading", name="How we talk")).to_be_visible()
    expect(page.get_by_role("heading", name="Talk and code")).to_be_visible()
    expect(page.get_by_role("button", name="Last 24 hours")).to_be_visible()


def test_a_hasty_hand_is_not_told_that_there_is_no_connection(ada, board, open_page):
    page = open_page(ada, None)
    line = SlowLine(page, '"hello"')
    page.goto(url(board))
    open_editing(page)
    assert wait_until(page, lambda: line.holds)
    add(page, "Stat")
    line.let_go()
    give(page, "shop.queue", "Queue")
    expect(page.locator(".toast")).to_have_count(0)


def test_a_new_panel_opens_its_form_also_when_it_comes_after_the_answer(ada, board, open_page):
    page = open_page(ada, None)
    line = SlowLine(page, '"panel.changed"')
    page.goto(url(board))
    open_editing(page)
    add(page, "Stat")
    assert wait_until(page, lambda: line.holds)
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    line.let_go()
    expect(form(page).get_by_role("heading", name="Stat")).to_be_visible()


def test_nothing_can_be_pressed_before_it_works(ada, open_page):
    page = open_page(ada, None)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(lambda address: "parts" in address and address.endswith(".js"), hold)
    page.goto("/boards/")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    assert wait_until(page, lambda: bool(held))
    expect(page.get_by_role("button", name="Numbers from outside")).to_be_hidden()
    page.unroute_all()  # what was held goes on
    page.get_by_role("button", name="Numbers from outside").click()
    expect(page.get_by_role("dialog", name="Numbers from outside")).to_be_visible()


def test_an_address_of_numbers_is_kept_and_its_errors_stand_at_the_field(ada, open_page, console, assert_accessible):
    console.allow(r"400 \(Bad Request\).*/feeds/")
    page = open_page(ada, "/boards/")
    page.get_by_role("button", name="Numbers from outside").click()
    page.get_by_role("button", name="New address").click()
    page.locator("#fd-name").fill("weather.temperature")
    page.locator("#fd-url").fill("ftp://weather.example/")
    page.locator("#d-feeds").get_by_role("button", name="Save").click()
    expect(page.locator("#d-feeds [data-part=url-error]")).to_be_visible()
    assert_accessible(page)
    page.locator("#fd-url").fill("https://weather.example/now")
    page.locator("#fd-path").fill("current.temperature")
    page.locator("#d-feeds").get_by_role("button", name="Save").click()
    expect(page.locator("#d-feeds .rowlist")).to_contain_text("weather.temperature")
    expect(page.locator("#d-feeds [data-part=curl]")).to_contain_text("/api/metrics")
