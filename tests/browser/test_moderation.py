"""Moderation of a live room: a report arrives, a decision shows at once, and whoever it is about reads why."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from accounts.models import Sanction
from accounts.services.sanctions import lift_sanction
from chat import services
from chat.models import Message, Report, Room
from tests.browser.pages import choose, elsewhere, field, log, message, write
from tests.factories import say

OpenPage = Callable[..., Page]
Make = Callable[..., Any]
Check = Callable[[Page], None]


def reported(room: Room, author: Any, by: Any, body: str) -> Message:
    said = say(author, room, body)
    services.report_message(actor=by, room_id=room.pk, message_id=said.pk, reason="abuse", note="Again")
    return said


def test_a_report_reaches_the_moderators_page_and_the_decision_shows_in_the_room(
    two_people: tuple[Page, Page], room: Room, person: Make, open_page: OpenPage, assert_accessible: Check
) -> None:
    ada, ben = two_people
    cleo = person("cleo", "Cleo Marchetti")
    services.join_room(actor=cleo, room_id=room.pk)
    third = open_page(cleo, "/rooms/general/")
    write(ben, "Nobody reads what you write, Cleo")
    choose(third, "Nobody reads", "Report…")
    dialog = third.get_by_role("dialog", name="Report this message")
    dialog.get_by_text("Abuse", exact=True).click()
    dialog.get_by_label("What moderators should know (optional)").fill("Not the first time")
    assert_accessible(third)
    dialog.get_by_role("button", name="Report", exact=True).click()
    expect(third.get_by_text("Reported to the moderators")).to_be_visible()
    button = ada.get_by_role("button", name="1 report waits")
    button.click()
    pane = ada.get_by_role("region", name="Reports", exact=True)
    expect(pane.get_by_text("“Not the first time”")).to_be_visible()
    expect(pane).not_to_contain_text("Cleo Marchetti", use_inner_text=True)
    assert_accessible(ada)
    pane.get_by_role("button", name="Decide about the message of Ben Okafor").click()
    decision = ada.get_by_role("dialog", name="Decide about this report")
    decision.get_by_text("Ban", exact=True).click()
    decision.get_by_label("Delete the message as well").check()
    decision.get_by_role("button", name="Decide", exact=True).click()
    expect(decision.get_by_text("Say why in a few words.")).to_be_visible()
    decision.get_by_label("Reason, which they will read").fill("Insult, second time")
    assert_accessible(ada)
    decision.get_by_role("button", name="Decide", exact=True).click()
    expect(pane.get_by_text("Nothing waits for you.")).to_be_visible()
    expect(ben.get_by_text("You are banned from this room")).to_be_visible()
    expect(ben.get_by_text("“Insult, second time”")).to_be_visible()
    expect(log(third).get_by_text(re.compile("Ben Okafor was banned"))).to_be_visible()
    expect(message(third, "Nobody reads")).to_have_count(0)
    assert Report.objects.get().state == "acted"


def test_the_back_office_decides_and_the_rooms_page_says_why(
    ben: Any, ada: Any, room: Room, person: Make, open_page: OpenPage, console: Any
) -> None:
    said = reported(room, ben, ada, "Buy now, buy here")
    page = open_page(ben, "/rooms/general/")
    expect(message(page, "Buy now")).to_be_visible()
    boss = open_page(person("boss", is_staff=True, is_superuser=True), "/admin/chat/report/?state__exact=open")
    boss.locator("#result_list tbody th a").click()
    expect(boss.get_by_text("Buy now, buy here")).to_be_visible()
    boss.get_by_label("Mute the author in the room").check()
    boss.get_by_role("group", name="How long").get_by_text("1 hour").click()
    boss.get_by_label("Reason").fill("Advertising")
    boss.get_by_label("Delete the message as well").check()
    boss.get_by_role("button", name="Mute the author in the room").click()
    expect(boss.get_by_text("Decided: mute the author in the room.")).to_be_visible()
    expect(page.get_by_text(re.compile("You are muted in #general until"))).to_be_visible()
    expect(page.get_by_text("The moderators: “Advertising”")).to_be_visible()
    expect(message(page, "Buy now")).to_have_count(0)
    held = Sanction.objects.get()
    elsewhere(lift_sanction, actor=ada, sanction=held)
    expect(page.get_by_text("You may write again in #general")).to_be_visible()
    write(page, "Sorry")
    expect(message(page, "Sorry")).to_be_visible()
    assert Message.objects.get(pk=said.pk).deleted_at is not None


def test_an_owner_mutes_in_the_settings_sees_the_time_left_and_lifts(
    two_people: tuple[Page, Page], assert_accessible: Check
) -> None:
    ada, ben = two_people
    ada.get_by_role("button", name="Room settings").click()
    ada.get_by_role("button", name="Mute, remove or ban Ben Okafor").click()
    dialog = ada.get_by_role("dialog", name="Decide about Ben Okafor")
    dialog.get_by_label("For how long").select_option("24 hours")
    dialog.get_by_label("Reason, which they will read").fill("Three alerts pasted twice")
    dialog.get_by_role("button", name="Decide", exact=True).click()
    card = ada.get_by_role("region", name="Muted, removed and banned")
    expect(card.get_by_text("Muted, 24 h left")).to_be_visible()
    expect(ben.get_by_text("The moderators: “Three alerts pasted twice”")).to_be_visible()
    assert_accessible(ada)
    card.get_by_role("button", name="Lift: Ben Okafor, Muted").click()
    ada.get_by_role("alertdialog").get_by_role("button", name="Lift").click()
    expect(card).to_be_hidden()
    expect(ben.get_by_text("You may write again in #general")).to_be_visible()


def test_an_owner_says_how_long_messages_stay(ada: Any, room: Room, open_page: OpenPage) -> None:
    page = open_page(ada, "/rooms/general/settings/")
    page.get_by_label("Keep messages", exact=True).select_option("90 days")
    page.get_by_role("alertdialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_label("Keep messages", exact=True)).to_have_value("0")
    page.get_by_label("Keep messages", exact=True).select_option("90 days")
    page.get_by_role("alertdialog").get_by_role("button", name="Keep them so long").click()
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    page.get_by_role("link", name="Back to the room").click()
    expect(log(page).get_by_text("set messages to go after 90 days")).to_be_visible()


def test_somebody_banned_who_tries_again_is_told_until_when(
    ada: Any, ben: Any, room: Room, open_page: OpenPage, console: Any
) -> None:
    console.allow("403")
    services.sanction_member(actor=ada, room_id=room.pk, user_id=ben.pk, kind="ban", reason="Spam", seconds=3600)
    page = open_page(ben, "/rooms/general/")
    expect(page.get_by_role("heading", name="This room is closed to you")).to_be_visible()
    expect(page.get_by_text(re.compile("You are banned from this room until .*: Spam"))).to_be_visible()
    page.goto("/browse/")
    page.get_by_role("button", name=re.compile("Join")).click()
    expect(page.get_by_text(re.compile("You are banned from this room until .*: Spam"))).to_be_visible()
    expect(field(page)).to_have_count(0)
