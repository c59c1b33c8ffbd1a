"""The frame around the rooms: jumping, creating, themes, a wrong address, and the phone."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from accounts import selectors
from chat.models import Room
from tests.browser.pages import SECOND_MS, elsewhere, field, log, message, room_row, write
from tests.factories import make_direct, make_room, say

OpenPage = Callable[..., Page]
Make = Callable[..., Any]


def test_person_jumps_to_a_room_and_to_somebody(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    make_room(ada, name="caret drift")
    page = open_page(ada, "/rooms/general/")
    expect(field(page)).to_be_focused()
    page.keyboard.press("Control+k")
    query = page.get_by_role("combobox", name="Jump to a room, person or command")
    expect(query).to_be_focused()
    page.keyboard.press("Escape")
    expect(field(page)).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("drif")
    expect(page.get_by_role("option", name=re.compile("caret drift"))).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/rooms/caret-drift/"))
    expect(field(page)).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("@ben")
    expect(page.get_by_role("option", name=re.compile("Ben Okafor"))).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ben Okafor")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("nothing like it")
    expect(page.get_by_text("Nothing is called “nothing like it”.")).to_be_visible()


SCRIPTS = """() => performance.getEntriesByType('resource').filter((one) => one.name.endsWith('.js'))
    .map((one) => [one.name.split('/').pop(), one.encodedBodySize, one.startTime, one.responseEnd])"""


def test_person_fetches_few_bytes_of_script_at_once(ada: Any, room: Room, open_page: OpenPage) -> None:
    page = open_page(ada, "/rooms/general/")
    expect(field(page)).to_be_focused()
    page.wait_for_timeout(2 * SECOND_MS)
    scripts = page.evaluate(SCRIPTS)
    names = [name for name, *_ in scripts]
    assert len(names) == len(set(names)), "nothing is fetched twice"
    pieces = json.loads((Path(settings.BASE_DIR) / "frontend/dist/modules.json").read_text())["app.js"]
    begun = [script for script in scripts if script[0] in {"app.js", *(Path(piece).name for piece in pieces)}]
    assert len(begun) == 1 + len(pieces)
    assert len(begun) < len(names), "the rest comes after"
    assert sum(size for _, size, *_ in begun) <= 40_000
    assert max(start for *_, start, _ in begun) < min(end for *_, end in begun), "side by side, none after another"


def test_person_creates_a_room(ada: Any, room: Room, open_page: OpenPage) -> None:
    page = open_page(ada, "/rooms/general/")
    page.get_by_role("button", name="Create room").first.click()
    dialog = page.get_by_role("dialog", name="New room")
    name = dialog.get_by_label("Name")
    dialog.get_by_role("button", name="Create room").click()
    expect(dialog.get_by_text("A room needs a name.")).to_be_visible()
    expect(name).to_be_focused()
    name.fill("General")
    expect(dialog.get_by_text("This name is taken.")).to_be_visible()
    dialog.get_by_role("button", name="Create room").click()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_value("General")
    name.fill("Release plans")
    expect(dialog.get_by_text("/rooms/release-plans/")).to_be_visible()
    dialog.get_by_label("Topic").fill("What ships when")
    dialog.get_by_role("button", name="Create room").click()
    expect(page).to_have_url(re.compile("/rooms/release-plans/"))
    expect(page.get_by_text("What ships when").first).to_be_visible()
    expect(room_row(page, "Release plans")).to_have_attribute("aria-current", "page")
    assert Room.objects.get(slug="release-plans").kind == "public"


def test_wrong_address_stays_within_the_page(ada: Any, room: Room, open_page: OpenPage, console: Any) -> None:
    console.allow("404")
    page = open_page(ada, None)
    answer = page.goto("/rooms/nowhere/")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_text("There is nothing here")).to_be_visible()
    room_row(page, "general").click()
    expect(field(page)).to_be_visible()
    page.go_back()
    expect(page.get_by_text("There is nothing here")).to_be_visible()


def test_theme_is_switched_and_kept(ada: Any, room: Room, open_page: OpenPage) -> None:
    page = open_page(ada, "/rooms/general/", color_scheme="light")
    page.get_by_role("button", name="Switch theme").click()
    with page.expect_response("**/account/preferences/"):
        page.get_by_role("menuitem", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Switch theme")).to_be_focused()
    assert selectors.preferences_view(ada).theme == "dark"
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(12, 15, 17)"


def test_person_leaves_the_account_by_its_rail(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    say(ben, room, "@ada look")
    say(ben, make_direct(ben, ada), "are you there?")
    page = open_page(ada, "/account/profile/")
    rail = page.get_by_role("complementary", name="Workspace")
    expect(rail.get_by_role("link", name="general 1 mention", exact=True)).to_be_visible()
    expect(rail.get_by_role("link", name="Ben Okafor 1 unread")).to_be_visible()
    rail.get_by_role("link", name="Create room").click()
    expect(page.get_by_role("dialog", name="New room")).to_be_visible()
    expect(page).to_have_url(re.compile("/rooms/general/$|/$"))
    page.goto("/account/profile/")
    rail.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    page.goto("/account/email/")
    rail.get_by_role("link", name="Jump to a room").click()
    expect(page.get_by_role("combobox", name="Jump to a room, person or command")).to_be_focused()
    page.goto("/account/profile/")
    rail.get_by_role("link", name="Ben Okafor").click()
    expect(message(page, "are you there?")).to_be_visible()


def test_phone_has_the_tabs_on_the_account_too(
    ada: Any, room: Room, open_page: OpenPage, phone: dict[str, Any], assert_no_sideways_scroll: Any
) -> None:
    page = open_page(ada, "/rooms/general/", **phone)
    expect(page.locator("#view[aria-busy]")).to_have_count(0)
    page.goto("/account/profile/#devices")
    expect(page.get_by_role("link", name="Devices")).to_have_attribute("aria-current", "true")
    assert_no_sideways_scroll(page)
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Chat").tap()
    expect(page).to_have_url(re.compile("/rooms/general/$"))
    expect(field(page)).to_be_visible()


def test_person_speaks_first_in_a_new_room(ada: Any, open_page: OpenPage) -> None:
    make_room(ada, name="caret drift", purpose="Why the second caret jumps")
    page = open_page(ada, "/rooms/caret-drift/")
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    expect(log(page).get_by_text("Why the second caret jumps")).to_be_visible()
    write(page, "Good morning")
    expect(message(page, "Good morning")).not_to_have_class(re.compile("sending"))
    expect(page.get_by_text("Nothing here yet")).to_be_hidden()
    expect(page.get_by_text("Ada Lovelace made this room")).to_be_visible()


def test_person_misses_an_emoji_and_nothing_is_written(ada: Any, room: Room, open_page: OpenPage) -> None:
    page = open_page(ada, "/rooms/general/")
    page.get_by_role("button", name="Emoji", exact=True).click()
    picker = page.locator("#emoji")
    picker.get_by_text("Smileys", exact=True).click()
    expect(picker).to_be_visible()
    expect(picker.locator("[data-part=name]")).to_have_text(":+1:")
    picker.get_by_role("button", name="tada", exact=True).first.click()
    expect(picker).to_be_hidden()
    expect(field(page)).to_have_value(re.compile("^🎉 ?$"))


def tab_back_to(page: Page, wanted: Locator) -> None:
    """Shift Tab, past the buttons of the message that is the log's tab stop."""
    for _ in range(8):
        page.keyboard.press("Shift+Tab")
        if wanted.evaluate("row => row === document.activeElement"):
            return
        assert wanted.evaluate("row => row.contains(document.activeElement)"), "another message is a tab stop too"
    raise AssertionError("the message was not reached")


def test_person_walks_by_the_keyboard_alone(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    for text in ("one", "two", "three"):
        say(ben, room, text)
    page = open_page(ada, "/rooms/general/")
    expect(field(page)).to_be_focused()
    page.get_by_role("button", name="Jump or search").focus()
    page.keyboard.press("Shift+Tab")
    skip = page.get_by_role("link", name="Skip to main content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    for _ in range(12):
        page.keyboard.press("Tab")
        if log(page).evaluate("log => log === document.activeElement || log.contains(document.activeElement)"):
            break
    page.keyboard.press("ArrowUp")
    expect(message(page, "three")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(message(page, "two")).to_be_focused()
    assert log(page).locator(".msg[tabindex='0']").count() == 1
    page.keyboard.press("r")
    expect(field(page)).to_be_focused()
    expect(page.get_by_role("button", name="Do not quote")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Do not quote")).to_be_hidden()
    page.keyboard.type("?")
    expect(field(page)).to_have_value("?")
    tab_back_to(page, message(page, "two"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(message(page, "two")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menu", name="Message actions")).to_be_visible()
    page.keyboard.press("Escape")
    expect(message(page, "two")).to_be_focused()


def test_person_goes_through_the_rooms_by_alt_and_arrows(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    make_room(ada, ben, name="atlas")
    last = make_room(ada, ben, name="weather")
    page = open_page(ada, "/rooms/atlas/")
    page.keyboard.press("Alt+ArrowDown")
    expect(page).to_have_url(re.compile("/rooms/general/"))
    page.keyboard.press("Alt+ArrowUp")
    expect(page).to_have_url(re.compile("/rooms/atlas/"))
    elsewhere(say, ben, last, "rain")
    expect(room_row(page, "weather")).to_have_class(re.compile("unread"))
    page.keyboard.press("Alt+Shift+ArrowDown")
    expect(page).to_have_url(re.compile("/rooms/weather/"))
    page.go_back()
    expect(page).to_have_url(re.compile("/rooms/atlas/"))


def test_screen_reader_hears_what_others_say(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    write(ada, "**Good** morning")
    expect(ben.locator("#announce")).to_have_text(re.compile("Ada.*: .*Good.* morning"))
    expect(ada.locator("#announce")).to_have_text("")


def test_phone_shows_rooms_then_the_room(
    ada: Any, ben: Any, room: Room, open_page: OpenPage, phone: dict[str, Any], assert_no_sideways_scroll: Any
) -> None:
    direct = make_direct(ben, ada)
    say(ben, direct, "are you on the train?")
    page = open_page(ada, "/", **phone)
    expect(page.get_by_role("heading", name="Rooms", exact=True).first).to_be_visible()
    tabs = page.get_by_role("navigation", name="Views")
    expect(tabs.get_by_role("link", name=re.compile("Rooms"))).to_have_attribute("aria-current", "page")
    expect(tabs.locator("#tab-badge")).to_have_text("1")
    expect(room_row(page, "Ben Okafor")).to_contain_text("are you on the train?")
    assert_no_sideways_scroll(page)
    room_row(page, "Ben Okafor").tap()
    expect(message(page, "are you on the train?")).to_be_visible()
    expect(tabs.locator("#tab-badge")).to_be_hidden()
    field(page).tap()
    page.keyboard.type("just left")
    page.get_by_role("button", name="Send").tap()
    expect(message(page, "just left")).not_to_have_class(re.compile("sending"))
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name="Back to rooms").tap()
    expect(room_row(page, "general")).to_be_visible()
    tabs.get_by_role("link", name="Chat").tap()
    expect(message(page, "just left")).to_be_visible()


def test_finger_presses_long_for_the_menu(
    ada: Any, ben: Any, room: Room, open_page: OpenPage, phone: dict[str, Any]
) -> None:
    say(ben, room, "press me")
    page = open_page(ada, "/rooms/general/", **phone)
    page.wait_for_load_state("networkidle")  # what comes later moves the row
    box = message(page, "press me").bounding_box()
    assert box is not None
    tool = page.context.new_cdp_session(page)
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    tool.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(message(page, "press me")).to_have_class(re.compile(r"\bhot\b"))
    tool.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    menu = page.get_by_role("menu", name="Message actions")
    expect(menu).to_be_visible()
    rows = [item.bounding_box() for item in menu.get_by_role("menuitem").all()]
    assert all(row is not None and row["height"] >= 44 for row in rows)
    menu.get_by_role("menuitem", name="Quote reply").tap()
    expect(page.get_by_role("button", name="Do not quote")).to_be_visible()


def test_phone_keeps_the_place_behind_a_pane(
    ada: Any, ben: Any, room: Room, open_page: OpenPage, phone: dict[str, Any]
) -> None:
    for number in range(40):
        say(ben, room, f"line {number}")
    page = open_page(ada, "/rooms/general/", **phone)
    expect(message(page, "line 0")).to_be_visible()
    message(page, "line 12").scroll_into_view_if_needed()
    expect(message(page, "line 12")).to_be_in_viewport()
    page.get_by_role("button", name="Members").tap()
    pane = page.get_by_role("region", name="Members", exact=True)
    expect(pane).to_be_visible()
    elsewhere(say, ben, room, "meanwhile")
    page.get_by_role("button", name="Close members").tap()
    expect(pane).to_be_hidden()
    expect(message(page, "line 12")).to_be_in_viewport()
    expect(message(page, "meanwhile")).not_to_be_in_viewport()


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1440])
def test_page_fits_the_window(
    ada: Any, ben: Any, room: Room, open_page: OpenPage, width: int, assert_no_sideways_scroll: Any
) -> None:
    say(ben, room, "w" * 400)
    say(ben, room, f"```\n{'wide ' * 200}\n```")
    say(ben, room, "| a | b |\n|---|---|\n| " + "x" * 300 + " | y |")
    say(ben, room, "https://example.com/" + "long/" * 80)
    page = open_page(ada, "/rooms/general/", viewport={"width": width, "height": 800})
    expect(message(page, "long/")).to_be_visible()
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name="Members").click()
    expect(page.get_by_role("region", name="Members", exact=True)).to_be_visible()
    assert_no_sideways_scroll(page)
    for path in ("/browse/", "/rooms/general/settings/", "/?home"):
        page.goto(path)
        expect(page.locator("#view[aria-busy]")).to_have_count(0)
        assert_no_sideways_scroll(page)
