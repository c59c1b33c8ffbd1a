"""What a person does in the code pane, in a person's words: open a document, type in it, look how it stands.

Used by the browser tests of the editor. It never asserts: tests say what they expect.
"""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from playwright.sync_api import Locator, Page, expect

from chat.models import Room
from chat.selectors.views import room_url
from editor import selectors
from editor.models import Document
from editor.services import create_document
from editor.shapes import DocumentView
from tests.browser.pages import Line, elsewhere

WAIT_SECONDS = 20
"""Long enough for two busy cores."""


def make_document(owner: Any, room: Room, name: str = "session.py", text: str = "") -> DocumentView:
    """A document of the room, as its owner would make it."""
    return create_document(actor=owner, room_id=room.pk, cid=uuid4(), name=name, text=text)


def document_url(room: Room, document: DocumentView) -> str:
    """The address that opens it beside the chat."""
    return f"{room_url(room)}?doc={document.id}"


def pane(page: Page) -> Locator:
    """The code pane."""
    return page.locator("#code-pane")


def editor(page: Page) -> Locator:
    """Where one writes."""
    return pane(page).locator(".hosts .cm-host:not([hidden]) .cm-content")


def status(page: Page) -> Locator:
    """How the document stands."""
    return pane(page).locator("[data-part=status]")


def mode_bar(page: Page) -> Locator:
    """Why one cannot write, or that the connection is lost."""
    return pane(page).locator("[data-part=mode]")


def tab(page: Page, name: str) -> Locator:
    """The tab of a document."""
    return pane(page).get_by_role("tab", name=name, exact=True)


LINES = "(place) => [...place.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\\n')"


def lines(page: Page) -> str:
    """The text as it is shown; only for texts that fit the window."""
    return str(editor(page).evaluate(LINES))


def code_lines(page: Page) -> Locator:
    """The same, line by line; for tests that wait for a text."""
    return editor(page).locator(".cm-line")


def wait_for_keys(page: Page) -> None:
    """Waits until the editor has its keys and its undo, which are fetched beside the text and may come after it."""
    expect(pane(page).locator(".hosts .cm-host:not([hidden]) .cm-foldGutter")).to_be_attached()


def go_to_end(page: Page) -> None:
    """Puts the caret behind the last character."""
    wait_for_keys(page)
    editor(page).click()
    page.keyboard.press("Control+End")


def go_to_start(page: Page) -> None:
    """Puts the caret before the first character."""
    wait_for_keys(page)
    editor(page).click()
    page.keyboard.press("Control+Home")


def type_at_end(page: Page, text: str) -> None:
    """Types behind the last character, once the editor takes it."""
    expect(editor(page)).to_have_attribute("aria-readonly", "false")
    go_to_end(page)
    page.keyboard.type(text)


def stored_version(document: DocumentView) -> int:
    """The version in the database."""
    return int(elsewhere(Document.objects.values_list("version", flat=True).get, pk=document.id))


def stored_text(reader: Any, document: DocumentView) -> str:
    """The text in the database."""
    return str(elsewhere(selectors.view_text, actor=reader, document_id=document.id, version=None).text)


def wait_until(page: Page, holds: Callable[[], bool]) -> bool:
    """Asks again for a while, as long as `expect` does; the page goes on. Answers whether it came to hold."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        page.wait_for_timeout(50)
    return True


def wait_until_one(*pages: Page, reader: Any, document: DocumentView) -> None:
    """Waits until the pages show the stored text at its version, with nothing on its way.

    What was typed a moment ago shows as saved before it is, so no single page can tell that all is done.
    """

    def are_one() -> bool:
        stored = elsewhere(selectors.view_text, actor=reader, document_id=document.id, version=None)
        shown = {(lines(page), status(page).text_content()) for page in pages}
        return shown == {(stored.text, f"Saved, version {stored.version}")}

    wait_until(pages[0], are_one)


KEPT = """(account) => new Promise((resolve, reject) => {
  const opened = indexedDB.open(`collab-editor-${account}`);
  opened.onerror = () => reject(opened.error);
  opened.onsuccess = () => {
    const asked = opened.result.transaction("unsent").objectStore("unsent").getAll();
    asked.onsuccess = () => {
      opened.result.close();
      resolve(asked.result.map((kept) => kept.changes.length).sort());
    };
  };
})"""


def wait_until_kept(page: Page, who: Any, *keys: int) -> None:
    """Waits until so many keys of each copy are kept on the device: a page that is left before may lose them."""
    wait_until(page, lambda: page.evaluate(KEPT, who.pk) == sorted(keys))


class EditorLine(Line):
    """A page's way to its documents."""

    path = "/ws/editor/"
