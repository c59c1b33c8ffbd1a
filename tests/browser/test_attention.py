"""What calls for a person's attention: mentions, threads, pins, saved messages, muted rooms, notices of the browser."""

import re
from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from accounts.models import Profile
from accounts.services import update_preferences
from chat.models import Bookmark, Membership, Pin
from chat.selectors.views import room_url
from tests.browser.code import wait_until
from tests.browser.pages import choose, elsewhere, field, message, room_row, write
from tests.factories import make_room, say


def hits(page: Page):
    return page.locator(".feedlist .hit")


def rail_badge(page: Page):
    return page.locator("#rail [data-nav=mentions] .badge")


# Mentions


def test_a_mention_comes_to_the_page_of_mentions_and_goes_when_its_room_is_read(ada, ben, room, open_page):
    page = open_page(ben, "/mentions/")
    expect(page.get_by_text("Nobody has mentioned you yet")).to_be_visible()
    elsewhere(say, ada, room, "@ben please look")
    expect(hits(page)).to_have_count(1)
    expect(hits(page)).to_contain_text("@ben please look")
    expect(hits(page)).to_contain_text("New")
    expect(rail_badge(page)).to_contain_text("1")
    expect(page).to_have_title("(1) Mentions · Collab")
    page.get_by_role("link", name="Open in general").click()
    expect(message(page, "@ben please look")).to_be_visible()
    expect(rail_badge(page)).to_be_hidden()


def test_the_double_tick_reads_mentions_and_threads(ada, ben, room, open_page):
    root = say(ben, room, "A question")
    say(ada, room, "An answer", thread=root.pk)
    say(ada, room, "@ben and something else")
    page = open_page(ben, "/mentions/")
    expect(rail_badge(page)).to_contain_text("2")
    page.get_by_role("button", name="Threads 1").click()
    expect(hits(page)).to_contain_text("An answer")
    page.get_by_role("button", name="Mark all as read").click()
    expect(rail_badge(page)).to_be_hidden()
    expect(hits(page)).to_have_class("hit")
    page.get_by_role("button", name="Unread").click()
    expect(page.get_by_text("Nothing is unread")).to_be_visible()


def test_a_thread_is_read_where_it_is_looked_at(ada, ben, room, open_page):
    root = say(ben, room, "A question")
    page = open_page(ben, room_url(room))
    expect(message(page, "A question")).to_be_visible()
    elsewhere(say, ada, room, "An answer", thread=root.pk)
    expect(rail_badge(page)).to_contain_text("1")
    page.get_by_role("button", name="1 reply").click()
    expect(page.locator(".side")).to_contain_text("An answer")
    expect(rail_badge(page)).to_be_hidden()


def test_who_stops_following_a_thread_hears_no_more_of_it(ada, ben, room, open_page):
    root = say(ben, room, "A question")
    say(ada, room, "An answer", thread=root.pk)
    page = open_page(ben, room_url(room))
    expect(rail_badge(page)).to_contain_text("1")
    choose(page, "A question", "Stop following the thread")
    expect(rail_badge(page)).to_be_hidden()
    elsewhere(say, ada, room, "Another", thread=root.pk)
    expect(message(page, "A question")).to_contain_text("2 replies")
    expect(rail_badge(page)).to_be_hidden()


# Pins and saved messages


def test_a_pin_is_seen_by_everybody_and_taken_off_again(two_people):
    ada, ben = two_people
    write(ada, "The staging server is called heron")
    choose(ada, "heron", "Pin to the room")
    expect(ada.get_by_text("Pinned to the room")).to_be_visible()
    ben.get_by_role("button", name="Pinned messages", exact=True).click()
    pins = ben.get_by_role("region", name="Pinned messages", exact=True)
    expect(pins).to_contain_text("heron")
    expect(pins).to_contain_text("Pinned by Ada Lovelace")
    choose(ada, "heron", "Unpin")
    expect(ben.get_by_text("Nothing is pinned.")).to_be_visible()
    assert not Pin.objects.exists()


def test_a_saved_message_is_ones_own(two_people, ben):
    ada, page = two_people
    write(ada, "The recipe for soup")
    choose(page, "soup", "Save for later")
    expect(page.get_by_text("Saved for later")).to_be_visible()
    ada.goto("/saved/")
    expect(ada.get_by_text("Nothing saved")).to_be_visible()
    page.goto("/saved/")
    expect(hits(page)).to_contain_text("The recipe for soup")
    page.get_by_role("button", name="Remove from saved").click()
    expect(page.get_by_text("Nothing saved")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(hits(page)).to_contain_text("The recipe for soup")
    assert wait_until(page, lambda: Bookmark.objects.filter(user=ben).count() == 1)


# Unread again


def read_to(user: Any, room: Any) -> int:
    return Membership.objects.get(user=user, room=room).last_read_seq


def test_what_is_marked_unread_stays_so_until_one_comes_back(ada, ben, room, open_page):
    for number in range(3):
        say(ada, room, f"Number {number}")
    make_room(ben, name="other")
    page = open_page(ben, room_url(room))
    expect(message(page, "Number 2")).to_be_visible()
    assert wait_until(page, lambda: elsewhere(read_to, ben, room) == 4)
    choose(page, "Number 1", "Mark unread from here")
    expect(page.get_by_text("Unread from here", exact=True)).to_be_visible()
    expect(page.locator(".chat .new-mark + .msg, .chat .new-mark ~ .msg").first).to_contain_text("Number 1")
    elsewhere(say, ada, room, "Number 3")
    expect(message(page, "Number 3")).to_be_visible()
    room_row(page, "other").click()
    expect(room_row(page, "general").locator(".badge")).to_contain_text("3")
    room_row(page, "general").click()
    expect(message(page, "Number 3")).to_be_visible()
    assert wait_until(page, lambda: elsewhere(read_to, ben, room) == 5)


# Rooms that are quiet


def test_a_muted_room_shows_no_count_but_its_mentions(ada, ben, room, open_page):
    quiet = make_room(ada, ben, name="chatter")
    page = open_page(ben, room_url(room))
    row = room_row(page, "chatter")
    row.click(button="right")
    page.get_by_role("menuitem", name="Mute until I say otherwise").click()
    elsewhere(say, ada, quiet, "So much to say")
    expect(row).to_have_class("item muted")
    expect(row.locator(".badge")).to_be_hidden()
    elsewhere(say, ada, quiet, "@ben this is for you")
    expect(row.locator(".badge")).to_contain_text("1")
    row.focus()
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitem", name="Unmute").click()
    expect(row).not_to_have_class("item muted")
    assert wait_until(page, lambda: Membership.objects.get(user=ben, room=quiet).quiet_until is None)


def test_the_bell_of_a_room_chooses_its_level(ben, room, open_page):
    page = open_page(ben, room_url(room))
    bell = page.get_by_role("button", name="Notifications of this room")
    bell.click()
    page.get_by_role("menuitem", name="Every message").click()
    expect(bell).to_be_focused()
    bell.click()
    expect(page.get_by_role("menuitem", name="Every message, chosen")).to_be_visible()
    assert wait_until(page, lambda: Membership.objects.get(user=ben, room=room).notify_level == "all")


def test_a_level_that_is_on_its_way_shows_in_the_menu_that_is_opened_again(ben, room, open_page):
    page = open_page(ben, room_url(room))
    expect(page.locator("#me")).to_contain_text("Online")
    page.evaluate("() => { WebSocket.prototype.send = () => undefined; }")
    bell = page.get_by_role("button", name="Notifications of this room")
    bell.click()
    page.get_by_role("menuitem", name="Every message").click()
    bell.click()
    page.get_by_role("menuitem", name="Every message, chosen").press("Escape")
    bell.click()
    page.get_by_role("menuitem", name="Mute for an hour").click()
    bell.click()
    expect(page.get_by_role("menuitem", name="Every message, chosen")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Unmute")).to_be_visible()


def test_a_right_click_on_a_room_waits_for_its_menu(ben, room, open_page):
    page = open_page(ben, None)
    held: list[Route] = []
    page.route(re.compile(r"/chunks/later-"), lambda route: held.append(route))  # noqa: PLW0108 - no builtin is taken
    page.goto(room_url(room))
    expect(field(page)).to_be_focused()
    assert wait_until(page, lambda: bool(held))
    room_row(page, "general").click(button="right")
    for route in held:
        route.continue_()
    page.unroute(re.compile(r"/chunks/later-"))
    expect(page.get_by_role("menu", name="Notifications of #general")).to_be_visible()
    page.get_by_role("menuitem", name="Mute until I say otherwise").click()
    expect(room_row(page, "general")).to_have_class("item muted")


# Notices of the browser

HEAR = """() => {
  window.told = [];
  window.Notification = class {
    static permission = "granted";
    constructor(title, options) { window.told.push([title, options.body]); this.closed = false; }
    close() { window.told.push("closed"); this.onclose?.(); }
  };
  document.hasFocus = () => false;
}"""


def hearing(open_page: Any, user: Any, path: str) -> Page:
    """A page of somebody who looks elsewhere, and what its browser would show."""
    page = open_page(user, None)
    page.add_init_script(f"({HEAR})()")
    page.goto(path)
    expect(page.locator("#me")).to_contain_text("Online")
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').some((one) => one.name.includes('/api/attention/'))"
    )
    return page


def test_a_notice_tells_of_a_mention_and_not_of_the_rest(ada, ben, room, open_page):
    update_preferences(actor=ben, desktop_notifications=True)
    page = hearing(open_page, ben, "/mentions/")
    elsewhere(say, ada, room, "Nothing for anybody")
    elsewhere(say, ada, room, "@ben **look** at this")
    page.wait_for_function("() => window.told.length > 0")
    assert page.evaluate("() => window.told") == [["Ada Lovelace in #general", "@ben look at this"]]


def test_of_two_tabs_one_tells_and_reading_elsewhere_takes_it_back(ada, ben, room, open_page):
    update_preferences(actor=ben, desktop_notifications=True)
    page = hearing(open_page, ben, "/mentions/")
    other = page.context.new_page()
    other.add_init_script(f"({HEAR})()")
    other.goto("/saved/")
    expect(other.locator("#me")).to_contain_text("Online")
    other.wait_for_function(
        "() => performance.getEntriesByType('resource').some((one) => one.name.includes('/api/attention/'))"
    )
    told = elsewhere(say, ada, room, "@ben once")
    for tab in (page, other):
        expect(rail_badge(tab)).to_contain_text("1")
    page.wait_for_function("() => localStorage.getItem('collab-told') !== null")

    def told_by_both() -> list[Any]:
        return [*page.evaluate("() => window.told"), *other.evaluate("() => window.told")]

    assert wait_until(page, lambda: told_by_both() != [])
    assert told_by_both() == [["Ada Lovelace in #general", "@ben once"]]
    from chat.services import set_read

    elsewhere(set_read, actor=ben, room_id=room.pk, seq=told.seq)
    for tab in (page, other):
        expect(rail_badge(tab)).to_be_hidden()
    assert wait_until(page, lambda: "closed" in told_by_both())


def test_do_not_disturb_is_seen_and_keeps_silent(ada, ben, room, open_page):
    update_preferences(actor=ben, desktop_notifications=True, quiet_until=timezone.now() + timedelta(hours=1))
    page = hearing(open_page, ben, "/mentions/")
    expect(page.get_by_role("img", name="Do not disturb is on")).to_be_visible()
    elsewhere(say, ada, room, "@ben not now")
    expect(rail_badge(page)).to_contain_text("1")
    assert page.evaluate("() => window.told") == []
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("do not")
    page.get_by_role("option", name="End do not disturb").click()
    expect(page.get_by_role("img", name="Do not disturb is on")).to_be_hidden()
    elsewhere(say, ada, room, "@ben but now")
    page.wait_for_function("() => window.told.length > 0")


def test_the_account_page_asks_the_browser_only_when_one_wants_notices(ben, open_page):
    page = open_page(ben, "/account/profile/", permissions=[])
    page.evaluate(
        "() => { window.asked = 0; "
        "Notification.requestPermission = async () => { window.asked += 1; return 'denied'; }; }"
    )
    page.evaluate("() => Object.defineProperty(Notification, 'permission', { value: 'default' })")
    switch = page.get_by_role("switch", name="Notices of the browser")
    switch.click()
    expect(page.get_by_text("The browser does not allow notices")).to_be_visible()
    expect(switch).to_have_attribute("aria-checked", "false")
    assert page.evaluate("() => window.asked") == 1
    hours = page.get_by_role("switch", name="Do not disturb every day")
    hours.click()
    expect(hours).to_have_attribute("aria-checked", "true")
    page.get_by_label("Do not disturb from").fill("21:30")
    page.get_by_label("Do not disturb from").blur()
    expect(page.locator(".toast")).to_contain_text("Saved")
    page.reload()
    expect(page.get_by_label("Do not disturb from")).to_have_value("21:30")
    profile = Profile.objects.get(user=ben)
    assert (str(profile.quiet_from), profile.desktop_notifications) == ("21:30:00", False)


# For everybody


def test_the_pages_are_accessible(ada, ben, room, open_page, theme, assert_accessible):
    root = say(ben, room, "A question")
    say(ada, room, "@ben an answer", thread=root.pk)
    page = open_page(ben, "/mentions/", color_scheme=theme)
    expect(hits(page)).to_have_count(1)
    expect(rail_badge(page)).to_contain_text("2")
    assert_accessible(page)
    page.goto(room_url(room))
    choose(page, "A question", "Save for later")
    choose(page, "A question", "Pin to the room")
    page.get_by_role("button", name="Pinned messages", exact=True).click()
    expect(page.get_by_role("region", name="Pinned messages", exact=True)).to_contain_text("A question")
    page.get_by_role("button", name="Notifications of this room").click()
    assert_accessible(page)
    page.goto("/saved/")
    expect(hits(page)).to_have_count(1)
    assert_accessible(page)


def test_on_a_phone_pins_stand_in_the_menu_and_nothing_scrolls_sideways(
    ada, ben, room, open_page, phone, assert_accessible, assert_no_sideways_scroll
):
    say(ada, room, "@ben look at https://northwind.example/" + "a" * 90)
    page = open_page(ben, "/mentions/", **phone)
    expect(hits(page)).to_have_count(1)
    assert_no_sideways_scroll(page)
    assert_accessible(page)
    page.goto(room_url(room))
    expect(field(page)).to_be_visible()
    page.get_by_role("button", name="Notifications of this room").click()
    page.get_by_role("menuitem", name="Pinned messages").click()
    expect(page.get_by_text("Nothing is pinned.")).to_be_visible()
    assert_no_sideways_scroll(page)
