"""The search page: typing, tokens, filters, keys, opening a message in place, and the phone."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from chat.models import Room
from tests.browser.conftest import PHONE
from tests.browser.pages import field, message
from tests.factories import make_room, say

OpenPage = Callable[..., Page]


def bar(page: Page) -> Any:
    """Where one types."""
    return page.get_by_role("searchbox", name="Search words")


def hits(page: Page) -> Any:
    """What was found."""
    return page.locator(".hits > .hit")


def test_person_searches_with_words_and_tokens(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    other = make_room(ada, ben, name="caret drift")
    say(ada, room, "The second cursor jumps")
    say(ben, room, "Two cursors, and a **second** `cursor` in code")
    say(ben, other, "a second cursor elsewhere")
    say(ben, make_room(ben, kind="private", name="Secret"), "a second cursor nobody sees")
    page = open_page(ada, "/rooms/general/")
    expect(field(page)).to_be_focused()
    page.keyboard.press("Control+Shift+F")
    expect(bar(page)).to_be_focused()
    expect(page.get_by_text("Search your rooms")).to_be_visible()
    page.keyboard.type("second cursor")
    expect(hits(page)).to_have_count(3)
    expect(page.locator("#announce")).to_have_text("3 messages")
    expect(hits(page).nth(1).locator("mark")).to_have_text(["cursors", "second", "cursor"])
    expect(page).to_have_url(re.compile(r"/search/\?q=second\+cursor$"))
    bar(page).press("Home")
    page.keyboard.type("from:ben ")
    token = page.get_by_role("button", name="Remove filter from ben")
    expect(token).to_be_visible()
    expect(bar(page)).to_have_value("second cursor")
    expect(hits(page)).to_have_count(2)
    expect(page.get_by_role("checkbox", name=re.compile("Ben Okafor"))).to_be_checked()
    page.get_by_role("checkbox", name=re.compile("caret drift")).check()
    expect(hits(page)).to_have_count(1)
    page.reload()
    expect(hits(page)).to_have_count(1)
    expect(page.get_by_role("button", name="Remove filter in caret-drift")).to_be_visible()
    page.get_by_role("button", name="Clear all").click()
    expect(page.get_by_text("Search your rooms")).to_be_visible()
    expect(bar(page)).to_be_focused()


def test_half_a_filter_is_no_mistake_yet(ada: Any, room: Room, open_page: OpenPage) -> None:
    for text in ("One cursor", "Another cursor"):
        say(ada, room, text)
    page = open_page(ada, "/search/?q=cursor")
    expect(hits(page)).to_have_count(2)
    bar(page).press("End")
    with page.expect_response(re.compile("/api/search/")) as asked:
        page.keyboard.type(" from:be")
    assert "from" not in asked.value.url
    expect(hits(page)).to_have_count(2)
    expect(page.locator("[data-part=problems]")).to_be_hidden()
    # Whoever leaves the field means what stands in it.
    page.keyboard.press("Tab")
    expect(page.get_by_text("Nobody here has the username “be”.")).to_be_visible()


def test_last_token_becomes_text_again(ada: Any, room: Room, open_page: OpenPage) -> None:
    say(ada, room, "needle")
    page = open_page(ada, "/search/?q=from:ada%20needle")
    expect(hits(page)).to_have_count(1)
    bar(page).press("Home")
    bar(page).press("Backspace")
    expect(bar(page)).to_have_value("from:adaneedle")
    expect(page.get_by_role("button", name="Remove filter from ada")).to_have_count(0)


def test_person_opens_a_hit_by_keys_and_it_is_lit(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    say(ben, room, "an old needle")
    for number in range(80):
        say(ada, room, f"hay {number}")
    root = say(ben, room, "a root")
    say(ada, room, "a needle in the thread", thread=root.pk)
    page = open_page(ada, "/search/?q=needle")
    expect(hits(page)).to_have_count(2)
    bar(page).press("ArrowDown")
    expect(page.get_by_role("link", name=re.compile("Open the message of Ada"))).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name=re.compile("Open the message of Ben"))).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(bar(page)).to_be_focused()
    bar(page).press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/rooms/general/m/"))
    expect(message(page, "an old needle")).to_have_class(re.compile(r"\blit\b"))
    page.go_back()
    expect(hits(page)).to_have_count(2)
    expect(hits(page).first).to_contain_text("in a thread with Ben")
    page.get_by_role("link", name=re.compile("Open the message of Ada")).click()
    expect(page.locator(".side [role=log]").get_by_text("a needle in the thread")).to_be_visible()


def test_wrong_filter_and_empty_result_say_so(ada: Any, room: Room, open_page: OpenPage) -> None:
    say(ada, room, "needle")
    page = open_page(ada, "/search/?q=from:nobody%20needle")
    expect(page.get_by_role("alert").filter(has_text="Nobody here has the username “nobody”.")).to_be_visible()
    page.get_by_role("button", name="Remove filter from nobody").click()
    expect(hits(page)).to_have_count(1)
    bar(page).fill("xyzzy")
    expect(page.get_by_text("No messages match")).to_be_visible()
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(bar(page)).to_have_value("")


def test_palette_hands_words_over(ada: Any, room: Room, open_page: OpenPage) -> None:
    say(ada, room, "needle & thread")
    page = open_page(ada, "/rooms/general/")
    expect(field(page)).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Jump to a room, person or command")).to_be_focused()
    page.keyboard.type("needle & thr")
    page.get_by_role("option", name=re.compile("Search messages for “needle & thr”")).click()
    expect(bar(page)).to_have_value("needle & thr")
    expect(hits(page)).to_have_count(1)


def test_more_results_follow_and_the_order_changes(ada: Any, room: Room, open_page: OpenPage) -> None:
    for number in range(25):
        say(ada, room, f"needle number {number}")
    page = open_page(ada, "/search/?q=needle")
    expect(hits(page)).to_have_count(20)
    page.get_by_role("button", name="Show more").click()
    expect(hits(page)).to_have_count(25)
    expect(hits(page).nth(20).get_by_role("link")).to_be_focused()
    page.get_by_role("button", name="Best match").click()
    expect(page).to_have_url(re.compile("order=best"))
    expect(hits(page)).to_have_count(20)


def test_filters_are_a_sheet_on_a_phone(ada: Any, room: Room, open_page: OpenPage) -> None:
    say(ada, room, "needle one https://example.org/")
    say(ada, room, "needle two")
    page = open_page(ada, "/search/?q=needle", **PHONE)
    expect(hits(page)).to_have_count(2)
    expect(page.get_by_role("checkbox", name="Link")).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("checkbox", name="Link").check()
    page.get_by_role("button", name="Show 1 message").click()
    expect(hits(page)).to_have_count(1)
    expect(page.get_by_role("button", name="Filters, 1 set")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_search_page_is_accessible(
    ada: Any, ben: Any, room: Room, open_page: OpenPage, theme: str, assert_accessible: Callable[[Page], None]
) -> None:
    say(ben, room, "a needle in `code`")
    page = open_page(ada, "/search/?q=from:ben%20needle", color_scheme=theme)
    expect(hits(page)).to_have_count(1)
    assert_accessible(page)
    page.get_by_role("button", name="How to search").click()
    expect(page.get_by_role("dialog", name="How to search")).to_be_visible()
    assert_accessible(page)


def test_search_page_is_accessible_on_a_phone(
    ada: Any, ben: Any, room: Room, open_page: OpenPage, theme: str, assert_accessible: Callable[[Page], None]
) -> None:
    say(ben, room, "a needle in `code`")
    page = open_page(ada, "/search/?q=from:ben%20needle", color_scheme=theme, **PHONE)
    expect(hits(page)).to_have_count(1)
    assert_accessible(page)
    page.get_by_role("button", name="Filters, 1 set").click()
    expect(page.get_by_role("checkbox", name="Picture")).to_be_visible()
    assert_accessible(page)
