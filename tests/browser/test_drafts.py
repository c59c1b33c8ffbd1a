"""What is begun is everywhere, and no text is lost: tabs, devices, no connection, a server that goes away."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from chat import services
from chat.models import Draft, DraftCopy, Message, Room
from tests.browser.code import wait_until
from tests.browser.pages import Line, elsewhere, field, message, write
from tests.browser.site import LiveSite
from tests.factories import make_room, say

OpenPage = Callable[..., Page]
Check = Callable[[Page], None]
ROOM = "/rooms/general/"


def save(user: Any, room: Room, body: str, rev: int = 0, **given: Any) -> int:
    given = {"thread": None, "reply_to": None} | given
    return elsewhere(services.save_draft, actor=user, room_id=room.pk, body=body, rev=rev, **given).rev


def online(page: Page) -> Page:
    expect(page.locator("#me")).to_contain_text("Online")
    return page


def stored(user: Any) -> list[str]:
    return [*Draft.objects.filter(user=user).exclude(body="").order_by("pk").values_list("body", flat=True)]


def wait_for(page: Page, what: Callable[[], Any], wanted: Any) -> None:
    """Until the database says so: what is kept there shows nowhere on the page that wrote it."""
    wait_until(page, lambda: what() == wanted)
    assert what() == wanted


def drafts(page: Page) -> Locator:
    return page.locator(".draft")


@pytest.fixture
def two_devices(ada: Any, room: Room, open_page: OpenPage) -> tuple[Page, Page]:
    return online(open_page(ada, ROOM)), online(open_page(ada, ROOM))


def test_writer_finds_the_text_on_another_device_within_a_second(two_devices: tuple[Page, Page]) -> None:
    desk, train = two_devices
    field(desk).press_sequentially("I would keep the mapping")
    expect(field(train)).to_have_value("I would keep the mapping")
    field(train).press_sequentially(" on the client")
    expect(field(desk)).to_have_value("I would keep the mapping on the client")
    field(desk).fill("")
    expect(field(train)).to_have_value("")


def test_sending_clears_every_tab_and_device(two_devices: tuple[Page, Page], ada: Any, room: Room) -> None:
    desk, train = two_devices
    tab = desk.context.new_page()
    tab.goto(ROOM)
    field(desk).press_sequentially("Good morning")
    for page in (tab, train):
        expect(field(page)).to_have_value("Good morning")
    field(desk).press("Enter")
    for page in (desk, tab, train):
        expect(message(page, "Good morning")).to_be_visible()
        expect(field(page)).to_have_value("")
    wait_for(desk, lambda: stored(ada), [])
    for page in (desk, tab, train):
        page.reload()
        expect(message(page, "Good morning")).to_be_visible()
        expect(field(page)).to_have_value("")


def test_a_field_that_is_typed_in_is_left_alone_and_the_other_text_is_kept(
    ada: Any, room: Room, open_page: OpenPage
) -> None:
    page = open_page(ada, None)
    line = Line(page)
    page.goto(ROOM)
    online(page)
    field(page).press_sequentially("From the desk")
    wait_for(page, lambda: stored(ada), ["From the desk"])
    line.cut()
    field(page).press_sequentially(", later")
    save(ada, room, "From the train", 1)
    line.mend()
    wait_for(page, lambda: stored(ada), ["From the desk, later"])
    expect(field(page)).to_have_value("From the desk, later")
    expect(page.get_by_role("alert").filter(has_text="Another version")).to_be_visible()
    assert [*DraftCopy.objects.values_list("body", flat=True)] == ["From the train"]


def test_two_tabs_without_a_connection_lose_no_text_over_a_reload(ada: Any, room: Room, open_page: OpenPage) -> None:
    first = open_page(ada, None)
    second = first.context.new_page()
    lines = [Line(first), Line(second)]
    for page in (first, second):
        page.goto(ROOM)
        online(page)
    for line in lines:
        line.cut()
    field(first).press_sequentially("One thought")
    field(second).press_sequentially("Another thought")
    first.reload()
    second.close()
    expect(field(first)).to_have_value("One thought")
    lines[0].mend()
    wait_for(first, lambda: stored(ada), ["One thought"])
    wait_for(first, lambda: [*DraftCopy.objects.values_list("body", flat=True)], ["Another thought"])


@pytest.fixture
def again(site: LiveSite) -> Iterator[Callable[[], LiveSite]]:
    """Starts the site again where it stood."""
    port, started = site.port, []

    def start() -> LiveSite:
        started.append(LiveSite(port).start())
        return started[-1]

    yield start
    for running in started:
        running.stop()


def test_writer_goes_on_while_the_server_is_away(
    ada: Any, room: Room, open_page: OpenPage, site: LiveSite, again: Callable[[], LiveSite], console: Any
) -> None:
    console.allow("net::ERR_CONNECTION_REFUSED|WebSocket connection to|Failed to fetch")
    page = online(open_page(ada, ROOM))
    field(page).press_sequentially("Half a ")
    wait_for(page, lambda: stored(ada), ["Half a "])
    site.stop()
    field(page).press_sequentially("thought")
    again()
    wait_for(page, lambda: stored(ada), ["Half a thought"])
    expect(field(page)).to_have_value("Half a thought")


def test_a_thread_has_a_draft_of_its_own(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    root = say(ben, room, "Who looks?")
    save(ada, room, "I do, but", thread=root.pk)
    page = online(open_page(ada, "/drafts/"))
    expect(drafts(page)).to_contain_text("in a thread")
    page.get_by_role("button", name="Go on writing: general").click()
    reply = page.get_by_role("textbox", name="Reply", exact=True)
    expect(reply).to_have_value("I do, but")
    expect(field(page)).to_have_value("")
    expect(reply).to_be_focused()
    reply.press_sequentially(" not today")
    reply.press("Enter")
    expect(page.get_by_role("region", name="Thread").get_by_text("I do, but not today")).to_be_visible()
    wait_for(page, lambda: stored(ada), [])


def test_writer_goes_on_from_the_list_of_drafts(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    save(ada, room, "The empty state needs")
    page = online(open_page(ada, "/"))
    page.get_by_role("link", name=re.compile("Drafts")).click()
    expect(page.locator("#drafts-count")).to_have_text("1 draft")
    expect(drafts(page)).to_contain_text("The empty state needs")
    page.get_by_role("button", name="Go on writing: general").click()
    expect(field(page)).to_be_focused()
    field(page).press_sequentially(" one sentence less")
    expect(field(page)).to_have_value("The empty state needs one sentence less")
    field(page).press("Enter")
    expect(message(page, "one sentence less")).to_be_visible()
    expect(page.locator("#drafts-count")).to_be_hidden()


def test_writer_discards_and_takes_it_back(ada: Any, room: Room, open_page: OpenPage) -> None:
    save(ada, room, "Never mind")
    page = online(open_page(ada, "/drafts/"))
    page.get_by_role("button", name="Discard: general").click()
    expect(page.get_by_text("No drafts")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(drafts(page)).to_contain_text("Never mind")
    wait_for(page, lambda: stored(ada), ["Never mind"])


def test_writer_compares_two_versions_and_keeps_one(ada: Any, room: Room, open_page: OpenPage) -> None:
    save(ada, room, "Timeline so far: 17:20 alert, 17:24 restart")
    save(ada, room, "Timeline: 17:20 alert")
    page = online(open_page(ada, "/drafts/"))
    expect(drafts(page)).to_contain_text("2 versions")
    page.get_by_role("button", name="Compare: general").click()
    box = page.get_by_role("dialog", name="Versions of this draft")
    expect(box.locator(".version")).to_have_count(2)
    box.get_by_role("button", name=re.compile("Keep this one: Kept")).click()
    expect(box).to_be_hidden()
    expect(drafts(page)).to_contain_text("17:24 restart")
    expect(drafts(page)).not_to_contain_text("2 versions")
    wait_for(page, DraftCopy.objects.count, 0)


def test_somebody_removed_still_reads_what_they_began(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    save(ben, room, "I was about to say")
    elsewhere(services.remove_member, actor=ada, room_id=room.pk, user_id=ben.pk)
    page = online(open_page(ben, "/drafts/"))
    expect(drafts(page)).to_contain_text("A room you are no longer in")
    expect(drafts(page)).to_contain_text("I was about to say")
    expect(page.get_by_role("button", name=re.compile("Go on writing"))).to_be_hidden()


def test_quick_messages_leave_no_draft_behind(two_devices: tuple[Page, Page], ada: Any, room: Room) -> None:
    desk, train = two_devices
    for number in range(5):
        field(desk).press_sequentially(f"quick {number}")
        field(desk).press("Enter")
    write(desk, "done")
    expect(message(train, "done")).to_be_visible()
    wait_for(desk, lambda: stored(ada), [])
    assert Message.objects.filter(room=room, kind="user").count() == 6
    for page in (desk, train):
        expect(field(page)).to_have_value("")
    wait_for(desk, DraftCopy.objects.count, 0)


def test_the_page_of_drafts_is_for_everybody(
    ada: Any,
    room: Room,
    open_page: OpenPage,
    theme: str,
    window: dict[str, Any],
    assert_accessible: Check,
    assert_no_sideways_scroll: Check,
) -> None:
    for body in ("A *longer* text\nof two lines", "Another one"):
        save(ada, room, body)
    save(ada, make_room(ada, kind="private", name="plans"), "https://example.com/" + "x" * 300)
    page = open_page(ada, "/drafts/", color_scheme=theme, **window)
    expect(drafts(page)).to_have_count(2)
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name="Compare: general").click()
    expect(page.get_by_role("dialog", name="Versions of this draft")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Discard all").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Discard all").click()
    expect(page.get_by_text("No drafts")).to_be_visible()
    assert_accessible(page)
