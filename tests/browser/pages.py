"""What a person does on the rooms' page, in a person's words: write, find a message, choose from its menu.

Used by the browser tests of rooms, people and the shell. It never asserts: tests say what they expect.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import connections
from playwright.sync_api import Locator, Page

SECOND_MS = 1_000

T = TypeVar("T")


def elsewhere(service: Callable[..., T], *values: Any, **named: Any) -> T:
    """Runs a service as another process would: in this thread Playwright's loop would keep the bell from ringing."""

    def run() -> T:
        try:
            return service(*values, **named)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run).result()


def field(page: Page) -> Locator:
    """Where one writes to the room."""
    return page.get_by_role("textbox", name="Message", exact=True)


def write(page: Page, text: str) -> None:
    """Types a message and sends it with Enter."""
    field(page).fill(text)
    field(page).press("Enter")


def log(page: Page) -> Locator:
    """The room's messages."""
    return page.locator(".chat [role=log]")


def message(page: Page, text: str) -> Locator:
    """The message of the room with this text."""
    return log(page).locator(".msg").filter(has_text=text)


def choose(page: Page, text: str, item: str) -> None:
    """Opens the menu of a message and takes an item."""
    message(page, text).hover()
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name=item).click()


def room_row(page: Page, name: str) -> Locator:
    """A room's line in the rail."""
    return page.locator("#rail a.item").filter(has=page.locator("[data-part=name]", has_text=name))


def scroll_to(page: Page, pixels: int) -> None:
    """Puts the log at a height, as the scroll bar does."""
    log(page).evaluate("(log, top) => { log.scrollTop = top; }", pixels)
