"""The log for those who use keys or listen: one Tab stop, and words instead of marks."""

from typing import Any

from playwright.sync_api import Page, expect

from chat.selectors.views import room_url
from tests.browser.pages import elsewhere, write
from tests.factories import make_room, say

INNER = ".log a[href], .log button, .log [tabindex='0']"
REACHABLE = f'() => [...document.querySelectorAll("{INNER}")].filter(one => one.tabIndex >= 0 && one.offsetParent)'


def test_ada_finds_one_tab_stop_in_the_log(ada: Any, ben: Any, room: Any, open_page: Any) -> None:
    for number in range(5):
        elsewhere(say, ben, room, f"Look at https://example.com/{number}")
    page: Page = open_page(ada, room_url(room))
    last = page.locator(".msg").last
    expect(last).to_be_visible()
    assert page.evaluate(f"({REACHABLE})().length") == 0
    page.locator(".msg").first.hover()
    assert page.evaluate(f"({REACHABLE})().length") == 0
    page.locator(".log").focus()
    page.keyboard.press("ArrowUp")
    expect(last).to_be_focused()
    outside = f"({REACHABLE})().filter(one => !one.closest('.msg').matches(':focus')).length"
    assert page.evaluate(outside) == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.msg') === [...document.querySelectorAll('.msg')].at(-1)")


def test_listener_hears_words_and_no_marks(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    write(ben, "Hello **Ada**, see `this`")
    expect(ada.get_by_role("article", name="Hello Ada, see this")).to_be_visible()
    expect(ada.get_by_role("status").filter(has_text="Ben Okafor: Hello Ada, see this")).to_have_count(1)


def test_shift_skips_the_question_before_a_deletion(two_people: tuple[Page, Page]) -> None:
    ada, _ = two_people
    write(ada, "Away with this")
    row = ada.get_by_role("article", name="Away with this")
    expect(row.locator(".state")).to_have_count(0)
    row.click(button="right")
    ada.get_by_role("menuitem", name="Delete").click(modifiers=["Shift"])
    expect(ada.get_by_text("Ada deleted a message")).to_be_visible()
    expect(ada.get_by_role("alertdialog")).to_be_hidden()


def test_ben_looks_in_and_sees_more_when_he_comes_back(ada: Any, ben: Any, open_page: Any) -> None:
    room = make_room(ada, name="workshop")
    elsewhere(say, ada, room, "The first")
    page: Page = open_page(ben, room_url(room))
    expect(page.get_by_text("You are looking in from outside.")).to_be_visible()
    elsewhere(say, ada, room, "The second")
    expect(page.get_by_text("The second")).to_have_count(0)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.get_by_role("article", name="The second")).to_be_visible()
