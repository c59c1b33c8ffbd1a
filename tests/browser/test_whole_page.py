"""Every page at twice its size, and a day's work with nothing but the keyboard."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from chat.models import Report, Room
from tests.browser.pages import elsewhere, field, log, message
from tests.chat.uploading import picture
from tests.factories import make_room, say

OpenPage = Callable[..., Page]

TWICE: dict[str, Any] = {"viewport": {"width": 720, "height": 450}, "device_scale_factor": 2}
"""A window of 1440 x 900 at 200 %."""
PAGES = {
    "/rooms/general/": "Message",
    "/rooms/general/settings/": "Name",
    "/search/?q=release": "Search words",
    "/drafts/": None,
    "/mentions/": None,
    "/saved/": None,
    "/browse/": None,
    "/account/profile/": "Name",
    "/account/tokens/": None,
    "/api/docs/": None,
}
"""Addresses, and a field of theirs that must be reached."""


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.UPLOAD_SPOOL_DIR = str(tmp_path / "spool")


@pytest.mark.parametrize("size", [TWICE, {"viewport": {"width": 320, "height": 256}}], ids=["200 %", "400 % of 1280"])
def test_nothing_is_lost_of_a_page_that_is_enlarged(
    ada: Any, ben: Any, room: Room, open_page: OpenPage, assert_no_sideways_scroll: Any, size: dict[str, Any]
) -> None:
    say(ben, room, "The release is out, @ada. " + "It is long. " * 40)
    page = open_page(ada, None, **size)
    for address, label in PAGES.items():
        page.goto(address)
        expect(page.locator("#view[aria-busy]")).to_have_count(0)
        assert_no_sideways_scroll(page)
        if label is not None:
            place = page.get_by_label(label, exact=True).first
            place.scroll_into_view_if_needed()
            expect(place).to_be_in_viewport()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


@pytest.fixture
def page(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> Page:
    """Ada's page; nobody touches its mouse."""
    make_room(ada, ben, name="atlas")
    say(ben, room, "The release is out")
    page = open_page(ada, "/rooms/general/")
    # Playwright begins to catch file dialogs some time after it is asked to: one that opens at once would be lost.
    page.on("filechooser", lambda _: None)
    page.wait_for_load_state("networkidle")
    expect(field(page)).to_be_focused()
    return page


def test_a_file_and_a_bold_word_are_sent_by_keyboard(page: Page) -> None:
    page.get_by_role("button", name="Add files").focus()
    with page.expect_file_chooser() as chooser:
        press(page, "Enter")
    chooser.value.set_files(FilePayload(name="board.png", mimeType="image/png", buffer=picture()))
    expect(page.get_by_role("list", name="Files of this message")).to_contain_text("ready")
    field(page).focus()
    page.keyboard.type("Is it ")
    press(page, "Control+b")
    page.keyboard.type("really")
    press(page, "End", "Enter")
    sent = message(page, "Is it really")
    expect(sent.locator("[data-part=body] strong")).to_have_text("really")
    expect(sent.get_by_role("img", name="board.png")).to_be_visible()
    press(page, "ArrowUp")
    page.keyboard.type("?")
    press(page, "Enter")
    expect(sent).to_contain_text("edited")


def test_a_message_is_pinned_and_reported_by_keyboard(page: Page) -> None:
    menu_of(page, "The release is out")
    page.get_by_role("menuitem", name="Pin to the room").focus()
    press(page, "Enter")
    expect(page.get_by_text("Pinned to the room")).to_be_visible()
    page.get_by_role("button", name="Pinned messages", exact=True).focus()
    press(page, "Enter")
    expect(page.get_by_role("region", name="Pinned messages", exact=True)).to_contain_text("The release is out")
    press(page, "Escape")
    menu_of(page, "The release is out")
    page.get_by_role("menuitem", name="Report…").focus()
    press(page, "Enter")
    dialog = page.get_by_role("dialog", name="Report this message")
    dialog.get_by_role("radio").first.focus()
    press(page, "Space")
    dialog.get_by_role("button", name="Report", exact=True).focus()
    press(page, "Enter")
    expect(dialog).to_be_hidden()
    assert elsewhere(Report.objects.count) == 1


def test_a_search_leads_back_into_the_room_by_keyboard(page: Page) -> None:
    press(page, "Control+Shift+f")
    expect(page.get_by_role("searchbox", name="Search words")).to_be_focused()
    page.keyboard.type("release")
    expect(page.locator(".hits > .hit").first).to_be_visible()
    press(page, "ArrowDown", "Enter")
    expect(message(page, "The release is out")).to_be_in_viewport()


def menu_of(page: Page, text: str) -> None:
    """Up into the log and to the message, and its menu."""
    log(page).locator(".msg").filter(has_text=text).focus()
    press(page, "Enter")
    expect(page.get_by_role("menu", name="Message actions")).to_be_visible()
