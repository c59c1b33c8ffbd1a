"""People come, go, are let in and are taken out; each page says what happened to its reader."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from accounts.services.people import update_profile
from accounts.services.sanctions import sanction_user
from chat.models import Membership, Room
from tests.browser.pages import elsewhere, field, log, message, room_row, write
from tests.factories import make_direct, make_room, say

OpenPage = Callable[..., Page]
Make = Callable[..., Any]


def test_reader_sees_who_is_here(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    here = ada.get_by_role("group", name="1 other person here now")
    expect(here).to_be_visible()
    ada.get_by_role("button", name="Members").click()
    pane = ada.get_by_role("region", name="Members", exact=True)
    row = pane.locator(".person").filter(has_text="Ben Okafor")
    expect(row).to_contain_text("@ben · online")
    ben.close()
    # A tab that reloads must not flicker: somebody is gone only after four seconds.
    expect(row).not_to_contain_text("online")
    expect(here).to_be_hidden()


def test_owner_makes_a_link_and_somebody_joins_by_it(ada: Any, room: Room, person: Make, open_page: OpenPage) -> None:
    owner = open_page(ada, "/rooms/general/")
    owner.get_by_role("button", name="Invite people").first.click()
    dialog = owner.get_by_role("dialog", name="Invite to #general")
    dialog.get_by_role("button", name="Make a link").click()
    link = dialog.get_by_label("New link")
    expect(link).to_have_value(re.compile("/join/"))
    path = urlsplit(link.input_value()).path
    expect(dialog.get_by_role("list", name="Links that work now")).to_contain_text("0 used · member")
    owner.keyboard.press("Escape")
    expect(owner.get_by_role("button", name="Invite people").first).to_be_focused()
    guest = open_page(person("cleo", "Cleo Marchetti"), path)
    expect(guest.get_by_text("Ada Lovelace invites you to")).to_be_visible()
    guest.get_by_role("button", name="Join general").click()
    expect(guest).to_have_url(re.compile("/rooms/general/"))
    expect(field(guest)).to_be_visible()
    expect(log(owner).get_by_text(re.compile("Cleo Marchetti joined"))).to_be_visible()


def test_visitor_with_a_link_sees_the_room_but_no_message(
    ada: Any, room: Room, open_page: OpenPage, console: Any
) -> None:
    from chat.services.links import create_link, revoke_link

    say(ada, room, "between us")
    link = create_link(actor=ada, room_id=room.pk)
    path = urlsplit(link.url).path
    page = open_page(None, path)
    expect(page.get_by_text("general")).to_be_visible()
    assert "between us" not in page.content()
    page.get_by_role("link", name="Sign in and join").click()
    expect(page).to_have_url(re.compile("/account/login/"))
    elsewhere(revoke_link, actor=ada, room_id=room.pk, link_id=link.id)
    console.allow("410")
    page.goto(path)
    expect(page.get_by_text("It was taken back.")).to_be_visible()


def test_owner_adds_somebody_who_is_here_already(ada: Any, room: Room, person: Make, open_page: OpenPage) -> None:
    cleo = open_page(person("cleo", "Cleo Marchetti"), "/browse/")
    owner = open_page(ada, "/rooms/general/")
    owner.get_by_role("button", name="Invite people").first.click()
    owner.get_by_label("Somebody who is here already").fill("cle")
    expect(owner.get_by_role("option", name=re.compile("Cleo Marchetti"))).to_be_visible()
    owner.keyboard.press("Enter")
    expect(owner.get_by_text("Cleo Marchetti is in #general now")).to_be_visible()
    expect(room_row(cleo, "general")).to_be_visible()


def test_two_people_write_to_each_other_alone(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    ada.get_by_role("button", name="New direct message").click()
    dialog = ada.get_by_role("dialog", name="New message")
    dialog.get_by_label("To").fill("ben")
    expect(dialog.get_by_role("option", name=re.compile("Ben Okafor"))).to_be_visible()
    ada.keyboard.press("Enter")
    dialog.get_by_role("button", name="Open").click()
    expect(ada).to_have_url(re.compile(r"/direct/\d+/"))
    expect(ada.get_by_role("heading", name="Ben Okafor")).to_be_visible()
    write(ada, "a word in private")
    row = room_row(ben, "Ada Lovelace")
    expect(row.locator("[data-part=badge]")).to_have_text("1 unread")
    expect(ben).to_have_title(re.compile(r"^\(1\) "))
    row.click()
    expect(message(ben, "a word in private")).to_be_visible()
    expect(ben.get_by_role("heading", name="Ada Lovelace")).to_be_visible()


def test_another_name_shows_everywhere_at_once(two_people: tuple[Page, Page], room: Room, ben: Any) -> None:
    ada, his = two_people
    write(his, "as it was")
    elsewhere(make_direct, ben, Membership.objects.get(room=room, role="owner").user)
    expect(room_row(ada, "Ben Okafor")).to_be_visible()
    ada.get_by_role("button", name="Members").click()
    pane = ada.get_by_role("region", name="Members", exact=True)
    expect(pane.locator(".person").filter(has_text="Ben Okafor")).to_be_visible()
    expect(message(ada, "as it was")).to_contain_text("Ben Okafor")
    elsewhere(update_profile, actor=ben, display_name="Benedict", time_zone="UTC")
    expect(message(ada, "as it was").locator("[data-part=author]")).to_have_text("Benedict")
    expect(pane.locator(".person").filter(has_text="Benedict")).to_be_visible()
    expect(room_row(ada, "Benedict")).to_be_visible()
    expect(ada.get_by_text("Ben Okafor")).to_have_count(0)
    expect(his.locator("#me")).to_contain_text("Benedict")


def test_somebody_finds_a_room_reads_joins_and_leaves(ada: Any, room: Room, person: Make, open_page: OpenPage) -> None:
    say(ada, room, "everybody may read this")
    page = open_page(person("cleo", "Cleo Marchetti"), "/browse/")
    page.get_by_role("searchbox", name="Find a room").fill("gener")
    row = page.locator(".roomrow").filter(has_text="general")
    expect(row).to_contain_text("2 people")
    row.get_by_role("button", name="Join general").click()
    expect(page).to_have_url(re.compile("/rooms/general/"))
    expect(message(page, "everybody may read this")).to_be_visible()
    write(page, "Good morning")
    expect(message(page, "Good morning")).not_to_have_class(re.compile("sending"))
    page.get_by_role("button", name="Room settings").click()
    page.get_by_role("button", name="Leave").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Leave").click()
    expect(page.get_by_text("You left #general")).to_be_visible()
    expect(room_row(page, "general")).to_have_count(0)


def test_reader_from_outside_joins_at_the_composer(ada: Any, room: Room, person: Make, open_page: OpenPage) -> None:
    page = open_page(person("cleo"), "/rooms/general/")
    expect(page.get_by_text("Join to write")).to_be_visible()
    page.get_by_role("button", name="Join", exact=True).click()
    expect(field(page)).to_be_focused()
    expect(room_row(page, "general")).to_be_visible()


def test_removed_member_reads_why_and_keeps_the_draft(two_people: tuple[Page, Page], room: Room, ben: Any) -> None:
    ada, other = two_people
    field(other).fill("I only wanted")
    ada.get_by_role("button", name="Room settings").click()
    ada.get_by_role("button", name="Mute, remove or ban Ben Okafor").click()
    dialog = ada.get_by_role("dialog", name="Decide about Ben Okafor")
    dialog.get_by_text("Remove", exact=True).click()
    dialog.get_by_label("Reason, which they will read").fill("Too many advertisements")
    dialog.get_by_role("button", name="Decide", exact=True).click()
    expect(other.get_by_text("You are no longer in this room")).to_be_visible()
    expect(other.get_by_text("“Too many advertisements”")).to_be_visible()
    expect(room_row(other, "general")).to_have_count(0)
    assert not Membership.objects.filter(room=room, user=ben).exists()
    other.get_by_role("link", name="Browse rooms").last.click()
    other.get_by_role("button", name="Join general").click()
    expect(field(other)).to_have_value("I only wanted")


def test_suspended_person_reads_why(ben: Any, room: Room, person: Make, open_page: OpenPage, console: Any) -> None:
    console.allow("WebSocket connection to .* 403|401 .*/api/")  # what was on its way is refused
    page = open_page(ben, "/rooms/general/")
    expect(page.locator("#me")).to_contain_text("Online")
    boss = person("boss", is_staff=True, is_superuser=True)
    elsewhere(sanction_user, actor=boss, user=ben, kind="ban", reason="Threats against others")
    expect(page.get_by_text("Your account is suspended").last).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="Threats against others")).to_be_visible()
    expect(page.get_by_role("link", name="Sign out")).to_be_visible()


def test_owner_gives_a_role_and_the_member_has_it_at_once(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    expect(ben.get_by_role("button", name="Room settings")).to_be_visible()
    ben.get_by_role("button", name="Room settings").click()
    expect(ben.get_by_role("heading", name="Writing")).to_have_count(0)
    ada.get_by_role("button", name="Room settings").click()
    ada.get_by_label("Role of Ben Okafor").select_option("moderator")
    expect(ben.get_by_text("Settings, you are a moderator")).to_be_visible()
    expect(ben.get_by_role("heading", name="Writing")).to_be_visible()


def test_private_room_is_not_there_for_others(ada: Any, person: Make, open_page: OpenPage, console: Any) -> None:
    console.allow("404")
    room = make_room(ada, kind="private", name="secret plans")
    page = open_page(person("cleo"), f"/rooms/{room.slug}/")
    forbidden = page.locator("main").inner_text()
    page.goto("/rooms/no-such-room/")
    expect(page.get_by_text("There is nothing here")).to_be_visible()
    assert page.locator("main").inner_text() == forbidden
    page.goto("/browse/")
    expect(page.get_by_role("heading", name="Browse rooms")).to_be_visible()
    assert "secret plans" not in page.content()
