"""Every state of the code pane passes axe, in both themes, on a desk and on a phone."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from chat.models import Room
from chat.selectors.views import room_url
from editor import services
from editor.services import DocumentChange
from tests.browser.code import EditorLine, document_url, editor, make_document, mode_bar, pane, status, tab, type_at_end
from tests.browser.pages import elsewhere

OpenPage = Callable[..., Page]
Check = Callable[[Page], None]

TEXT = 'import json\n\n\ndef receive(base: int, edit: str) -> str:\n    """Take it."""\n    return json.dumps(edit)\n'


def test_document_with_company(
    ada: Any,
    ben: Any,
    room: Room,
    open_page: OpenPage,
    theme: str,
    window: dict[str, Any],
    assert_accessible: Check,
    assert_no_sideways_scroll: Check,
) -> None:
    document = make_document(ada, room, text=TEXT)
    make_document(ada, room, "notes.md")
    page = open_page(ada, document_url(room, document), color_scheme=theme, **window)
    other = open_page(ben, document_url(room, document))
    expect(status(page)).to_have_text("Saved, version 0")
    expect(status(other)).to_have_text("Saved, version 0")
    type_at_end(other, "# see here")
    other.keyboard.press("Shift+Home")
    expect(editor(page).locator(".cm-peer[data-name=Ben]")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    pane(page).get_by_role("button", name="Find").click()
    expect(pane(page).get_by_role("search")).to_be_visible()
    assert_accessible(page)
    pane(page).get_by_role("button", name="Close find").click()
    pane(page).get_by_role("button", name="More about this document").click()
    expect(page.get_by_role("menu", name="session.py")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("menuitem", name="Rename").click()
    expect(pane(page).get_by_label("New name for session.py")).to_be_focused()
    assert_accessible(page)
    page.keyboard.press("Escape")
    pane(page).get_by_role("button", name="New document").click()
    expect(page.get_by_role("dialog", name=re.compile("New document"))).to_be_visible()
    assert_accessible(page)
    page.get_by_text("A copy").click()
    assert_accessible(page)


def test_offline_draft_and_deleted(
    ada: Any, ben: Any, room: Room, open_page: OpenPage, theme: str, window: dict[str, Any], assert_accessible: Check
) -> None:
    document = make_document(ada, room, text=TEXT)
    page = open_page(ben, None, color_scheme=theme, **window)
    line = EditorLine(page)
    page.goto(document_url(room, document))
    expect(status(page)).to_have_text("Saved, version 0")
    line.cut()
    type_at_end(page, "# kept\n")
    expect(mode_bar(page)).to_contain_text("Offline since")
    assert_accessible(page)
    elsewhere(services.update_document, actor=ada, document_id=document.id, change=DocumentChange(read_only=True))
    line.mend(page)
    expect(pane(page).get_by_role("region", name="Recovered draft")).to_be_visible()
    assert_accessible(page)
    elsewhere(services.delete_document, actor=ada, document_id=document.id)
    expect(pane(page).locator(".codenote")).to_contain_text("deleted this document")
    assert_accessible(page)


def test_empty_and_viewed(
    ada: Any,
    room: Room,
    person: Any,
    open_page: OpenPage,
    theme: str,
    window: dict[str, Any],
    assert_accessible: Check,
) -> None:
    page = open_page(ada, room_url(room), color_scheme=theme, **window)
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    page.keyboard.press("Control+\\")
    expect(pane(page)).to_contain_text("No document yet")
    assert_accessible(page)
    document = elsewhere(make_document, ada, room, text=TEXT)
    expect(tab(page, "session.py")).to_be_visible()
    viewer = open_page(person("cleo"), document_url(room, document), color_scheme=theme, **window)
    expect(mode_bar(viewer)).to_contain_text("Only members can edit here")
    assert_accessible(viewer)
