"""What a person does on the rooms' page, in a person's words: write, find a message, choose from its menu.

Used by the browser tests of rooms, people and the shell. It never asserts: tests say what they expect.
"""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeVar

from django.db import connections
from playwright.sync_api import Locator, Page, WebSocketRoute

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


class Line:
    """A page's way to the server, which can be cut while all else goes on."""

    path: ClassVar[str] = "/ws/chat/"

    def __init__(self, page: Page) -> None:
        self.up = True
        self._open: list[WebSocketRoute] = []
        page.route_web_socket(re.compile(self.path), self._route)

    def _route(self, socket: WebSocketRoute) -> None:
        if self.up:
            self._open.append(socket)
            socket.connect_to_server()
        else:
            socket.close(code=1011)

    def cut(self) -> None:
        """Nothing passes any more, and nothing comes up."""
        self.up = False
        for socket in self._open:
            socket.close(code=1011)
        self._open.clear()

    def mend(self, page: Page | None = None) -> None:
        """The next attempt passes; a page that is named is told that it is online."""
        self.up = True
        if page is not None:
            page.evaluate("() => window.dispatchEvent(new Event('online'))")
