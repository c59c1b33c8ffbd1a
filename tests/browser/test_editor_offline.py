"""What one types is never lost: without a connection, over a reload, in two tabs, refused, deleted."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chat import services as chat
from chat.models import Room
from editor import services
from editor.services import DocumentChange
from editor.shapes import DocumentView
from tests.browser.code import (
    EditorLine,
    code_lines,
    document_url,
    editor,
    go_to_start,
    make_document,
    mode_bar,
    pane,
    status,
    stored_text,
    tab,
    type_at_end,
    wait_until,
    wait_until_kept,
    wait_until_one,
)
from tests.browser.pages import elsewhere

OpenPage = Callable[..., Page]

TEXT = "one\ntwo\n"


@pytest.fixture
def document(ada: Any, room: Room) -> DocumentView:
    """notes.md of #general, made by Ada."""
    return make_document(ada, room, name="notes.md", text=TEXT)


def open_document(open_page: OpenPage, who: Any, room: Room, document: DocumentView) -> tuple[Page, EditorLine]:
    page = open_page(who, None)
    line = EditorLine(page)
    page.goto(document_url(room, document))
    expect(status(page)).to_have_text(re.compile("Saved, version"))
    return page, line


def test_writer_goes_on_offline_and_is_merged_on_return(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page, line = open_document(open_page, ada, room, document)
    other, _ = open_document(open_page, ben, room, document)
    line.cut()
    type_at_end(page, "from ada")
    expect(status(page)).to_have_text("Offline, 1 edit waiting")
    expect(mode_bar(page)).to_contain_text("Offline since")
    page.keyboard.press("Control+Home")
    page.keyboard.type("zero\n")
    expect(status(page)).to_have_text("Offline, 2 edits waiting")
    go_to_start(other)
    other.keyboard.type("from ben ")
    assert wait_until(other, lambda: "from ben " in stored_text(ada, document))
    line.mend(page)
    expect(editor(page)).to_contain_text("from ben ")
    expect(editor(other)).to_contain_text("from ada")
    wait_until_one(page, other, reader=ada, document=document)
    text = stored_text(ada, document)
    assert sorted(text.split()) == sorted(["zero", "from", "ben", "one", "two", "from", "ada"])


def test_unsent_edits_survive_a_reload_and_are_stored_once(
    ada: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page, line = open_document(open_page, ada, room, document)
    line.cut()
    type_at_end(page, "not sent yet")
    expect(status(page)).to_have_text("Offline, 1 edit waiting")
    wait_until_kept(page, ada, len("not sent yet"))
    page.reload()
    expect(editor(page)).to_contain_text("not sent yet")
    expect(status(page)).to_have_text("Offline, 1 edit waiting")
    assert stored_text(ada, document) == TEXT
    line.mend(page)
    expect(status(page)).to_have_text("Saved, version 12")
    assert stored_text(ada, document) == TEXT + "not sent yet"
    wait_until_kept(page, ada)
    page.reload()
    expect(code_lines(page)).to_have_text([*TEXT.split("\n")[:-1], "not sent yet"])
    wait_until_one(page, reader=ada, document=document)
    assert stored_text(ada, document) == TEXT + "not sent yet"


def test_an_answer_that_is_lost_stores_the_edit_once(
    ada: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page = open_page(ada, None)
    swallowed: list[str] = []

    def route(socket: Any) -> None:
        server = socket.connect_to_server()

        def from_server(frame: Any) -> None:
            if swallowed and len(swallowed) < 3 and ("document.updates" in frame or '"ack"' in frame):
                swallowed.append(frame)
                if len(swallowed) == 3:
                    socket.close(code=1011)
            else:
                socket.send(frame)

        def from_page(frame: Any) -> None:
            if "document.push" in frame and not swallowed:
                swallowed.append(frame)
            server.send(frame)

        server.on_message(from_server)
        socket.on_message(from_page)

    page.route_web_socket(re.compile("/ws/editor/"), route)
    page.goto(document_url(room, document))
    expect(status(page)).to_have_text("Saved, version 0")
    type_at_end(page, "x")
    expect(status(page)).to_have_text("Saved, version 1")
    assert len(swallowed) == 3
    assert stored_text(ada, document) == TEXT + "x"


def test_two_tabs_of_a_person_merge_what_both_kept(
    ada: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    first, line = open_document(open_page, ada, room, document)
    second = first.context.new_page()
    other = EditorLine(second)
    second.goto(document_url(room, document))
    expect(status(second)).to_have_text("Saved, version 0")
    line.cut()
    other.cut()
    type_at_end(first, "from one tab ")
    type_at_end(second, "from another ")
    for page in (first, second):
        expect(status(page)).to_have_text("Offline, 1 edit waiting")
    wait_until_kept(first, ada, len("from one tab "), len("from another "))
    second.close()
    line.mend(first)
    first.reload()
    expect(status(first)).to_have_text(re.compile("Saved, version"))
    expect(editor(first)).to_contain_text("from one tab")
    expect(editor(first)).to_contain_text("from another")
    wait_until_one(first, reader=ada, document=document)
    text = stored_text(ada, document)
    assert (text.count("from one tab"), text.count("from another")) == (1, 1)


def test_edits_of_somebody_who_lost_the_right_become_a_draft(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page, line = open_document(open_page, ben, room, document)
    line.cut()
    type_at_end(page, "too late")
    expect(status(page)).to_have_text("Offline, 1 edit waiting")
    elsewhere(services.update_document, actor=ada, document_id=document.id, change=DocumentChange(read_only=True))
    line.mend(page)
    draft = pane(page).get_by_role("region", name="Recovered draft")
    expect(draft).to_contain_text("Draft recovered, 1 line")
    expect(draft.locator(".cm-content")).to_contain_text("too late")
    expect(draft.get_by_role("button", name="Put into document")).to_be_hidden()
    page.reload()
    expect(draft).to_contain_text("too late")
    elsewhere(services.update_document, actor=ada, document_id=document.id, change=DocumentChange(read_only=False))
    draft.get_by_role("button", name="Put into document").click()
    expect(editor(page)).to_contain_text("too late")
    expect(status(page)).to_have_text("Saved, version 1")
    expect(draft).to_have_count(0)
    assert stored_text(ada, document) == TEXT + "too late"


def test_a_draft_is_copied_shown_beside_the_text_and_discarded(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page, line = open_document(open_page, ben, room, document)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    line.cut()
    type_at_end(page, "mine alone")
    elsewhere(services.update_document, actor=ada, document_id=document.id, change=DocumentChange(read_only=True))
    line.mend(page)
    draft = pane(page).get_by_role("region", name="Recovered draft")
    draft.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Draft copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == TEXT + "mine alone"
    draft.get_by_role("button", name="Saved text").click()
    expect(editor(page)).to_be_visible()
    expect(editor(page)).not_to_contain_text("mine alone")
    draft.get_by_role("button", name="Discard").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Discard").click()
    expect(draft).to_have_count(0)
    expect(editor(page)).to_be_visible()


def test_document_deleted_under_ones_hands_says_so_and_gives_the_text(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page, line = open_document(open_page, ben, room, document)
    line.cut()
    type_at_end(page, "came too late")
    expect(status(page)).to_have_text("Offline, 1 edit waiting")
    elsewhere(services.delete_document, actor=ada, document_id=document.id)
    note = pane(page).locator(".codenote")
    expect(note).to_contain_text("Ada Lovelace deleted this document")
    line.mend(page)
    expect(note).to_contain_text("1 edit of yours came too late")
    expect(note.get_by_role("button", name="Restore")).to_be_hidden()
    with page.expect_download() as download:
        note.get_by_role("button", name="Download").click()
    assert download.value.path().read_text() == TEXT + "came too late"
    note.get_by_role("button", name="Show it").click()
    expect(pane(page).get_by_role("region", name="Recovered draft")).to_contain_text("came too late")
    elsewhere(services.bring_back, actor=ada, document_id=document.id)
    expect(tab(page, "notes.md")).to_be_visible()
    draft = pane(page).get_by_role("region", name="Recovered draft")
    draft.get_by_role("button", name="Put into document").click()
    expect(status(page)).to_have_text("Saved, version 1")
    assert stored_text(ada, document) == TEXT + "came too late"


def test_person_who_is_removed_stops_at_once(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page, _ = open_document(open_page, ben, room, document)
    elsewhere(chat.remove_member, actor=ada, room_id=room.pk, user_id=ben.pk, reason="")
    expect(page.get_by_role("heading", name="#general")).to_be_visible()
    expect(pane(page)).to_have_count(0)
