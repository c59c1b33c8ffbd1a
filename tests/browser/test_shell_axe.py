"""Every state of the page passes axe, in both themes, on a desk and on a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chat import services
from chat.models import Room
from tests.browser.conftest import PHONE
from tests.browser.pages import choose, elsewhere, field, message
from tests.factories import change, make_room, say

OpenPage = Callable[..., Page]
Check = Callable[[Page], None]

RICH = "# Plan\n\n- [x] **done** and `code`\n- _soon_, see https://example.com\n\n> quoted\n\n```python\nprint(1)\n```"


@pytest.fixture
def talk(ada: Any, ben: Any, room: Room) -> Room:
    """A room with one of everything."""
    first = say(ben, room, RICH)
    say(ada, room, "@ben look", reply_to=first.pk)
    say(ada, room, "a reply", thread=first.pk)
    services.add_reaction(actor=ada, room_id=room.pk, message_id=first.pk, emoji="👍")
    mine = say(ada, room, "with a mistake")
    services.edit_message(actor=ada, room_id=room.pk, message_id=mine.pk, body="without a mistake")
    gone = say(ben, room, "gone soon")
    services.delete_message(actor=ben, room_id=room.pk, message_id=gone.pk)
    say(ben, room, "@ada and this is new | \n\n| a | b |\n|---|---|\n| 1 | 2 |")
    make_room(ada, kind="private", name="plans")
    return room


def test_room_and_what_opens_over_it(
    ada: Any, talk: Room, open_page: OpenPage, theme: str, window: dict[str, Any], assert_accessible: Check
) -> None:
    page = open_page(ada, "/rooms/general/", color_scheme=theme, **window)
    expect(message(page, "and this is new")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Members").click()
    expect(page.get_by_role("region", name="Members", exact=True)).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Close members").click()
    page.get_by_role("button", name="1 reply").click()
    expect(page.get_by_role("region", name="Thread").get_by_text("a reply")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Close thread").click()
    page.get_by_role("button", name="edited").click()
    expect(page.get_by_role("region", name="Edit history").locator("del").first).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Close edit history").click()
    field(page).press_sequentially("@b")
    expect(page.get_by_role("option").first).to_be_visible()
    assert_accessible(page)


def test_menus_and_dialogs(ada: Any, talk: Room, open_page: OpenPage, theme: str, assert_accessible: Check) -> None:
    page = open_page(ada, "/rooms/general/", color_scheme=theme)
    expect(message(page, "without a mistake")).to_be_visible()
    message(page, "without a mistake").click(button="right")
    expect(page.get_by_role("menu")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    choose(page, "without a mistake", "Edit")
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Emoji", exact=True).click()
    expect(page.locator("#emoji")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    for opener in ("Create room", "New direct message", "Invite people"):
        page.get_by_role("button", name=opener).first.click()
        expect(page.locator("dialog[open]")).to_be_visible()
        assert_accessible(page)
        page.keyboard.press("Escape")
    for key in ("Control+k", "?"):
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_be_visible()
        assert_accessible(page)
        page.keyboard.press("Escape")


def test_pages_beside_the_rooms(
    ada: Any,
    talk: Room,
    open_page: OpenPage,
    theme: str,
    window: dict[str, Any],
    console: Any,
    assert_accessible: Check,
) -> None:
    console.allow("404")
    page = open_page(ada, None, color_scheme=theme, **window)
    for path, shown in (
        ("/", "Rooms"),
        ("/browse/", "Browse rooms"),
        ("/rooms/general/settings/", "general"),
        ("/rooms/nowhere/", "Not found"),
    ):
        page.goto(path)
        expect(page.get_by_role("heading", name=shown).first).to_be_visible()
        expect(page.locator(".skeleton:visible")).to_have_count(0)
        assert_accessible(page)


def test_rooms_where_one_may_not_write(
    ada: Any, ben: Any, talk: Room, person: Any, open_page: OpenPage, theme: str, assert_accessible: Check
) -> None:
    page = open_page(person("cleo"), "/rooms/general/", color_scheme=theme)
    expect(page.get_by_role("button", name="Join", exact=True)).to_be_visible()
    assert_accessible(page)
    change(ada, talk, archived=True)
    page = open_page(ben, "/rooms/general/", color_scheme=theme)
    expect(page.get_by_text("This room is archived.")).to_be_visible()
    assert_accessible(page)


def test_dialogs_on_a_phone(ada: Any, talk: Room, open_page: OpenPage, theme: str, assert_accessible: Check) -> None:
    page = open_page(ada, "/", color_scheme=theme, **PHONE)
    for opener in ("Create room", "New direct message", "Jump or search"):
        page.get_by_role("button", name=opener).first.tap()
        expect(page.locator("dialog[open]")).to_be_visible()
        assert_accessible(page)
        page.keyboard.press("Escape")
    page.goto("/rooms/general/settings/")
    page.get_by_role("button", name="Invite", exact=True).tap()
    expect(page.get_by_role("dialog", name="Invite")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Archive", exact=True).tap()
    expect(page.locator("#d-confirm")).to_be_visible()
    assert_accessible(page)


def test_sheets_over_a_room_on_a_phone(
    ada: Any, talk: Room, open_page: OpenPage, theme: str, assert_accessible: Check
) -> None:
    page = open_page(ada, "/rooms/general/", color_scheme=theme, **PHONE)
    message(page, "without a mistake").click(button="right")
    expect(page.get_by_role("menu")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("menuitem", name="Edit").tap()
    expect(page.locator(".editbox")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Emoji", exact=True).first.tap()
    expect(page.locator("#emoji")).to_be_visible()
    assert_accessible(page)


def test_account_beside_the_rail(
    ada: Any, talk: Room, open_page: OpenPage, theme: str, window: dict[str, Any], assert_accessible: Check
) -> None:
    page = open_page(ada, None, color_scheme=theme, **window)
    for path, shown in (
        ("/account/profile/", "Account"),
        ("/account/email/", "E-mail"),
        ("/account/password/change/", "Change your password"),
    ):
        page.goto(path)
        expect(page.get_by_role("heading", name=shown, exact=True).first).to_be_visible()
        assert_accessible(page)


def test_room_that_was_taken_away(
    ada: Any, ben: Any, talk: Room, open_page: OpenPage, theme: str, window: dict[str, Any], assert_accessible: Check
) -> None:
    page = open_page(ben, "/rooms/general/", color_scheme=theme, **window)
    expect(field(page)).to_be_visible()
    elsewhere(services.remove_member, actor=ada, room_id=talk.pk, user_id=ben.pk)
    expect(page.get_by_text("You are no longer in this room")).to_be_visible()
    expect(page.get_by_text("Not a member")).to_be_visible()
    assert_accessible(page)


def test_back_office(person: Any, room: Room, open_page: OpenPage, theme: str, assert_accessible: Check) -> None:
    page = open_page(person("root", is_staff=True, is_superuser=True), None, color_scheme=theme)
    for path in ("/admin/", "/admin/accounts/user/"):
        page.goto(path)
        expect(page.locator("#site-name")).to_be_visible()
        assert_accessible(page)
