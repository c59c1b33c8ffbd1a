"""What is new, what is read, and where one stands in a long history."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from chat import services
from chat.models import Message, Room
from tests.browser.code import wait_until
from tests.browser.pages import elsewhere, log, message, room_row, scroll_to, write
from tests.factories import say

OpenPage = Callable[..., Page]


def look_away(page: Page) -> None:
    """The window loses the focus: the browser under test thinks that every page has it."""
    page.evaluate("() => { document.hasFocus = () => false; }")


def look_back(page: Page) -> None:
    page.evaluate("() => { delete document.hasFocus; window.dispatchEvent(new Event('focus')); }")


def test_reader_elsewhere_sees_what_waits(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    ben.get_by_role("link", name="Browse rooms").click()
    write(ada, "the first")
    badge = room_row(ben, "general").locator("[data-part=badge]")
    expect(badge).to_have_text("1 unread")
    write(ada, "@ben the second")
    expect(badge).to_have_text("1 mention")
    expect(ben).to_have_title(re.compile(r"^\(1\) "))
    room_row(ben, "general").click()
    expect(message(ben, "the second")).to_be_visible()
    expect(log(ben).locator(".new-mark")).to_be_visible()
    expect(badge).to_be_hidden()
    expect(ben).to_have_title(re.compile("^#general"))


def test_reader_who_looked_away_finds_the_new_line(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    look_away(ben)
    write(ada, "while you were away")
    expect(message(ben, "while you were away")).to_be_visible()
    line = log(ben).locator(".new-mark")
    expect(line).to_be_visible()
    expect(line.locator("xpath=following-sibling::*[1]")).to_contain_text("while you were away")
    look_back(ben)
    expect(room_row(ben, "general")).not_to_have_class(re.compile("unread"))
    expect(line).to_be_visible()


def test_two_tabs_of_one_person_agree(two_people: tuple[Page, Page], room: Room) -> None:
    ada, ben = two_people
    other = ben.context.new_page()
    other.goto("/browse/")
    look_away(ben)
    write(ada, "read me once")
    badge = room_row(other, "general").locator("[data-part=badge]")
    expect(badge).to_have_text("1 unread")
    look_back(ben)
    expect(badge).to_be_hidden()


def talk(actor: Any, reader: Any, room: Room, count: int) -> None:
    """A history that the reader has read."""
    for number in range(count):
        last = say(actor, room, f"line {number}\n\nwith more below" if number % 7 == 0 else f"line {number}")
    services.set_read(actor=reader, room_id=room.pk, seq=last.seq)


def test_reader_scrolled_up_is_told_and_brought_down(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    talk(ada, ben, room, 60)
    page = open_page(ben, "/rooms/general/")
    expect(log(page).locator(".msg").first).to_be_visible()
    scroll_to(page, 0)
    elsewhere(say, ada, room, "the newest of all")
    pill = page.get_by_role("button", name="1 new message")
    expect(pill).to_be_visible()
    expect(message(page, "the newest of all")).not_to_be_in_viewport()
    pill.click()
    expect(message(page, "the newest of all")).to_be_in_viewport()
    expect(room_row(page, "general")).not_to_have_class(re.compile("unread"))


def first_in_view(page: Page) -> list[Any]:
    """The id of the first message in view, and how far its top is below the log's."""
    script = """log => {
        const top = log.getBoundingClientRect().top;
        const row = [...log.querySelectorAll('.msg')].find((one) => one.getBoundingClientRect().bottom > top + 1);
        return [row.dataset.id, row.getBoundingClientRect().top - top];
    }"""
    return list(log(page).evaluate(script))


def settled(page: Page) -> list[Any]:
    """What is first in view once nothing moves any more: pages of history arrive, fonts are swapped."""
    now = first_in_view(page)
    for _ in range(20):
        page.wait_for_timeout(150)
        before, now = now, first_in_view(page)
        if before == now:
            return now
    raise AssertionError("the log does not come to rest")


def test_reader_scrolls_back_through_everything_without_a_jump(
    ada: Any, ben: Any, room: Room, open_page: OpenPage
) -> None:
    talk(ada, ben, room, 300)
    page = open_page(ben, "/rooms/general/")
    expect(message(page, "line 299")).to_be_in_viewport()
    known = log(page).locator(".msg, .sys").count()
    for _ in range(10):
        scroll_to(page, 40)
        row, offset = first_in_view(page)
        if log(page).get_by_text("#general", exact=True).count():
            break
        expect(log(page).locator(".msg, .sys")).not_to_have_count(known)
        known = log(page).locator(".msg, .sys").count()
        place = page.locator(f".msg[data-id='{row}']")
        now = place.evaluate("row => row.getBoundingClientRect().top - row.parentElement.getBoundingClientRect().top")
        assert abs(now - offset) < 2, f"what one reads moved by {now - offset} px"
    scroll_to(page, 0)
    expect(log(page).locator(".msg").first).to_be_in_viewport()


def test_permalink_leads_to_the_message_and_lights_it(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    talk(ada, ben, room, 200)
    wanted = Message.objects.get(body="line 41")
    page = open_page(ben, f"/rooms/general/m/{wanted.pk}/")
    row = page.locator(f".msg[data-id='{wanted.pk}']")
    expect(row).to_have_class(re.compile(r"\blit\b"))
    expect(row).to_be_in_viewport()
    expect(row).not_to_have_class(re.compile(r"\blit\b"))
    page.get_by_role("button", name="Newest messages").click()
    expect(message(page, "line 199")).to_be_in_viewport()


def test_link_to_a_reply_opens_its_thread(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    root = say(ada, room, "Where do we meet?")
    reply = say(ben, room, "At the harbour", thread=root.pk)
    page = open_page(ben, f"/rooms/general/m/{reply.pk}/")
    expect(page.get_by_role("region", name="Thread").get_by_text("At the harbour")).to_be_visible()


def test_reader_comes_back_to_where_they_were(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    talk(ada, ben, room, 90)
    page = open_page(ben, "/rooms/general/")
    expect(message(page, "line 89")).to_be_in_viewport()
    scroll_to(page, 700)
    before = settled(page)
    page.reload()
    expect(log(page).locator(".msg.settled").first).to_be_attached()
    after = settled(page)
    assert before[0] == after[0]
    assert abs(before[1] - after[1]) < 3


def test_reader_led_to_a_message_keeps_it_in_view_while_much_is_new(
    ada: Any, ben: Any, room: Room, open_page: OpenPage
) -> None:
    began = timezone.now() - timedelta(hours=2)
    made = [say(ada, room, f"news {number}", at=began + timedelta(seconds=number)) for number in range(60)]
    page = open_page(ben, None)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/catch-up/*", hold)
    page.goto(f"/rooms/general/m/{made[40].pk}/")
    expect(message(page, "news 40")).to_be_in_viewport()
    assert wait_until(page, lambda: bool(held))
    for route in held:
        route.continue_()
    offered = page.get_by_role("button", name="Catch up, 60 messages")
    expect(offered).to_be_visible()
    expect(message(page, "news 40")).to_be_in_viewport()
    offered.click()
    expect(page.get_by_role("region", name="Catch up")).to_be_in_viewport()
