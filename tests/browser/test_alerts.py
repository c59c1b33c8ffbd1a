"""Alerts and charts in the conversation: rules made in the page, numbers that go too far, who takes them."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from accounts.services import update_preferences
from chat.selectors.views import room_url
from chat.services import set_notify
from chat.services.cards import post_card
from chat.shapes import CardView, FieldView, WebhookAttachment
from dashboard.models import Rule, Series
from dashboard.services import pushing, rules
from tests.browser.code import wait_until
from tests.browser.pages import elsewhere, field, message, room_row, write
from tests.browser.test_attention import hearing
from tests.factories import make_room, say


def push(person: Any, **numbers: float) -> None:
    """Tells figures as a program of somebody's would."""
    told = [{"name": name.replace("_", "."), "value": value} for name, value in numbers.items()]
    parsed = pushing.read_push(body=json.dumps(told).encode(), content_type="application/json")
    elsewhere(pushing.push, actor=person, parsed=parsed)


def make_rule(person: Any, room: Any, name: str, threshold: float, **more: Any) -> Rule:
    """A rule of somebody's own series that needs not last."""
    series = Series.objects.get(owner=person, name=name)
    wish = rules.RuleWish(series=series.pk, threshold=threshold, for_seconds=0, **more)
    return Rule.objects.get(pk=elsewhere(rules.create_rule, actor=person, room_id=room.pk, wish=wish))


def card(page: Page) -> Any:
    return page.locator(".msg .alertcard")


def open_alerts(page: Page) -> Any:
    page.locator(".alertsbutton").click()
    expect(page.get_by_role("heading", name="Alerts here")).to_be_visible()
    return page.locator(".alertspane")


@pytest.fixture
def queue(ada: Any, room: Any) -> Rule:
    """A rule for the length of a queue, which is short as yet."""
    push(ada, shop_queue=5)
    return make_rule(ada, room, "shop.queue", 10)


def test_a_rule_is_made_in_the_page_and_its_errors_stand_at_their_fields(
    ada, room, open_page, assert_accessible, console
):
    console.allow(r"400 \(Bad Request\).*/rules/")
    push(ada, shop_queue=5)
    page = open_page(ada, room_url(room))
    pane = open_alerts(page)
    expect(pane).to_contain_text("Nothing is watched here")
    page.get_by_role("button", name="New rule").click()
    make = page.get_by_role("button", name="Make the rule")
    make.click()
    expect(page.get_by_text("Choose a series.")).to_be_visible()
    page.get_by_role("combobox", name="Find a series").fill("queue")
    page.keyboard.press("Enter")
    make.click()
    expect(page.get_by_text("Give a figure.")).to_be_visible()
    page.get_by_label("The limit").fill("10")
    page.get_by_label("Over again").fill("12")
    make.click()
    expect(pane.locator("[data-part=clear-error]")).to_be_visible()
    page.get_by_label("Over again").fill("8")
    page.get_by_label("For at least").select_option("60")
    assert_accessible(page)
    make.click()
    expect(pane).to_contain_text("shop.queue above 10")
    expect(pane).to_contain_text("watched")
    rule = Rule.objects.get()
    assert (rule.threshold, rule.clear, rule.for_seconds, rule.level) == (10, 8, 60, "danger")


def test_a_rule_is_changed_switched_off_and_deleted(ada, room, queue, open_page):
    page = open_page(ada, room_url(room))
    pane = open_alerts(page)
    menu = page.get_by_role("button", name=f"Menu of {queue.title}")
    menu.click()
    page.get_by_role("menuitem", name="Change").click()
    page.get_by_role("textbox", name="Title", exact=True).fill("Too many wait")
    page.get_by_role("button", name="Save").click()
    expect(pane).to_contain_text("Too many wait")
    menu = page.get_by_role("button", name="Menu of Too many wait")
    menu.click()
    page.get_by_role("menuitem", name="Switch off").click()
    expect(pane).to_contain_text("switched off")
    menu.click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("button", name="Delete").click()
    expect(pane).to_contain_text("Nothing is watched here")
    assert not Rule.objects.exists()


def test_an_alert_fires_is_taken_by_a_click_and_resolves_itself(ada, ben, room, queue, open_page, assert_accessible):
    pages = [open_page(person, room_url(room)) for person in (ada, ben)]
    push(ada, shop_queue=50)
    for page in pages:
        expect(card(page)).to_contain_text(queue.title)
        expect(card(page)).to_contain_text("50")
        expect(card(page)).to_contain_text("Nobody has it yet")
        expect(page.locator("#alert")).to_contain_text(f"Alert: {queue.title}")
    assert_accessible(pages[0])
    card(pages[1]).get_by_role("button", name="Acknowledge").click()
    for page in pages:
        expect(card(page)).to_contain_text("Ben Okafor has it")
        expect(card(page).get_by_role("button", name="Acknowledge")).to_be_hidden()
    push(ada, shop_queue=3)
    for page in pages:
        expect(page.locator(".msg .resolved")).to_contain_text(f"Resolved by itself: {queue.title}")
        expect(card(page)).to_have_count(0)
    pages[0].get_by_role("button", name="Show").click()
    expect(card(pages[0])).to_contain_text("Ben Okafor has it")
    card(pages[0]).get_by_role("button", name="Fold").click()
    expect(card(pages[0])).to_have_count(0)


def test_a_reply_from_the_pane_takes_an_alert(ada, ben, room, queue, open_page):
    page = open_page(ben, room_url(room))
    push(ada, shop_queue=50)
    expect(card(page)).to_be_visible()
    pane = open_alerts(page)
    expect(pane.locator(".firing")).to_contain_text("nobody has it yet")
    pane.get_by_role("button", name="Reply").click()
    expect(field(page)).to_be_focused()
    write(page, "Mine, looking.")
    expect(message(page, "Mine, looking.").locator(".acknowledges")).to_be_visible()
    expect(message(page, "Mine, looking.").locator(".msg-quote b")).to_have_text("Alert")
    expect(card(page)).to_contain_text("Ben Okafor has it")
    expect(pane.locator(".firing")).to_have_count(0)
    expect(pane).to_contain_text("Ben has it")


def test_an_alert_is_unread_rings_and_is_taken_by_a_reply(ada, ben, room, queue, open_page):
    """Ben wants every message and sits elsewhere; Ada made the rule and wants her mentions only."""
    lounge = make_room(ada, ben, name="lounge")
    for person in (ada, ben):
        update_preferences(actor=person, desktop_notifications=True)
    set_notify(actor=ben, room_id=room.pk, level="all")
    set_notify(actor=ada, room_id=room.pk, level="mentions")
    pages = [hearing(open_page, ada, "/mentions/"), hearing(open_page, ben, room_url(lounge))]
    push(ada, shop_queue=50)
    for page in pages:
        page.wait_for_function("() => window.told.length > 0")
        assert page.evaluate("() => window.told") == [["Alert in #general", f"{queue.title}: 50"]]
    expect(room_row(pages[1], "general")).to_have_class(re.compile(r"\bunread\b"))
    expect(room_row(pages[0], "general")).to_contain_text("1 mention")
    pages[0].reload()
    expect(pages[0].locator("[data-part=author]", has_text="Alert")).to_be_visible()
    page = open_page(ben, room_url(room))
    message(page, queue.title).hover()
    page.get_by_role("toolbar").get_by_role("button", name="Reply", exact=True).click()
    expect(field(page)).to_be_focused()
    write(page, "Mine, looking.")
    expect(card(page)).to_contain_text("Ben Okafor has it")
    other = open_page(ada, room_url(room))
    expect(card(other)).to_contain_text("Ben Okafor has it")
    expect(message(other, "Mine, looking.").locator(".acknowledges")).to_be_visible()
    expect(message(other, "Mine, looking.").locator(".msg-quote b")).to_have_text("Alert")


def test_an_alert_is_found_by_its_name(ada, ben, room, queue, open_page):
    page = open_page(ben, room_url(room))
    push(ada, shop_queue=50)
    expect(card(page)).to_be_visible()
    page.goto("/search/?q=queue")
    expect(page.locator("#view [data-part=author]").first).to_have_text("Alert")


def test_quiet_is_shown_to_everybody_and_ended(ada, ben, room, queue, open_page):
    pages = [open_page(person, room_url(room)) for person in (ada, ben)]
    push(ada, shop_queue=50)
    card(pages[0]).get_by_role("button", name="Quiet").click()
    pages[0].get_by_role("menuitem", name="Quiet for 1 hour").click()
    for page in pages:
        expect(card(page)).to_contain_text("Quiet until")
        expect(card(page)).to_contain_text("quiet, by Ada")
    card(pages[0]).get_by_role("button", name="Quiet until").click()
    pages[0].get_by_role("menuitem", name="Tell of it again").click()
    expect(card(pages[1]).get_by_role("button", name="Quiet", exact=True)).to_be_visible()


def test_a_chart_moves_for_everybody_until_it_is_stopped(ada, ben, room, open_page):
    push(ada, shop_queue=5)
    pages = [open_page(person, room_url(room)) for person in (ada, ben)]
    write(pages[0], "/chart shop.queue 15m")
    charts = [page.locator(".msg .chartcard") for page in pages]
    for chart in charts:
        expect(chart).to_contain_text("last 15 minutes")
        expect(chart.locator("[data-part=live]")).to_be_visible()
    push(ada, shop_queue=77)
    for chart in charts:
        # Both may fall into one bucket of the curve.
        expect(chart.get_by_role("img")).to_have_accessible_name(re.compile("^shop.queue, last 15 minutes: 77 now"))
    charts[1].get_by_role("button", name="As table").click()
    expect(charts[1].get_by_role("table")).to_contain_text("77")
    charts[0].get_by_role("button", name="Stop").click()
    for chart in charts:
        expect(chart).to_contain_text("as of")
        expect(chart.locator("[data-part=live]")).to_be_hidden()
    charts[0].get_by_role("button", name="Go on").click()
    expect(charts[1].locator("[data-part=live]")).to_be_visible()


def test_attachments_of_other_programs_are_read(ada, room, open_page):
    page = open_page(ada, room_url(room))
    say(ada, room, "Before")
    attachment = WebhookAttachment(
        color="danger",
        author_name="CI",
        title="Mend the recorder",
        title_url="https://ci.example/812",
        html="<p>2 tests <strong>failed</strong></p>",
        fields=[FieldView(title="Branch", html="<p>main</p>", short=True)],
        footer="Build 812",
    )
    # The colour is whatever the sender wrote: this one is the name of something that every object has.
    odd = WebhookAttachment(color="constructor", html="<p>Of an odd colour</p>")
    view = CardView(kind="attachments", html="<p>A build failed</p>", attachments=[odd, attachment])
    elsewhere(post_card, author=ada, room_id=room.pk, cid=uuid4(), body="A build failed", card=view)
    row = message(page, "A build failed")
    expect(row.locator(".attachment .box.bad")).to_contain_text("2 tests failed")
    expect(row.get_by_role("link", name="Mend the recorder")).to_have_attribute("href", "https://ci.example/812")
    expect(row.locator("dl").last).to_contain_text("main")
    expect(row).to_contain_text("Build 812")
    expect(row).to_contain_text("Of an odd colour")


def test_the_alerts_of_a_room_on_a_phone(
    ada, room, queue, open_page, phone, assert_accessible, assert_no_sideways_scroll
):
    page = open_page(ada, room_url(room), **phone)
    push(ada, shop_queue=50)
    expect(card(page)).to_be_visible()
    assert_no_sideways_scroll(page)
    open_alerts(page)
    page.get_by_role("button", name="New rule").click()
    expect(page.get_by_role("combobox", name="Find a series")).to_be_focused()
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def test_a_chart_is_put_on_the_board_of_its_room(ada, room, open_page):
    page = open_page(ada, room_url(room))
    write(page, "Something to count")
    assert wait_until(page, lambda: Series.objects.filter(room=room, name="messages").exists())
    write(page, "/chart messages 15m")
    page.locator(".chartcard").get_by_role("button", name="To the board").click()
    expect(page.get_by_role("heading", name="Edit board")).to_be_visible()
    expect(page.locator(".panelform").get_by_role("heading", name="Messages")).to_be_visible()
    expect(page.locator(".panelform [data-part=series] code")).to_have_text("messages")
