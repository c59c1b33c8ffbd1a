"""The rest of the page is still on its way: what one clicks or presses meanwhile happens as soon as it is here."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from chat.models import Room
from chat.selectors.views import room_url
from tests.browser.pages import elsewhere, field, message
from tests.factories import say

OpenPage = Callable[..., Page]


class Late:
    """Ada's page of the room, with a message of hers, without what comes after the first load."""

    def __init__(self, page: Page, room: Room) -> None:
        self._held: list[Route] = []
        self.page = page
        page.route("**/chunks/later-*", self._hold)
        page.goto(room_url(room))
        expect(message(page, "first words")).to_be_visible()

    def _hold(self, route: Route) -> None:
        self._held.append(route)

    def arrive(self) -> None:
        """Lets the rest come."""
        for route in self._held:
            route.continue_()
        self.page.unroute("**/chunks/later-*")


@pytest.fixture
def late(ada: Any, room: Room, open_page: OpenPage) -> Late:
    elsewhere(say, ada, room, "My first words")
    return Late(open_page(ada, None), room)


def test_ada_opens_a_menu_before_menus_are_here(late: Late) -> None:
    page = late.page
    message(page, "first words").hover()
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.get_by_role("menu")).to_be_hidden()
    late.arrive()
    expect(page.get_by_role("menuitem", name="Reply in thread")).to_be_visible()


def test_ada_clicks_right_before_menus_are_here(late: Late) -> None:
    message(late.page, "first words").click(button="right")
    late.arrive()
    expect(late.page.get_by_role("menuitem", name="Copy link")).to_be_visible()


def test_ada_edits_by_key_before_editing_is_here(late: Late) -> None:
    field(late.page).press("ArrowUp")
    late.arrive()
    expect(late.page.get_by_role("textbox", name="Edit your message")).to_be_focused()


def test_ada_deletes_by_key_before_questions_are_here(late: Late) -> None:
    message(late.page, "first words").focus()
    late.page.keyboard.press("Delete")
    late.arrive()
    late.page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(late.page.get_by_text("Ada deleted a message")).to_be_visible()


def test_ada_chooses_a_theme_before_menus_are_here(late: Late) -> None:
    late.page.locator("[data-do=switch-theme]:visible").first.click()
    late.arrive()
    late.page.get_by_role("menuitem", name="Dark").click()
    expect(late.page.locator("html")).to_have_attribute("data-theme", "dark")


def test_ada_is_told_that_the_rest_did_not_come(ada: Any, room: Room, open_page: OpenPage, console: Any) -> None:
    elsewhere(say, ada, room, "My first words")
    console.allow("later-")
    page = open_page(ada, None)
    page.route("**/chunks/later-*", lambda route: route.abort())
    page.goto(room_url(room))
    message(page, "first words").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="This part of the page could not be loaded")).to_be_visible()
    page.unroute("**/chunks/later-*")
