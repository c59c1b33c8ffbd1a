"""Two people in one document: what they type, where they are, and whose edits are undone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chat.models import Room
from editor.shapes import DocumentView
from tests.browser.code import (
    document_url,
    editor,
    go_to_end,
    go_to_start,
    lines,
    make_document,
    pane,
    status,
    stored_text,
    type_at_end,
    wait_until,
    wait_until_one,
)

OpenPage = Callable[..., Page]

TEXT = "def receive(base, edit):\n    return edit\n"


@pytest.fixture
def document(ada: Any, room: Room) -> DocumentView:
    """session.py of #general."""
    return make_document(ada, room, text=TEXT)


@pytest.fixture
def writers(ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage) -> tuple[Page, Page]:
    """Ada's and Ben's pages with the document open."""
    both = open_page(ada, document_url(room, document)), open_page(ben, document_url(room, document))
    for page in both:
        expect(editor(page)).to_contain_text("def receive")
        expect(status(page)).to_have_text("Saved, version 0")
    return both


def test_two_people_type_at_once_and_read_the_same(
    ada: Any, writers: tuple[Page, Page], document: DocumentView
) -> None:
    go_to_end(writers[0])
    go_to_start(writers[1])
    for round_ in range(12):
        for name, page in zip("ab", writers, strict=True):
            page.keyboard.type(f"{name}{round_} ")
    wait_until_one(*writers, reader=ada, document=document)
    shown = lines(writers[0])
    assert shown == lines(writers[1]) == stored_text(ada, document)
    for name in "ab":
        assert re.findall(rf"{name}\d+", shown) == [f"{name}{number}" for number in range(12)]


def test_carets_follow_edits_of_others(writers: tuple[Page, Page]) -> None:
    ada, ben = writers
    type_at_end(ben, "# here")
    name = editor(ada).locator(".cm-peer[data-name=Ben]")
    expect(name).to_be_visible()
    expect(pane(ada).get_by_role("button", name="Follow Ben Okafor")).to_be_visible()
    before = name.bounding_box()
    go_to_start(ada)
    ada.keyboard.type("# one more line\n")
    assert before is not None
    assert wait_until(ada, lambda: (name.bounding_box() or before)["y"] > before["y"] + 10)
    ben.close()
    expect(name).to_have_count(0)


def test_undo_takes_back_ones_own_edits_only(writers: tuple[Page, Page]) -> None:
    ada, ben = writers
    type_at_end(ada, "from ada")
    expect(editor(ben)).to_contain_text("from ada")
    go_to_start(ben)
    ben.keyboard.type("from ben ")
    expect(editor(ada)).to_contain_text("from ben ")
    editor(ada).press("Control+z")
    expect(editor(ben)).not_to_contain_text("from ada")
    expect(editor(ada)).to_contain_text("from ben")
