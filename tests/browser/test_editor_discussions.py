"""Talking about lines of code: asked from a selection, seen beside the lines and in the chat, following every edit."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from chat import services as chat
from chat.models import Message, Room
from chat.shapes import BesideView
from editor import selectors, services
from editor.models import Anchor
from editor.shapes import DocumentView
from tests.browser.code import (
    code_lines,
    document_url,
    editor,
    go_to_end,
    go_to_start,
    make_document,
    pane,
    status,
    wait_for_keys,
    wait_until,
    wait_until_one,
)
from tests.browser.conftest import PHONE
from tests.browser.pages import Line, choose, elsewhere, field, message, write
from tests.factories import make_person, say

OpenPage = Callable[..., Page]

CODE = "def at(self):\n    for one in log:\n        edit(one)\n    return log\n"
LOOP = CODE.index("    for"), CODE.index("\n    return")
SENT = re.compile("^(?!.*sending)")
SHARE = """(line) => {
  const box = line.closest(".cm-scroller").getBoundingClientRect();
  return (line.getBoundingClientRect().top - box.top) / box.height;
}"""
TALL = "".join(f"line {number}\n" for number in range(1, 201))


@pytest.fixture
def document(ada: Any, room: Room) -> DocumentView:
    return make_document(ada, room, text=CODE)


def discussed(who: Any, document: DocumentView, body: str, start: int = LOOP[0], end: int = LOOP[1]) -> Message:
    """A message about lines, as a page would have sent it."""
    room = Room.objects.get(pk=document.room)
    made = say(who, room, body, beside=BesideView(topic=f"document:{document.id}", seq=0, start=start, end=end))
    services.bind_messages(document_id=document.id)
    return made


def open_document(open_page: OpenPage, who: Any, room: Room, document: DocumentView, **more: Any) -> Page:
    page = open_page(who, document_url(room, document), **more)
    expect(pane(page).get_by_role("button", name=re.compile("^Discussions"))).to_be_visible()
    return page


def select_line(page: Page, text: str) -> None:
    wait_for_keys(page)
    editor(page).get_by_text(text).click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")


def ask(page: Page, line: str, text: str) -> None:
    """Selects a line, presses the button at it, and sends a message."""
    select_line(page, line)
    page.get_by_role("button", name="Discuss", exact=True).click()
    expect(chip(page)).to_be_visible()
    write(page, text)


def chip(page: Page) -> Locator:
    """The lines that the message in the composer is about."""
    return page.locator(".chat .composer [data-part=about]")


def card(page: Page, text: str) -> Locator:
    """Under a message: the lines it is about."""
    return message(page, text).locator(".about")


def mark(page: Page) -> Locator:
    """In the gutter."""
    return pane(page).locator(".cm-talk .mark")


def talk(page: Page, lines: str) -> Locator:
    """The open discussion."""
    return page.get_by_role("article", name=f"Discussion on {lines}", exact=True)


def test_ada_asks_about_a_line_and_ben_answers_beside_it(ada, ben, room, document, open_page):
    page, other = (open_document(open_page, who, room, document) for who in (ada, ben))
    ask(page, "edit(one)", "Is this right?")
    for each in (page, other):
        expect(card(each, "Is this right?")).to_contain_text("session.py line 3")
        expect(card(each, "Is this right?").locator("pre")).to_have_text("edit(one)")
        expect(card(each, "Is this right?")).to_contain_text("Unchanged since")
        expect(mark(each)).to_have_text("1")
    mark(other).click()
    expect(talk(other, "line 3")).to_contain_text("Is this right?")
    expect(pane(other).locator(".cm-anchor")).to_have_text("        edit(one)")
    talk(other, "line 3").get_by_role("textbox", name="Reply").fill("It is, I think")
    talk(other, "line 3").get_by_role("button", name="Send reply").click()
    expect(mark(page)).to_have_text("2")
    expect(message(page, "Is this right?").get_by_role("button", name=re.compile("1 reply"))).to_be_visible()
    mark(page).click()
    expect(talk(page, "line 3").get_by_role("listitem")).to_have_text(
        [re.compile("Is this right"), re.compile("Ben.*It is, I think")]
    )
    assert elsewhere(Anchor.objects.count) == 1


def test_lines_are_followed_while_both_type_and_say_that_they_changed(ada, ben, room, document, open_page):
    discussed(ada, document, "This loop")
    page, other = (open_document(open_page, who, room, document) for who in (ada, ben))
    mark(page).click()
    expect(talk(page, "lines 2 to 3")).to_be_visible()
    go_to_start(other)
    other.keyboard.type("import log\n\n")
    expect(talk(page, "lines 4 to 5")).to_be_visible()
    expect(card(page, "This loop")).to_contain_text("session.py lines 4–5")
    expect(card(page, "This loop")).to_contain_text("Unchanged since")
    editor(other).get_by_text("edit(one)").click()
    other.keyboard.press("End")
    other.keyboard.type("  # both")
    for each in (page, other):
        expect(card(each, "This loop")).to_contain_text("Line 5 changed")
        expect(card(each, "This loop").locator("pre")).to_have_text("for one in log:\n    edit(one)")
    expect(talk(page, "lines 4 to 5")).to_contain_text("Line 5 changed")


def test_the_page_and_the_server_agree_where_lines_are_after_both_typed_at_their_edges(
    ada, ben, room, document, open_page
):
    discussed(ada, document, "This loop")
    page, other = (open_document(open_page, who, room, document) for who in (ada, ben))
    for each in (page, other):
        expect(mark(each)).to_have_count(1)
        wait_for_keys(each)
    editor(page).get_by_text("for one in log").click()
    page.keyboard.press("Home")
    page.keyboard.press("Home")
    editor(other).get_by_text("edit(one)").click()
    other.keyboard.press("End")
    for number in range(12):
        page.keyboard.type(f"{number}\n" if number % 3 else "#")
        other.keyboard.type(f"\n{number}" if number % 2 else "!")
        other.keyboard.press("Shift+Home")
        other.keyboard.press("Delete" if number % 4 == 3 else "End")
    wait_until_one(page, other, reader=ada, document=document)
    [found] = elsewhere(selectors.discussions, actor=ada, document_id=document.id).discussions
    where = f"line {found.line}" if found.line == found.last_line else f"lines {found.line}–{found.last_line}"
    assert found.changed is not None
    first, last = found.changed
    changed = f"Line {first} changed" if first == last else f"Lines {first}–{last} changed"
    for each in (page, other):
        expect(card(each, "This loop")).to_contain_text(f"session.py {where}")
        expect(card(each, "This loop")).to_contain_text(changed)


def test_lines_that_are_deleted_are_told_as_gone_with_the_code_of_then(ada, ben, room, document, open_page):
    discussed(ada, document, "This loop")
    page = open_document(open_page, ada, room, document)
    expect(mark(page)).to_have_count(1)
    wait_for_keys(page)
    editor(page).get_by_text("for one in log").click()
    page.keyboard.press("Home")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+End")
    page.keyboard.press("Delete")
    expect(card(page, "This loop")).to_contain_text("The lines are gone")
    expect(card(page, "This loop").locator("pre")).to_have_text("for one in log:\n    edit(one)")
    expect(mark(page)).to_have_count(0)
    card(page, "This loop").get_by_role("link", name="Code at that time").click()
    expect(page).to_have_url(re.compile(rf"\?doc={document.id}&v=0$"))
    expect(pane(page).locator(".cm-line", has_text="for one in log").first).to_be_visible()


def test_every_message_remembers_what_was_open(ada, ben, room, document, open_page):
    page = open_document(open_page, ada, room, document)
    write(page, "Before")
    expect(message(page, "Before")).to_have_class(SENT)
    go_to_end(page)
    page.keyboard.type("# more")
    expect(status(page)).to_have_text("Saved, version 6")
    write(page, "After")
    expect(message(page, "After")).to_have_class(SENT)
    choose(page, "Before", "Code at that time")
    expect(page).to_have_url(re.compile(rf"\?doc={document.id}&v=0$"))
    pane(page).get_by_role("button", name="Back to live").click()
    expect(code_lines(page).last).to_have_text("# more")
    pane(page).press("Control+\\")
    write(page, "With nothing open")
    expect(message(page, "With nothing open")).to_have_class(SENT)
    message(page, "With nothing open").hover()
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.get_by_role("menuitem", name="Copy link")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Code at that time")).to_have_count(0)


def test_jumping_from_the_chat_opens_the_document_at_its_lines(ada, ben, room, open_page):
    tall = make_document(ada, room, "tall.txt", TALL)
    start = TALL.index("line 150\n")
    discussed(ben, tall, "Down there", start, start + 8)
    page = open_page(ada, f"/rooms/{room.slug}/")
    card(page, "Down there").get_by_role("button", name="Jump to line 150 of tall.txt").click()
    line = editor(page).get_by_text("line 150", exact=True)
    expect(line).to_be_in_viewport()
    expect(talk(page, "line 150")).to_be_visible()
    assert wait_until(page, lambda: 0.2 < line.evaluate(SHARE) < 0.5)
    expect(pane(page).locator(".cm-jumped")).to_have_count(0)


def test_the_mark_leads_to_the_message_and_the_keys_from_one_to_the_next(ada, ben, room, document, open_page):
    discussed(ben, document, "The first line", 0, 5)
    for number in range(30):
        say(ben, room, f"Something else {number}")
    discussed(ben, document, "The loop")
    page = open_document(open_page, ada, room, document)
    expect(mark(page)).to_have_count(2)
    mark(page).first.click()
    expect(message(page, "The first line")).to_be_in_viewport()
    editor(page).get_by_text("return log").click()
    page.keyboard.press("F8")
    expect(talk(page, "lines 2 to 3")).to_be_focused()
    page.keyboard.press("F8")
    expect(talk(page, "line 1")).to_be_focused()
    page.keyboard.press("Shift+F8")
    expect(talk(page, "lines 2 to 3")).to_be_focused()
    page.keyboard.press("Escape")
    expect(talk(page, "lines 2 to 3")).to_have_count(0)
    expect(editor(page)).to_be_focused()
    pane(page).get_by_role("button", name="Discussions, 2 open").click()
    page.get_by_role("menuitem", name=re.compile("^Line 1, Ben: The first line")).click()
    expect(talk(page, "line 1")).to_be_focused()


def test_teo_resolves_and_everybody_sees_it_at_once(ada, ben, room, document, open_page):
    discussed(ada, document, "This loop")
    page, other = (open_document(open_page, who, room, document) for who in (ada, ben))
    mark(other).click()
    talk(other, "lines 2 to 3").get_by_role("button", name="Resolve").click()
    line = "Ben Okafor resolved the discussion on session.py lines 2–3"
    for each in (page, other):
        expect(each.locator(".sys").filter(has_text=line)).to_be_visible()
        expect(card(each, "This loop")).to_contain_text("Resolved by Ben Okafor")
        expect(pane(each).locator(".cm-talk .mark.done, .cm-talk .mark.open")).to_have_count(1)
    mark(page).click()
    talk(page, "lines 2 to 3").get_by_role("button", name="Reopen").click()
    expect(other.locator(".sys").filter(has_text="Ada Lovelace reopened")).to_be_visible()
    expect(talk(other, "lines 2 to 3").get_by_role("button", name="Resolve")).to_be_visible()


def test_what_is_asked_offline_survives_a_reload_and_is_one_discussion(ada, room, document, open_page):
    page = open_page(ada, None)
    line = Line(page)
    page.goto(document_url(room, document))
    expect(pane(page).get_by_role("button", name="Discussions", exact=True)).to_be_visible()
    select_line(page, "edit(one)")
    page.keyboard.press("Control+Alt+m")
    expect(chip(page)).to_contain_text("session.py line 3")
    field(page).fill("Half a thought")
    page.reload()
    expect(chip(page)).to_contain_text("session.py line 3")
    expect(field(page)).to_have_value("Half a thought")
    line.cut()
    field(page).press("Enter")
    expect(chip(page)).to_be_hidden()
    expect(message(page, "Half a thought").get_by_text("Waiting")).to_be_visible()
    page.reload()
    expect(message(page, "Half a thought").get_by_text("Waiting")).to_be_visible()
    expect(chip(page)).to_be_hidden()
    line.mend()
    expect(card(page, "Half a thought")).to_contain_text("session.py line 3")
    assert elsewhere(Anchor.objects.count) == 1


def test_the_chip_is_taken_back_by_its_button_and_by_escape(ada, room, document, open_page):
    page = open_document(open_page, ada, room, document)
    select_line(page, "edit(one)")
    page.keyboard.press("Control+Alt+m")
    chip(page).get_by_role("button", name="Do not attach these lines").click()
    expect(chip(page)).to_be_hidden()
    select_line(page, "edit(one)")
    page.keyboard.press("Control+Alt+m")
    expect(field(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(chip(page)).to_be_hidden()


def test_what_cannot_be_discussed_is_said(ada, room, document, open_page):
    page = open_document(open_page, ada, room, document)
    go_to_end(page)
    page.keyboard.press("Control+Alt+m")
    expect(page.locator("#toasts")).to_contain_text("Select the lines first.")


def test_who_only_reads_sees_discussions_and_may_not_join_in(ada, room, document, open_page):
    discussed(ada, document, "This loop")
    ines = elsewhere(make_person, "ines", display_name="Ines Haddad")
    page = open_document(open_page, ines, room, document)
    mark(page).click()
    expect(talk(page, "lines 2 to 3")).to_contain_text("This loop")
    for name in ("Resolve", "Send reply"):
        expect(talk(page, "lines 2 to 3").get_by_role("button", name=name)).to_be_hidden()
    select_line(page, "edit(one)")
    expect(page.get_by_role("button", name="Discuss", exact=True)).to_have_count(0)


def test_a_deleted_message_takes_its_discussion_along(ada, ben, room, document, open_page):
    made = discussed(ada, document, "This loop")
    page = open_document(open_page, ben, room, document)
    mark(page).click()
    expect(talk(page, "lines 2 to 3")).to_be_visible()
    elsewhere(chat.delete_message, actor=ada, room_id=room.pk, message_id=made.pk)
    expect(mark(page)).to_have_count(0)
    expect(talk(page, "lines 2 to 3")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "middle", "phone"])
def test_a_discussion_is_accessible_at_every_width(
    ada, ben, room, document, open_page, theme, size, assert_accessible, assert_no_sideways_scroll
):
    discussed(ben, document, "This loop, and `edit`")
    given: dict[str, Any] = {"wide": {}, "middle": {"viewport": {"width": 1000, "height": 800}}, "phone": PHONE}[size]
    page = open_document(open_page, ada, room, document, color_scheme=theme, **given)
    mark(page).click()
    expect(talk(page, "lines 2 to 3")).to_be_visible()
    expect(talk(page, "lines 2 to 3").get_by_role("listitem")).to_have_count(1)
    place = {"wide": ".margin", "middle": ".cm-content", "phone": ".talk-sheet"}[size]
    expect(pane(page).locator(f"{place} .talk:not(.small)")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    if size == "phone":
        talk(page, "lines 2 to 3").get_by_role("button", name="Show in the chat").click()
        expect(card(page, "This loop")).to_be_visible()
        assert_accessible(page)
