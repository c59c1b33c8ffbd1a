"""Rooms where not everybody writes all they like: limits that keep the text and say why."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from chat.models import Message, Room
from tests.browser.pages import choose, elsewhere, field, log, message, write
from tests.factories import change, make_room, say

OpenPage = Callable[..., Page]


def test_text_that_is_too_long_stays_and_is_explained(two_people: tuple[Page, Page], room: Room) -> None:
    ada, _ = two_people
    text = "x" * 8_001
    write(ada, text)
    expect(ada.get_by_role("alert").filter(has_text="1 character too long")).to_be_visible()
    expect(field(ada)).to_have_value(text)
    field(ada).press("End")
    field(ada).press("Backspace")
    expect(ada.get_by_text("0 left")).to_be_visible()
    field(ada).press("Enter")
    expect(field(ada)).to_have_value("")
    expect(log(ada).locator(".msg.sending")).to_have_count(0)
    assert len(Message.objects.get(room=room, kind="user").body) == 8_000


def test_text_that_cannot_be_sent_is_refused_and_kept(two_people: tuple[Page, Page], room: Room) -> None:
    ada, _ = two_people
    field(ada).evaluate("field => { field.value = 'half \\ud83d'; field.dispatchEvent(new Event('input')); }")
    field(ada).press("Enter")
    expect(message(ada, "half").get_by_text("half of a character")).to_be_visible()
    expect(message(ada, "half").get_by_role("button", name="Retry")).to_be_visible()
    write(ada, "a whole one")
    expect(message(ada, "a whole one")).not_to_have_class(re.compile("sending"))
    assert Message.objects.filter(room=room, kind="user").count() == 1


def test_writer_waits_in_slow_mode(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    change(ada, room, slow_mode_seconds=30)
    page = open_page(ben, "/rooms/general/")
    expect(page.locator("#me")).to_contain_text("Online")
    write(page, "the first")
    expect(page.locator("[data-part=wait]")).to_have_text(re.compile(r"^\d+ s$"))
    write(page, "the second")
    expect(page.get_by_role("alert").filter(has_text="Slow mode is on")).to_be_visible()
    expect(field(page)).to_have_value("the second")
    expect(page.locator("[data-part=wait]")).to_be_hidden(timeout=60_000)
    field(page).press("Enter")
    expect(message(page, "the second")).not_to_have_class(re.compile("sending"))
    expect(message(page, "the second").get_by_text("Not sent")).to_have_count(0)


def test_owner_makes_the_room_read_only_and_open_again(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    field(ben).fill("I was about to say")
    ada.get_by_role("button", name="Room settings").click()
    switch = ada.get_by_role("switch", name="Read-only")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(ben.get_by_text("This room is read-only.")).to_be_visible()
    expect(field(ben)).to_have_count(0)
    expect(log(ben).get_by_text("Ada Lovelace made the room read-only")).to_be_visible()
    switch.click()
    expect(field(ben)).to_have_value("I was about to say")
    ada.get_by_role("link", name="Back to the room").click()
    expect(field(ada)).to_be_focused()


def test_archived_room_is_read_and_not_written(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    say(ada, room, "for the record")
    page = open_page(ben, "/rooms/general/")
    expect(field(page)).to_be_visible()
    elsewhere(change, ada, room, archived=True)
    expect(page.get_by_text("This room is archived.")).to_be_visible()
    expect(message(page, "for the record")).to_be_visible()
    message(page, "for the record").hover()
    expect(page.get_by_role("button", name="React", exact=True)).to_have_count(0)
    page.get_by_role("link", name="Browse rooms").first.click()
    expect(page.locator(".roomlist")).not_to_contain_text("general")
    page.get_by_role("button", name="Archived").click()
    expect(page.locator(".roomlist").get_by_role("link", name="Open general")).to_be_visible()


def test_moderator_removes_a_message_without_a_name(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    write(ben, "an advertisement")
    choose(ada, "an advertisement", "Delete")
    ada.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(log(ben).get_by_text("Removed by a moderator")).to_be_visible()
    assert "an advertisement" not in log(ben).inner_text()


def test_empty_room_invites_to_begin(ada: Any, open_page: OpenPage) -> None:
    room = make_room(ada, name="quiet")
    Message.objects.filter(room=room).delete()
    page = open_page(ada, "/rooms/quiet/")
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    page.get_by_role("button", name="Say hello").click()
    expect(field(page)).to_have_value("Hello! 👋")
    field(page).press("Enter")
    expect(message(page, "Hello! 👋")).to_be_visible()
    expect(page.get_by_text("Nothing here yet")).to_have_count(0)
