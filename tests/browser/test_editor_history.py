"""Looking back: the slider below the text, old versions over it, and the way back to the text of now."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect

from chat.models import Room
from editor.changes import ChangeSet
from editor.models import Document, Update
from editor.services import name_version, submit_updates
from editor.services.compaction import compact_document
from editor.shapes import DocumentView
from tests.browser.code import (
    EditorLine,
    code_lines,
    document_url,
    editor,
    go_to_start,
    make_document,
    pane,
    status,
    tab,
    type_at_end,
    wait_for_keys,
)
from tests.browser.pages import SECOND_MS, elsewhere

OpenPage = Callable[..., Page]

# On its way, well before the end; asked for with every picture, because a version is shown for half a second only.
PLAYED = """() => {
  const shown = document.querySelector("#code-pane [data-part=at]");
  return Number(shown?.textContent) >= 2 && Number(shown?.textContent) < 12;
}"""
TEXT = "one\ntwo\nthree\n"


@pytest.fixture
def document(ada: Any, ben: Any, room: Room) -> DocumentView:
    """session.py at version 12: an hour ago Ada wrote six lines below the text, then Ben six."""
    made = make_document(ada, room, text=TEXT)
    for number in range(1, 13):
        append(ada if number <= 6 else ben, made, f"line {number}\n")
    Update.objects.filter(document_id=made.id).update(at=timezone.now() - timedelta(hours=1))
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


def side(page: Page) -> Locator:
    """Beside an old version."""
    return pane(page).get_by_role("group", name="Versions", exact=True)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def expect_old_text(page: Page, text: str) -> None:
    """The text follows the number; its lines without what marks the difference."""
    expect(pane(page).locator(".past .cm-line")).to_have_text(text.split("\n"))


def expect_text(page: Page, text: str) -> None:
    """The text of now."""
    expect(code_lines(page)).to_have_text(text.split("\n"))


def written(upto: int) -> str:
    return TEXT + "".join(f"line {number}\n" for number in range(1, upto + 1))


def drag_to(page: Page, share: float) -> None:
    """Takes the thumb from where it is to a share of the way, and lets go."""
    box = slider(page).bounding_box()
    assert box is not None
    now = float(slider(page).evaluate("(it) => (it.value - it.min) / (it.max - it.min)"))
    left, width, y = box["x"] + 6.5, box["width"] - 13, box["y"] + box["height"] / 2
    page.mouse.move(left + now * width, y)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(left + (now + (share - now) * step / 5) * width, y)
    page.mouse.up()


def test_person_drags_back_and_comes_back_to_live(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page = open_document(open_page, ada, room, document)
    expect(pane(page).locator(".islive")).to_have_text("Live")
    drag_to(page, 0.5)
    expect(bar(page)).to_contain_text("Version 6 of 12")
    expect(bar(page)).to_contain_text(re.compile(r"Ada Lovelace, (today|yesterday) \d\d:\d\d, read-only"))
    expect(page).to_have_url(re.compile(rf"\?doc={document.id}&v=6$"))
    expect(page.locator("#announce")).to_have_text(re.compile("Version 6 of 12, Ada Lovelace"))
    expect(pane(page).get_by_role("button", name="Next edit")).to_be_visible()
    expect_old_text(page, written(6))
    expect(slider(page)).to_have_attribute("aria-valuetext", re.compile("Version 6 of 12, Ada Lovelace"))
    expect(editor(page)).to_be_hidden()
    drag_to(page, 0.75)
    expect(bar(page)).to_contain_text("Version 9 of 12Ben Okafor")
    elsewhere(append, ben, document, "while you look\n")
    expect(bar(page)).to_contain_text("Version 9 of 13")
    expect(slider(page)).to_have_attribute("max", "13")
    page.wait_for_timeout(SECOND_MS / 2)
    expect_old_text(page, written(9))
    press(page, "Escape")
    expect(bar(page)).to_be_hidden()
    expect(editor(page)).to_be_focused()
    expect(page).to_have_url(re.compile(rf"\?doc={document.id}$"))
    expect_text(page, written(12) + "while you look\n")
    type_at_end(page, "x")
    expect(status(page)).to_have_text("Saved, version 14")
    drag_to(page, 0.5)
    expect(bar(page)).to_contain_text("Version 7 of 14")
    expect(pane(page).get_by_role("button", name="Next edit")).to_be_visible()
    drag_to(page, 1)
    expect(bar(page)).to_be_hidden()


def test_keys_step_through_edits_and_authors(ada: Any, room: Room, document: DocumentView, open_page: OpenPage) -> None:
    page = open_document(open_page, ada, room, document)
    wait_for_keys(page)
    editor(page).click()
    press(page, "Control+Home", "ArrowDown", "End")
    press(page, "Alt+h")
    expect(slider(page)).to_be_focused()
    expect(bar(page)).to_contain_text("Version 12 of 12")
    press(page, "ArrowLeft", "ArrowLeft")
    expect(bar(page)).to_contain_text("Version 10 of 12")
    press(page, "PageDown")
    expect(bar(page)).to_contain_text("Version 6 of 12Ada")
    press(page, "ArrowRight")
    expect(bar(page)).to_contain_text("Version 7 of 12Ben")
    press(page, "Home")
    expect(bar(page)).to_contain_text("Version 0 of 12Ada Lovelace")
    expect_old_text(page, TEXT)
    expect(pane(page).get_by_role("button", name="Previous edit")).to_be_disabled()
    press(page, "PageUp")
    expect(bar(page)).to_contain_text("Version 6 of 12")
    pane(page).get_by_role("button", name="Next edit").click()
    expect(bar(page)).to_contain_text("Version 7 of 12")
    expect_old_text(page, written(7))
    slider(page).focus()
    press(page, "End")
    expect(bar(page)).to_contain_text("Version 12 of 12")
    press(page, "Escape")
    expect(editor(page)).to_be_focused()
    page.keyboard.type("!")
    expect(editor(page)).to_contain_text("two!")


def test_history_plays_by_itself_and_pauses(ada: Any, room: Room, document: DocumentView, open_page: OpenPage) -> None:
    first = timezone.now() - timedelta(hours=2)
    for number in range(1, 13):
        at = first + timedelta(seconds=2 * number)
        Update.objects.filter(document_id=document.id, version=number).update(at=at)
    page = open_document(open_page, ada, room, document)
    press(page, "Alt+h", "Home", " ")
    expect(pane(page).get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function(PLAYED)
    press(page, " ")
    expect(pane(page).get_by_role("button", name="Play history")).to_be_visible()
    stopped = bar(page).text_content()
    page.wait_for_timeout(SECOND_MS)
    assert bar(page).text_content() == stopped
    press(page, " ")
    speed = pane(page).get_by_role("button", name=re.compile("^Speed"))
    speed.click()
    expect(speed).to_have_text("16×")
    expect(bar(page)).to_contain_text("Version 12 of 12")
    expect_old_text(page, written(12))
    expect(pane(page).get_by_role("button", name="Play history")).to_be_visible()


def test_address_of_an_old_version_is_shared_and_left_by_back(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page = open_document(open_page, ben, room, document, "&v=4")
    expect(bar(page)).to_contain_text("Version 4 of 12")
    expect_old_text(page, written(4))
    page.reload()
    expect(bar(page)).to_contain_text("Version 4 of 12")
    bar(page).get_by_role("button", name="Back to live").click()
    expect(page).to_have_url(re.compile(rf"\?doc={document.id}$"))
    slider(page).focus()
    press(page, "ArrowLeft", "ArrowLeft", "ArrowLeft")
    expect(page).to_have_url(re.compile("&v=9$"))
    page.go_back()
    expect(bar(page)).to_be_hidden()
    expect(editor(page)).to_be_visible()
    expect(page).to_have_url(re.compile(rf"\?doc={document.id}$"))
    page.go_forward()
    expect(bar(page)).to_contain_text("Version 9 of 12")
    page.goto(document_url(room, document) + "&v=900")
    expect(page.locator("#toasts")).to_contain_text("Version 900 cannot be shown")
    expect(bar(page)).to_be_hidden()
    expect(page).to_have_url(re.compile(rf"\?doc={document.id}$"))


def test_another_tab_is_live_again(ada: Any, room: Room, document: DocumentView, open_page: OpenPage) -> None:
    other = make_document(ada, room, "notes.md", "nothing yet")
    page = open_document(open_page, ada, room, document, "&v=4")
    expect(bar(page)).to_be_visible()
    tab(page, "notes.md").click()
    expect(bar(page)).to_be_hidden()
    expect(editor(page)).to_have_text("nothing yet")
    expect(page).to_have_url(re.compile(rf"\?doc={other.id}$"))
    expect(slider(page)).to_be_disabled()
    pane(page).get_by_role("button", name="History").click()
    expect(bar(page)).to_contain_text("Version 0 of 0")
    expect_old_text(page, "nothing yet")
    expect(side(page)).to_contain_text("Nobody: this is the newest version.")
    tab(page, "session.py").click()
    expect(bar(page)).to_be_hidden()
    expect(status(page)).to_have_text("Saved, version 12")


def test_difference_to_now_is_marked_and_counted(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page = open_document(open_page, ada, room, document)
    go_to_start(page)
    page.keyboard.type("# ")
    expect(status(page)).to_have_text("Saved, version 14")
    press(page, "Alt+h", "PageDown", "PageDown")
    expect(bar(page)).to_contain_text("Version 6 of")
    expect(side(page)).to_contain_text("+7 −1")
    expect(side(page)).to_contain_text("lines in 2 places")
    bar(page).get_by_text("Difference to now").click()
    past = pane(page).locator(".past")
    expect(past.locator(".cm-gone")).to_have_text("one")
    expect(past.locator(".cm-ghost").first).to_contain_text("# one")
    expect(past.locator(".cm-ghost").last).to_contain_text("6 lines came since:line 7line 8")
    expect(past.locator(".cm-sign")).to_contain_text("−")
    expect(past.locator(".cm-sign")).to_contain_text("+")
    expect(side(page)).to_contain_text("Ben6")
    elsewhere(append, ben, document, "and more\n")
    expect(side(page)).to_contain_text("+8 −1")
    expect(side(page)).to_contain_text("Ben7")
    expect(past.locator(".cm-ghost").last).to_contain_text("and more")
    page.reload()
    expect(past.locator(".cm-gone")).to_have_text("one")
    bar(page).get_by_text("Difference to now").click()
    expect(past.locator(".cm-ghost")).to_have_count(0)


def test_version_gets_a_name_in_front_of_others(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page = open_document(open_page, ada, room, document, "&v=6")
    other = open_document(open_page, ben, room, document, "&v=9")
    expect(side(page)).to_contain_text("None yet.")
    bar(page).get_by_role("button", name="Name", exact=True).click()
    dialog = page.get_by_role("alertdialog", name="Name version 6")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("A version needs a name.")
    dialog.get_by_role("textbox", name="Name").fill("Before Ben")
    press(page, "Enter")
    expect(dialog).to_be_hidden()
    expect(side(page).get_by_role("link", name="Before Ben")).to_have_attribute("aria-current", "true")
    expect(pane(page).locator(".flag")).to_have_attribute("title", "Before Ben, version 6")
    side(other).get_by_role("link", name="Before Ben").click()
    expect(bar(other)).to_contain_text("Version 6 of 12")
    bar(other).get_by_role("button", name="Rename").click()
    rename = other.get_by_role("alertdialog", name="Rename version 6")
    expect(rename.get_by_role("textbox", name="Name")).to_have_value("Before Ben")
    rename.get_by_role("textbox", name="Name").fill("")
    rename.get_by_role("button", name="Save").click()
    expect(side(other)).to_contain_text("None yet.")
    expect(side(page)).to_contain_text("None yet.")
    expect(pane(page).locator(".flag")).to_have_count(0)


def test_flag_opens_its_version(ada: Any, room: Room, document: DocumentView, open_page: OpenPage) -> None:
    name_version(actor=ada, document_id=document.id, version=3, name="Third")
    page = open_document(open_page, ada, room, document)
    pane(page).locator(".flag").click(position={"x": 4, "y": 4})
    expect(bar(page)).to_contain_text("Version 3 of 12")
    expect_old_text(page, written(3))


def test_version_is_restored_and_that_is_undone(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page = open_document(open_page, ada, room, document, "&v=6")
    bar(page).get_by_role("button", name="Restore").click()
    expect(page.locator("#toasts")).to_contain_text("Version 6 is restored")
    expect(bar(page)).to_be_hidden()
    expect(editor(page)).not_to_contain_text("line 7")
    expect(status(page)).to_have_text("Saved, version 13")
    expect_text(page, written(6))
    page.get_by_role("button", name="Undo").click()
    expect(status(page)).to_have_text("Saved, version 14")
    expect_text(page, written(12))
    elsewhere(append, ben, document, "just now\n")
    expect(editor(page)).to_contain_text("just now")
    press(page, "Alt+h", "Home")
    expect_old_text(page, TEXT)
    bar(page).get_by_role("button", name="Restore").click()
    question = page.get_by_role("alertdialog", name="Restore version 0?")
    expect(question).to_contain_text("within the last minute")
    question.get_by_role("button", name="Cancel").click()
    expect(bar(page)).to_contain_text("Version 0 of 15")
    bar(page).get_by_role("button", name="Restore").click()
    question.get_by_role("button", name="Restore").click()
    expect(bar(page)).to_be_hidden()
    expect(editor(page)).not_to_contain_text("just now")
    expect_text(page, TEXT)


def test_viewer_looks_back_and_changes_nothing(
    person: Callable[..., Any], room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page = open_document(open_page, person("cleo"), room, document, "&v=5")
    expect(bar(page)).to_contain_text("Version 5 of 12")
    expect_old_text(page, written(5))
    for name in ("Name", "Restore"):
        expect(bar(page).get_by_role("button", name=name)).to_be_hidden()
    expect(side(page).get_by_role("button", name="Name this version")).to_be_hidden()
    with page.expect_download() as download:
        side(page).get_by_role("link", name="Download session.py at version 5").click()
    assert download.value.suggested_filename == "session.py"
    assert download.value.path().read_text() == written(5)


def test_compacted_history_says_where_it_begins(
    ada: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    name_version(actor=ada, document_id=document.id, version=2, name="Early")
    assert compact_document(document_id=document.id, before=timezone.now(), keep=5) == 7
    page = open_document(open_page, ada, room, document)
    press(page, "Alt+h", "Home")
    expect(bar(page)).to_contain_text("Version 7 of 12")
    expect_old_text(page, written(7))
    expect(side(page)).to_contain_text("Versions before 7 are not kept any more.")
    side(page).get_by_role("link", name="Early").click()
    expect(bar(page)).to_contain_text("Version 2 of 12")
    expect_old_text(page, written(2))
    page.goto(document_url(room, document) + "&v=3")
    expect(page.locator("#toasts")).to_contain_text("The oldest that is kept is version 7.")
    expect(bar(page)).to_be_hidden()


def test_version_that_does_not_come_is_asked_for_again(
    ada: Any, room: Room, document: DocumentView, open_page: OpenPage, console: Any
) -> None:
    console.allow("ERR_INTERNET_DISCONNECTED|ERR_FAILED|WebSocket")
    page = open_page(ada, None)
    line = EditorLine(page)
    page.goto(document_url(room, document))
    expect(slider(page)).to_be_visible()
    page.route("**/api/documents/**", lambda route: route.abort())
    line.cut()
    press(page, "Alt+h", "ArrowLeft")
    expect(bar(page)).to_contain_text("Version 11 of 12")
    failed = pane(page).locator(".pastfailed")
    expect(failed).to_contain_text("The server could not be reached.")
    page.unroute("**/api/documents/**")
    failed.get_by_role("button", name="Try again").click()
    expect_old_text(page, written(11))
    expect(failed).to_be_hidden()
    page.route("**/api/documents/**", lambda route: route.abort())
    press(page, "Home")
    slider(page).focus()
    press(page, "Home")
    expect_old_text(page, TEXT)
    press(page, "Escape")
    expect(editor(page)).to_be_focused()


def test_blocks_of_authors_join_when_the_history_comes_after_them(
    ada: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    page = open_document(open_page, ada, room, document)
    pane(page).get_by_role("button", name="Blame").click()
    who = pane(page).locator(".hosts .cm-blame .who")
    expect(who).to_have_text(["AL", "AL", "BO", "AL"])
    held: list[Route] = []
    page.route("**/api/documents/*/history/**", lambda route: held.append(route))  # noqa: PLW0108 - no builtin is taken
    page.reload()
    expect(who).not_to_have_count(0)
    expect(pane(page).locator("[data-part=foot]")).to_be_hidden()
    for route in held:
        route.continue_()
    page.unroute("**/api/documents/*/history/**")
    expect(who).to_have_text(["AL", "AL", "BO", "AL"])


def test_lines_say_who_wrote_them(ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage) -> None:
    Update.objects.filter(document_id=document.id, version__in=[5, 6]).update(author=None)
    page = open_document(open_page, ada, room, document)
    column = pane(page).locator(".hosts .cm-blame")
    blame = pane(page).get_by_role("button", name="Blame")
    expect(blame).to_have_attribute("aria-pressed", "false")
    expect(column).to_have_count(0)
    blame.click()
    expect(column.locator(".who")).to_have_text(["AL", "AL", "–", "BO", "AL"])
    expect(column.locator(".cell").nth(9)).to_have_attribute("title", re.compile("^Ben Okafor, .*, version 12$"))
    expect(column.locator(".cell").nth(7)).to_have_attribute("title", re.compile("^Former member, .*, version 6$"))
    go_to_start(page)
    expect(pane(page).locator(".blameline")).to_contain_text("Line 1: Ada Lovelace")
    press(page, "Control+End")
    page.keyboard.type("mine")
    expect(column.locator(".cell").last).to_have_attribute(
        "title", re.compile("^Ada Lovelace, today .*, version 1[3-6]$")
    )
    page.reload()
    expect(column.locator(".who")).to_have_text(["AL", "AL", "–", "BO", "AL"])
    column.locator(".cell").nth(7).click()
    expect(bar(page)).to_contain_text("Version 6 of")
    expect(pane(page).locator(".past .cm-blame .who")).to_have_text(["AL", "AL", "–", "AL"])
    press(page, "Escape")
    pane(page).get_by_role("button", name="Blame").click()
    expect(column).to_have_count(0)


def test_history_is_accessible_in_both_themes_and_sizes(
    ada: Any,
    room: Room,
    document: DocumentView,
    open_page: OpenPage,
    theme: str,
    phone: dict[str, Any],
    assert_accessible: Callable[[Page], None],
    assert_no_sideways_scroll: Callable[[Page], None],
) -> None:
    name_version(
        actor=ada, document_id=document.id, version=6, name="A rather long name of a version, so that it wraps"
    )
    for more in ({}, phone):
        page = open_document(open_page, ada, room, document, "&v=6", color_scheme=theme, **more)
        expect_old_text(page, written(6))
        bar(page).get_by_text("Difference to now").click()
        expect(pane(page).locator(".cm-ghost")).to_be_visible()
        assert pane(page).locator(".past .cm-scroller").evaluate("(it) => it.scrollTop") == 0
        if more:
            bar(page).get_by_role("button", name="Versions").click()
        expect(side(page).get_by_role("link", name="A rather long name")).to_be_visible()
        assert_accessible(page)
        assert_no_sideways_scroll(page)
        if more:
            press(page, "Escape")
            expect(side(page)).to_be_hidden()
            expect(bar(page).get_by_role("button", name="Versions")).to_be_focused()
            bar(page).get_by_role("button", name="Versions").click()
            side(page).get_by_role("link", name="A rather long name").click()
            expect(side(page)).to_be_hidden()
        bar(page).get_by_role("button", name="Back to live").click()
        pane(page).get_by_role("button", name="Blame").click()
        expect(pane(page).locator(".hosts .cm-blame .who").first).to_be_visible()
        assert_accessible(page)
        assert_no_sideways_scroll(page)
