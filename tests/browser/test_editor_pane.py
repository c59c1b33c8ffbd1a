"""The pane around the text: tabs, new documents, files, menus, the edge, the keyboard, who may write, small screens."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.services.people import create_person
from chat.models import Room
from chat.selectors.views import room_url
from editor import services
from editor.models import Document
from editor.services import DocumentChange
from editor.shapes import DocumentView
from tests.browser.code import (
    code_lines,
    document_url,
    editor,
    go_to_end,
    make_document,
    mode_bar,
    pane,
    status,
    stored_text,
    tab,
    type_at_end,
    wait_for_keys,
    wait_until,
)
from tests.browser.pages import SECOND_MS, elsewhere, field
from tests.factories import change

OpenPage = Callable[..., Page]

TEXT = "def receive(base, edit):\n    return edit\n"


@pytest.fixture
def document(ada: Any, room: Room) -> DocumentView:
    """session.py of #general, made by Ada."""
    return make_document(ada, room, text=TEXT)


def open_document(open_page: OpenPage, who: Any, room: Room, document: DocumentView, **options: Any) -> Page:
    page = open_page(who, document_url(room, document), **options)
    expect(status(page)).to_have_text(re.compile("Saved, version"))
    return page


def expect_tabs(page: Page, *names: str) -> None:
    expect(pane(page).get_by_role("tab")).to_have_text(names)


def width(page: Page) -> float:
    box = pane(page).bounding_box()
    return box["width"] if box is not None else 0


def test_person_opens_the_pane_and_makes_the_first_document(
    ada: Any, room: Room, open_page: OpenPage, console: Any
) -> None:
    console.allow("status of 400")
    page = open_page(ada, room_url(room))
    expect(field(page)).to_be_focused()
    page.keyboard.press("Control+\\")
    expect(pane(page)).to_contain_text("No document yet")
    pane(page).locator(".codenote").get_by_role("button", name="New document").click()
    dialog = page.get_by_role("dialog", name="New document in #general")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_contain_text("A document needs a name.")
    dialog.get_by_label("Name").fill("a/b.py")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_contain_text("slash")
    dialog.get_by_label("Name").fill("trace_reader.py")
    expect(dialog.get_by_label("Language")).to_have_value("python")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_be_hidden()
    expect(tab(page, "trace_reader.py")).to_have_attribute("aria-selected", "true")
    expect(editor(page)).to_be_focused()
    expect(pane(page).get_by_label("Language")).to_have_value("python")
    wait_for_keys(page)
    page.keyboard.type("import this\n")
    expect(code_lines(page)).to_have_text(["import this", ""])
    expect(status(page)).to_have_text(re.compile("Saved, version [1-9]"))
    expect(page).to_have_url(re.compile(r"\?doc=\d+$"))
    page.keyboard.press("Control+\\")
    expect(pane(page)).to_be_hidden()
    expect(field(page)).to_be_focused()
    expect(page).not_to_have_url(re.compile("doc="))


def test_pane_comes_back_where_it_was_open(ada: Any, room: Room, document: DocumentView, open_page: OpenPage) -> None:
    page = open_document(open_page, ada, room, document)
    page.goto(room_url(room))
    expect(editor(page)).to_contain_text("def receive")
    expect(page).to_have_url(re.compile(rf"\?doc={document.id}$"))
    page.get_by_role("button", name="Code pane").click()
    expect(pane(page)).to_be_hidden()
    page.goto(room_url(room))
    expect(field(page)).to_be_focused()
    expect(pane(page)).to_be_hidden()


def test_documents_are_renamed_moved_and_deleted_in_front_of_others(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage, console: Any
) -> None:
    console.allow("status of 409")
    make_document(ada, room, "b.md")
    make_document(ada, room, "c.sql")
    page = open_document(open_page, ada, room, document)
    other = open_document(open_page, ben, room, document)
    tab(page, "session.py").focus()
    page.keyboard.press("F2")
    page.keyboard.type("b")
    page.keyboard.press("Control+a")
    page.keyboard.type("b.md")
    page.keyboard.press("Enter")
    expect(pane(page).get_by_role("alert").filter(has_text="document of this name")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.type("core.py")
    page.keyboard.press("Enter")
    expect(tab(other, "core.py")).to_be_visible()
    expect(tab(page, "core.py")).to_be_focused()
    page.keyboard.press("Alt+Shift+ArrowRight")
    for each in (page, other):
        expect_tabs(each, "b.md", "core.py", "c.sql")
    tab(page, "c.sql").drag_to(tab(page, "b.md"))
    for each in (page, other):
        expect_tabs(each, "c.sql", "b.md", "core.py")
    tab(page, "b.md").dblclick()
    page.keyboard.press("Escape")
    expect(tab(page, "b.md")).to_be_focused()
    tab(page, "core.py").click(button="right")
    page.get_by_role("menuitem", name="Delete").click()
    expect(tab(other, "core.py")).to_be_visible()
    expect(pane(other).locator(".codenote")).to_contain_text("Ada Lovelace deleted this document")
    page.get_by_role("button", name="Undo").click()
    expect(editor(page)).to_contain_text("def receive")
    expect(editor(other)).to_contain_text("def receive")
    type_at_end(other, "# again")
    expect(editor(page)).to_contain_text("# again")


def test_documents_that_do_not_fit_go_into_a_menu(
    ada: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    for number in range(12):
        make_document(ada, room, f"a-rather-long-name-{number}.py")
    page = open_document(open_page, ada, room, document)
    pane(page).get_by_role("button", name=re.compile(r"\d+ more")).click()
    page.get_by_role("menuitem", name="a-rather-long-name-11.py").click()
    expect(tab(page, "a-rather-long-name-11.py")).to_be_visible()
    expect(status(page)).to_have_text("Saved, version 0")
    tab(page, "session.py").click()
    expect(editor(page)).to_contain_text("def receive")


def test_files_become_documents_and_others_are_refused_politely(
    ada: Any, room: Room, document: DocumentView, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_document(open_page, ada, room, document)
    transfer = page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["SELECT 1;\\n"], "query.sql"));
            data.items.add(new File([new Uint8Array([0, 255, 1])], "picture.png"));
            return data;
        }"""
    )
    pane(page).locator(".codepanel").dispatch_event("dragenter", {"dataTransfer": transfer})
    expect(pane(page).get_by_text("Drop to add 2 documents")).to_be_visible()
    pane(page).locator(".codepanel").dispatch_event("drop", {"dataTransfer": transfer})
    expect(tab(page, "query.sql")).to_have_attribute("aria-selected", "true")
    expect(editor(page)).to_contain_text("SELECT 1;")
    expect(page.get_by_text("picture.png was not added")).to_be_visible()
    expect(page.get_by_text("not text in UTF-8")).to_be_visible()
    expect(pane(page).get_by_text("Drop to add")).to_be_hidden()


def test_a_text_beyond_the_limit_says_what_the_limit_is(
    ada: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page = open_document(open_page, ada, room, document)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for size, taken in ((2_000_000, False), (500_000, True)):
        page.evaluate("(size) => navigator.clipboard.writeText('0123456789abcde\\n'.repeat(size / 16))", size)
        go_to_end(page)
        page.keyboard.press("Control+v")
        if not taken:
            expect(page.get_by_text("A document holds 1,048,576 characters")).to_be_visible()
            expect(status(page)).to_have_text("Saved, version 0")
    expect(status(page)).to_have_text("Saved, version 9")
    assert elsewhere(Document.objects.get, pk=document.id).length == len(TEXT) + 500_000
    page.keyboard.press("Control+z")
    expect(editor(page)).to_have_text(re.compile("^def receive.*return edit$"))


def test_a_long_text_that_is_deleted_comes_back_with_one_undo(
    ada: Any, ben: Any, room: Room, open_page: OpenPage
) -> None:
    text = "".join(f"line {number}, and a few more words so that it is long 😀\n" for number in range(8_000))
    document = make_document(ada, room, "long.txt", text)
    page = open_document(open_page, ada, room, document)
    other = open_document(open_page, ben, room, document)

    def expect_stored(wanted: str) -> None:
        assert wait_until(page, lambda: stored_text(ada, document) == wanted)

    go_to_end(page)
    for keys, wanted in (("Control+a Delete", ""), ("Control+z", text), ("Control+Shift+z", ""), ("Control+z", text)):
        for key in keys.split():
            page.keyboard.press(key)
        expect_stored(wanted)
    expect(pane(page).get_by_role("region", name="Recovered draft")).to_have_count(0)
    expect(code_lines(other).first).to_contain_text("line 0, and a few")
    type_at_end(page, "x")
    expect_stored(text + "x")
    page.keyboard.press("Control+z")
    expect_stored(text)


def test_find_and_replace_by_keyboard(ada: Any, room: Room, document: DocumentView, open_page: OpenPage) -> None:
    page = open_document(open_page, ada, room, document)
    go_to_end(page)
    page.keyboard.press("Control+f")
    search = pane(page).get_by_role("search")
    expect(search.get_by_label("Find", exact=True)).to_be_focused()
    page.keyboard.type("edit")
    expect(search).to_contain_text("2 found")
    page.keyboard.press("Enter")
    expect(search).to_contain_text("1 of 2")
    search.get_by_label("Replace with").fill("change")
    search.get_by_role("button", name="Replace all").click()
    expect(editor(page)).to_contain_text("return change")
    search.get_by_label("Find", exact=True).press("Escape")
    expect(search).to_have_count(0)
    expect(editor(page)).to_be_focused()


def test_keyboard_enters_and_leaves_the_editor(
    ada: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page = open_document(open_page, ada, room, document)
    go_to_end(page)
    page.keyboard.press("Tab")
    page.keyboard.type("x")
    expect(editor(page)).to_contain_text("    x")
    expect(editor(page)).to_have_accessible_description(re.compile("Escape and then Tab"))
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(editor(page)).not_to_be_focused()
    edge = page.get_by_role("separator", name="Width of the code pane")
    before = pane(page).bounding_box()
    edge.focus()
    page.keyboard.press("ArrowLeft")
    assert before is not None
    assert wait_until(page, lambda: width(page) == pytest.approx(before["width"] + 24, abs=2))
    box = edge.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 4, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 104, box["y"] + 200)
    page.mouse.up()
    assert wait_until(page, lambda: width(page) == pytest.approx(before["width"] + 24 - 100, abs=6))
    dragged = width(page)
    page.reload()
    expect(editor(page)).to_be_visible()
    assert wait_until(page, lambda: width(page) == pytest.approx(dragged, abs=4))


def test_language_is_chosen_for_everybody(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page = open_document(open_page, ada, room, document)
    other = open_document(open_page, ben, room, document)
    expect(editor(other).locator("span", has_text="return").first).to_be_visible()
    pane(page).get_by_label("Language").select_option("Plain text")
    expect(pane(other).get_by_label("Language")).to_have_value("text")
    expect(editor(other).locator(".cm-line span", has_text="return")).to_have_count(0)


def test_looks_are_kept_for_the_person(ada: Any, room: Room, document: DocumentView, open_page: OpenPage) -> None:
    page = open_document(open_page, ada, room, document)
    pane(page).get_by_role("button", name="More about this document").click()
    page.get_by_role("menuitem", name="Wrap lines").click()
    expect(editor(page)).to_have_class(re.compile("cm-lineWrapping"))
    page.reload()
    expect(editor(page)).to_have_class(re.compile("cm-lineWrapping"))


def test_viewer_sees_and_cannot_write(ada: Any, room: Room, document: DocumentView, open_page: OpenPage) -> None:
    cleo = create_person(
        actor=None, username="cleo", display_name="Cleo", email="cleo@example.com", password="a good long one"
    )
    page = open_document(open_page, cleo, room, document)
    writer = open_document(open_page, ada, room, document)
    expect(mode_bar(page)).to_contain_text("Only members can edit here")
    expect(pane(page).get_by_role("button", name="New document")).to_be_hidden()
    editor(page).click()
    page.keyboard.type("not mine")
    type_at_end(writer, "# seen at once")
    expect(editor(page)).to_contain_text("# seen at once")
    expect(editor(page)).not_to_contain_text("not mine")
    pane(page).get_by_role("button", name="Join the room").click()
    expect(mode_bar(page)).to_be_hidden()
    type_at_end(page, " and now mine")
    expect(editor(writer)).to_contain_text("and now mine")


def test_rights_that_change_are_seen_at_once(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page = open_document(open_page, ben, room, document)
    mode = mode_bar(page)
    elsewhere(services.update_document, actor=ada, document_id=document.id, change=DocumentChange(read_only=True))
    expect(mode).to_contain_text("Only moderators can edit this document")
    go_to_end(page)
    page.keyboard.type("ignored")
    expect(editor(page)).not_to_contain_text("ignored")
    elsewhere(services.update_document, actor=ada, document_id=document.id, change=DocumentChange(read_only=False))
    expect(mode).to_be_hidden()
    elsewhere(change, ada, room, read_only=True)
    expect(mode).to_be_visible()
    expect(pane(page).get_by_role("button", name="New document")).to_be_hidden()


def test_person_follows_another_until_they_move(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    document = make_document(ada, room, "long.txt", "".join(f"line {number}\n" for number in range(400)))
    page = open_document(open_page, ada, room, document)
    other = open_document(open_page, ben, room, document)
    type_at_end(other, "the end")
    pane(page).get_by_role("button", name="Follow Ben Okafor").click()
    expect(editor(page)).to_contain_text("the end")
    expect(pane(page).get_by_role("button", name="Following Ben Okafor", exact=True)).to_be_visible()
    other.keyboard.press("Control+Home")
    expect(editor(page)).to_contain_text("line 0")
    pane(page).locator(".cm-scroller").hover()
    page.mouse.wheel(0, 300)
    expect(pane(page).get_by_role("button", name="Following Ben Okafor", exact=True)).to_be_hidden()


def test_phone_shows_code_by_its_tab(
    ada: Any,
    room: Room,
    document: DocumentView,
    open_page: OpenPage,
    phone: dict[str, Any],
    assert_no_sideways_scroll: Any,
) -> None:
    page = open_page(ada, room_url(room), **phone)
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    page.get_by_role("link", name="Code").click()
    expect(editor(page)).to_contain_text("def receive")
    expect(page.get_by_role("textbox", name="Message")).to_be_hidden()
    expect(page.get_by_role("link", name="Code")).to_have_attribute("aria-current", "page")
    assert_no_sideways_scroll(page)
    expect(editor(page)).to_have_attribute("aria-readonly", "false")
    wait_for_keys(page)
    editor(page).tap()
    expect(editor(page)).to_be_focused()
    page.keyboard.type("# thumb\n")
    expect(status(page)).to_have_text(re.compile("Saved, version [1-9]"))
    page.get_by_role("link", name="Chat").click()
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    expect(pane(page)).to_be_hidden()
    page.get_by_role("link", name="Rooms").click()
    page.get_by_role("link", name="Code").click()
    expect(editor(page)).to_contain_text("# thumb")


def finger(page: Page, *places: tuple[float, float]) -> None:
    """A finger comes down at the first place, goes over the others and is lifted."""
    touch = page.context.new_cdp_session(page)
    for index, (x, y) in enumerate(places):
        points = [{"x": x, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove" if index else "touchStart", "touchPoints": points})
        # One that is lifted while it moves flings, and the browser takes the next tap for the end of that.
        page.wait_for_timeout(SECOND_MS / 5)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_moves_a_tab_and_a_tap_chooses_one(
    ada: Any, room: Room, document: DocumentView, open_page: OpenPage, phone: dict[str, Any]
) -> None:
    make_document(ada, room, "b.md")
    make_document(ada, room, "c.sql")
    page = open_document(open_page, ada, room, document, **phone)
    expect_tabs(page, "session.py", "b.md", "c.sql")
    first, last = tab(page, "session.py").bounding_box(), tab(page, "c.sql").bounding_box()
    assert first is not None
    assert last is not None
    x, y = first["x"] + 30, first["y"] + 10
    finger(page, (x, y), (x + 5, y), (x + 40, y), (last["x"] + 10, y))
    expect_tabs(page, "b.md", "c.sql", "session.py")
    expect(tab(page, "session.py")).to_have_attribute("aria-selected", "true")
    tab(page, "b.md").tap()
    expect(tab(page, "b.md")).to_have_attribute("aria-selected", "true")
    expect_tabs(page, "b.md", "c.sql", "session.py")


@pytest.mark.parametrize("width", [800, 1100])
def test_one_pane_at_a_time_on_a_middling_screen(
    ada: Any, room: Room, document: DocumentView, open_page: OpenPage, width: int, assert_no_sideways_scroll: Any
) -> None:
    page = open_document(open_page, ada, room, document, viewport={"width": width, "height": 800})
    expect(field(page)).to_be_hidden()
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name="Code pane").click()
    expect(field(page)).to_be_visible()
