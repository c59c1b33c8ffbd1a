"""The chat while one looks at an old version: where its line stands, what is dimmed, what was written at which one."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect

from chat import services as chat
from chat.models import Message, Room
from chat.shapes import BesideView
from editor.models import Document, Update
from editor.shapes import DocumentView
from tests.browser.code import document_url, editor, make_document, pane, wait_until
from tests.browser.pages import elsewhere, log, message, scroll_to, write
from tests.browser.test_editor_history import append, bar, press, slider
from tests.factories import say

OpenPage = Callable[..., Page]

BEGIN = timezone.now() - timedelta(hours=3)
IN_VIEW = """(line) => {
  const [box, log] = [line.getBoundingClientRect(), line.parentElement.getBoundingClientRect()];
  return box.top >= log.top && box.bottom <= log.bottom;
}"""


CHOOSE = """(slider, version) => {
  slider.value = version;
  for (const name of ["input", "change"]) slider.dispatchEvent(new Event(name));
}"""


def minute(number: float) -> datetime:
    return BEGIN + timedelta(minutes=number)


@pytest.fixture
def document(ada: Any, ben: Any, room: Room) -> DocumentView:
    """session.py at version 12, one version a minute: Ada's six, then Ben's."""
    made = make_document(ada, room, text="one\n")
    Message.objects.filter(room=room).update(created_at=minute(-1))
    Document.objects.filter(pk=made.id).update(created_at=minute(0))
    for number in range(1, 13):
        append(ada if number <= 6 else ben, made, f"line {number}\n")
        Update.objects.filter(document_id=made.id, version=number).update(at=minute(number))
    return made


def said(who: Any, room: Room, document: DocumentView, at: float, body: str, version: int | None = None) -> Message:
    """A message of a minute, with a version open or with none."""
    beside = None
    if version is not None:
        beside = BesideView(topic=f"document:{document.id}", seq=version, start=None, end=None)
    return say(who, room, body, at=minute(at), beside=beside)


@pytest.fixture
def talk(ada: Any, ben: Any, room: Room, document: DocumentView) -> None:
    """Four messages; while version 6 was the newest Ben wrote with it open, and the last one has no code."""
    said(ada, room, document, 3.5, "I begin", 3)
    said(ben, room, document, 6.5, "My turn", 6)
    said(ada, room, document, 9.5, "Now @ben look", 9)
    said(ben, room, document, 11.5, "Nothing open")


def open_at(open_page: OpenPage, who: Any, room: Room, document: DocumentView, version: int, **more: Any) -> Page:
    page = open_page(who, f"{document_url(room, document)}&v={version}", **more)
    expect(bar(page)).to_contain_text(f"Version {version} of 12")
    return page


def line(page: Page) -> Locator:
    return log(page).locator(":scope > .then")


def expect_talk(page: Page, *words: str) -> None:
    """The log as one reads it, from its first message: the beginnings of messages and of the line."""
    rows = log(page).locator(":scope > .msg .body, :scope > .then > span")
    expect(rows).to_have_text([re.compile("^" + re.escape(word)) for word in words])


def test_the_line_stands_at_the_moment_of_the_version(
    ada: Any, room: Room, document: DocumentView, talk: None, open_page: OpenPage
) -> None:
    page = open_at(open_page, ada, room, document, 5)
    at = timezone.localtime(minute(5)).strftime("%H:%M")
    expect(line(page)).to_have_text(re.compile(rf"Version 5, .*{at}: the code on the right"))
    expect_talk(page, "I begin", "Version 5", "My turn", "Now", "Nothing open")
    expect(message(page, "My turn")).to_have_attribute("aria-description", "Written later than the code shown")
    expect(message(page, "I begin")).not_to_have_attribute("aria-description", re.compile("."))
    slider(page).focus()
    press(page, "ArrowRight")
    expect_talk(page, "I begin", "My turn", "Version 6", "Now", "Nothing open")
    press(page, "End")
    expect_talk(page, "I begin", "My turn", "Now", "Nothing open", "Version 12")
    press(page, "Home")
    expect_talk(page, "Version 0", "I begin", "My turn", "Now", "Nothing open")
    bar(page).get_by_role("button", name="Back to live").click()
    expect(line(page)).to_have_count(0)
    expect(log(page).locator(".written, [aria-description]")).to_have_count(0)


def test_messages_say_their_version_and_lead_to_it(
    ada: Any, room: Room, document: DocumentView, talk: None, open_page: OpenPage
) -> None:
    page = open_at(open_page, ada, room, document, 5)
    links = log(page).get_by_role("link", name=re.compile("^Written at version"))
    expect(links).to_have_text(["Written at version 3", "Written at version 6", "Written at version 9"])
    links.nth(2).click()
    expect(bar(page)).to_contain_text("Version 9 of 12")
    expect_talk(page, "I begin", "My turn", "Now", "Version 9", "Nothing open")
    # As all links of a message: Tab reaches them once the message has the focus.
    message(page, "I begin").click()
    expect(links.first).to_have_attribute("tabindex", "0")
    expect(links.nth(1)).to_have_attribute("tabindex", "-1")


def test_the_chat_goes_on_below_the_line(
    ada: Any, ben: Any, room: Room, document: DocumentView, talk: None, open_page: OpenPage
) -> None:
    page = open_at(open_page, ada, room, document, 5)
    expect_talk(page, "I begin", "Version 5", "My turn", "Now", "Nothing open")
    elsewhere(say, ben, room, "Fresh")
    expect_talk(page, "I begin", "Version 5", "My turn", "Now", "Nothing open", "Fresh")
    write(page, "Looking back")
    expect_talk(page, "I begin", "Version 5", "My turn", "Now", "Nothing open", "Fresh", "Looking back")
    expect(message(page, "Looking back").locator(".written")).to_have_text("Written at version 5")
    gone = elsewhere(Message.objects.get, body="My turn")
    elsewhere(chat.delete_message, actor=ada, room_id=room.pk, message_id=gone.pk)
    expect(message(page, "Ben deleted a message").or_(log(page).locator(".msg.gone"))).to_be_visible()
    expect(log(page).locator(".written")).to_have_count(3)
    expect(line(page)).to_be_visible()


def test_a_screen_reader_hears_how_much_was_said_since(
    ada: Any, room: Room, document: DocumentView, talk: None, open_page: OpenPage
) -> None:
    page = open_at(open_page, ada, room, document, 9)
    pane(page).get_by_role("slider", name="Document history").focus()
    slider(page).evaluate(CHOOSE, 5)
    expect(page.locator("#announce")).to_have_text(
        re.compile("Version 5 of 12, Ada Lovelace, .*In the chat 3 later messages are dimmed")
    )


def test_messages_around_an_old_version_are_fetched_and_one_comes_back_to_where_one_was(
    ada: Any, ben: Any, room: Room, document: DocumentView, talk: None, open_page: OpenPage
) -> None:
    for number in range(150):
        say(ada, room, f"Later {number}", at=minute(20 + number / 10))
    page = open_page(ada, document_url(room, document))
    expect(message(page, "Later 149")).to_be_in_viewport()
    expect(slider(page)).to_be_visible()
    page.keyboard.press("Alt+h")
    press(page, "Home", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight")
    expect(bar(page)).to_contain_text("Version 4 of 12")
    expect(message(page, "I begin")).to_be_in_viewport()
    assert wait_until(page, lambda: line(page).count() == 1 and line(page).evaluate(IN_VIEW))
    expect(log(page).locator(".then ~ .msg .body").first).to_have_text("My turn")
    press(page, "Escape")
    expect(message(page, "Later 149")).to_be_in_viewport()
    expect(editor(page)).to_be_visible()


def test_what_is_new_does_not_take_the_line_out_of_view(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    for number in range(120):
        said(ben, room, document, number / 10, f"Talk {number}.", number // 10)
    page = open_page(ada, None)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/catch-up/*", hold)
    page.goto(f"{document_url(room, document)}&v=8")
    assert wait_until(page, lambda: line(page).count() == 1 and line(page).evaluate(IN_VIEW))
    assert wait_until(page, lambda: bool(held))
    for route in held:
        route.continue_()
    expect(page.get_by_role("button", name=re.compile("^Catch up, "))).to_be_visible()
    assert line(page).evaluate(IN_VIEW)


def test_the_line_stays_while_older_pages_come(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    for number in range(120):
        said(ben, room, document, number / 10, f"Talk {number}.", number // 10)
    page = open_at(open_page, ada, room, document, 8)
    assert wait_until(page, lambda: line(page).count() == 1 and line(page).evaluate(IN_VIEW))
    after = log(page).locator(".then + .msg .body, .then + .day + .msg .body")
    expect(after).to_have_text("Talk 90.")

    def first_came() -> bool:
        # A page that was on its way already keeps what is in view in view: one scrolls on.
        scroll_to(page, 0)
        return message(page, "Talk 0.").count() == 1

    assert wait_until(page, first_came)
    expect(after).to_have_text("Talk 90.")
    expect(line(page)).to_have_count(1)


def test_a_thread_is_cut_as_well(ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage) -> None:
    root = said(ada, room, document, 3.5, "Root", 3)
    say(ben, room, "Early reply", at=minute(4.5), thread=root.pk)
    say(ben, room, "Late reply", at=minute(9.5), thread=root.pk)
    page = open_at(open_page, ada, room, document, 6)
    message(page, "Root").get_by_role("button", name=re.compile("2 replies")).click()
    replies = page.get_by_role("log", name="Replies")
    expect(replies.locator(":scope > .then ~ .msg .body")).to_have_text(["Late reply"])
    expect(replies.locator(":scope > .then")).to_have_text(re.compile("Version 6"))
    press(page, "Escape")
    expect(replies).to_have_count(0)


def test_on_a_phone_the_line_waits_in_the_chat_and_leads_back(
    ada: Any,
    room: Room,
    document: DocumentView,
    talk: None,
    open_page: OpenPage,
    phone: dict[str, Any],
    assert_accessible: Callable[[Page], None],
    assert_no_sideways_scroll: Callable[[Page], None],
) -> None:
    page = open_at(open_page, ada, room, document, 5, **phone)
    page.get_by_role("link", name="Chat").click()
    expect(line(page)).to_contain_text("the code you looked at")
    expect_talk(page, "I begin", "Version 5", "My turn", "Now", "Nothing open")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/text/?v=*", hold)
    line(page).get_by_role("link", name="Show the code").click()
    expect(bar(page)).to_contain_text("Version 5 of 12")
    assert wait_until(page, lambda: bool(held))
    page.get_by_role("link", name="Chat").click()
    expect(line(page)).to_be_visible()
    # The text comes when the code is closed already: that takes nothing away.
    for route in held:
        with page.expect_response("**/text/?v=*"):
            route.continue_()
    expect(line(page)).to_contain_text("the code you looked at")
    line(page).get_by_role("button", name="Back to live").click()
    expect(line(page)).to_have_count(0)
    expect(log(page).locator(".written")).to_have_count(0)


def test_the_cut_is_accessible_in_both_themes(
    ada: Any,
    room: Room,
    document: DocumentView,
    talk: None,
    open_page: OpenPage,
    theme: str,
    assert_accessible: Callable[[Page], None],
) -> None:
    say(ada, room, "A [link](https://example.org/), `code`, @ada and **bold**\n\n> quoted\n\n- list", at=minute(11.8))
    page = open_at(open_page, ada, room, document, 5, color_scheme=theme)
    expect(line(page)).to_be_visible()
    expect(log(page).locator(".written")).to_have_count(3)
    assert_accessible(page)


def test_the_column_of_authors_tells_what_was_written_then(
    ada: Any, ben: Any, room: Room, document: DocumentView, talk: None, open_page: OpenPage
) -> None:
    page = open_page(ben, document_url(room, document))
    pane(page).get_by_role("button", name="Blame").click()
    cells = pane(page).locator(".hosts .cm-blame .cell")
    expect(cells).to_have_count(14)
    cells.nth(3).hover()
    expect(cells.nth(3)).to_have_attribute("title", re.compile("^Ada Lovelace, .*version 6\nWritten then: “I begin”$"))
    editor(page).get_by_text("line 9", exact=True).click()
    told = pane(page).locator(".blameline")
    expect(told).to_contain_text("Ben Okafor")
    expect(told.get_by_role("link")).to_have_text("“Nothing open”")
    told.get_by_role("link").click()
    expect(message(page, "Nothing open")).to_be_focused()
    gone = elsewhere(Message.objects.get, body="Nothing open")
    elsewhere(chat.delete_message, actor=ben, room_id=room.pk, message_id=gone.pk)
    expect(told.get_by_role("link")).to_have_text("“My turn”")
