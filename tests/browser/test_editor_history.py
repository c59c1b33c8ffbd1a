"""Looking back: the slider below the text, old versions over it, and the way back to the text of now."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from chat.models import Room
from editor.changes import ChangeSet
from editor.models import Document
from editor.services import submit_updates
from editor.shapes import DocumentView
from tests.browser.code import document_url, editor, lines, make_document, pane, status, type_at_end
from tests.browser.pages import SECOND_MS, elsewhere

OpenPage = Callable[..., Page]

TEXT = "one\ntwo\nthree\n"


@pytest.fixture
def document(ada: Any, ben: Any, room: Room) -> DocumentView:
    """session.py at version 12: Ada wrote six lines below the text, then Ben six."""
    made = make_document(ada, room, text=TEXT)
    for number in range(1, 13):
        append(ada if number <= 6 else ben, made, f"line {number}\n")
    return made


def append(who: Any, document: DocumentView, text: str) -> None:
    """One edit at the end, as a person's browser would send it."""
    row = Document.objects.get(pk=document.id)
    changes = ChangeSet.from_json([*([row.length] if row.length else []), [0, *text.split("\n")]])
    submit_updates(
        actor=who,
        document_id=document.id,
        client_id=f"{who.pk}-hand",
        version=row.version,
        changes=[changes],
    )


def open_document(open_page: OpenPage, who: Any, room: Room, document: DocumentView, v: str = "", **more: Any) -> Page:
    page = open_page(who, document_url(room, document) + v, **more)
    expect(slider(page)).to_be_visible()
    return page


def slider(page: Page) -> Locator:
    return pane(page).get_by_role("slider", name="Document history")


def bar(page: Page) -> Locator:
    """Above an old version."""
    return pane(page).get_by_role("group", name="Old version")


def expect_old_text(page: Page, text: str) -> None:
    """The text follows the number; its lines without what marks the difference."""
    expect(pane(page).locator(".past .cm-line")).to_have_text(text.split("\n"))


def written(upto: int) -> str:
    return TEXT + "".join(f"line {number}\n" for number in range(1, upto + 1))


def drag_to(page: Page, share: float) -> None:
    """Takes the thumb from where it is to a share of the way, and lets go."""
    box = slider(page).bounding_box()
    assert box is not None
    now = float(slider(page).evaluate("(it) => (it.value - it.min) / (it.max - it.min)"))
    x = lambda part: box["x"] + 6.5 + part * (box["width"] - 13)  # noqa: E731
    page.mouse.move(x(now), box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(x(now + (share - now) * step / 5), box["y"] + box["height"] / 2)
    page.mouse.up()


def test_person_drags_back_and_comes_back_to_live(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page = open_document(open_page, ada, room, document)
    expect(pane(page).locator(".islive")).to_have_text("Live")
    drag_to(page, 0.5)
    expect(bar(page)).to_contain_text("Version 6 of 12")
    expect(bar(page)).to_contain_text(re.compile(r"Ada Lovelace, today \d\d:\d\d, read-only"))
    expect(page).to_have_url(re.compile(rf"\?doc={document.id}&v=6$"))
    expect(pane(page).get_by_role("button", name="Next edit")).to_be_visible()
    expect_old_text(page, written(6))
    expect(slider(page)).to_have_attribute("aria-valuetext", re.compile("Version 6 of 12, Ada Lovelace"))
    expect(editor(page)).to_be_hidden()
    drag_to(page, 0.75)
    expect(bar(page)).to_contain_text("Version 9 of 12Ben Okafor")
    elsewhere(append, ben, document, "while you look\n")
    expect(bar(page)).to_contain_text("Version 9 of 13")
    page.wait_for_timeout(SECOND_MS / 2)
    expect_old_text(page, written(9))
    page.keyboard.press("Escape")
    expect(bar(page)).to_be_hidden()
    expect(editor(page)).to_be_focused()
    expect(page).to_have_url(re.compile(rf"\?doc={document.id}$"))
    assert lines(page) == written(12) + "while you look\n"
    type_at_end(page, "x")
    expect(status(page)).to_have_text("Saved, version 14")
