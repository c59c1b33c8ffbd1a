"""Working through reports in the back office: by keys, one after the other, two moderators at once, and on a phone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Sanction
from chat import services
from chat.models import CaseClaim, Message, Report, Room
from tests.factories import say

OpenPage = Callable[..., Page]
Make = Callable[..., Any]
Check = Callable[[Page], None]
QUEUE = "/admin/chat/report/queue/"


@pytest.fixture
def boss(person: Make) -> Any:
    return person("boss", "Rosa Almeida", is_staff=True, is_superuser=True)


@pytest.fixture
def said(room: Room, ada: Any, ben: Any) -> list[Message]:
    """Three messages of Ben's that Ada has reported, one after the other."""
    messages = [say(ben, room, text) for text in ("First insult", "Second insult", "Third insult")]
    for message in messages:
        services.report_message(actor=ada, room_id=room.pk, message_id=message.pk, reason="abuse", note="Again")
    return messages


def chosen(page: Page) -> Any:
    return page.locator(".talk .reported")


def queue(page: Page) -> Any:
    return page.get_by_role("navigation", name="Reports that wait").get_by_role("link")


def act(page: Page, deed: str, reason: str = "Seen by two of us.") -> None:
    page.get_by_role("radio", name=deed).check()
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=deed).click()


def test_a_moderator_works_through_the_queue_by_keys(
    boss: Any, said: list[Message], open_page: OpenPage, theme: str, assert_accessible: Check
) -> None:
    page = open_page(boss, QUEUE, color_scheme=theme)
    expect(queue(page)).to_have_count(3)
    assert_accessible(page)
    page.keyboard.press("j")
    expect(chosen(page)).to_contain_text("First insult")
    expect(page.get_by_label("Dismiss")).to_be_focused()
    page.keyboard.press("j")
    expect(chosen(page)).to_contain_text("Second insult")
    page.keyboard.press("k")
    expect(chosen(page)).to_contain_text("First insult")
    expect(page.get_by_label("Dismiss")).to_be_focused()
    # The arrows belong to the choice while it has the focus.
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Delete the message", exact=True)).to_be_checked()
    expect(page.get_by_role("button", name="Delete the message")).to_be_visible()
    page.keyboard.press("ArrowUp")
    assert_accessible(page)
    page.get_by_label("Reason").fill("jjj")
    expect(chosen(page)).to_contain_text("First insult")
    page.get_by_label("Reason").blur()
    page.keyboard.press("ArrowDown")
    expect(chosen(page)).to_contain_text("Second insult")


def test_a_decision_opens_the_next_and_is_taken_back_at_once(
    boss: Any, said: list[Message], open_page: OpenPage
) -> None:
    page = open_page(boss, QUEUE)
    page.get_by_role("link", name="Begin").click()
    page.get_by_label("Reason").fill("No")
    page.get_by_role("button", name="Dismiss").click()
    expect(chosen(page)).to_contain_text("First insult")
    assert Report.objects.filter(state="open").count() == 3
    act(page, "Dismiss", "Irony, both agree")
    expect(chosen(page)).to_contain_text("Second insult")
    expect(page.get_by_label("Dismiss")).to_be_focused()
    expect(page.get_by_text("Decided: dismiss.")).to_be_visible()
    expect(queue(page)).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back: the report waits again.")).to_be_visible()
    expect(chosen(page)).to_contain_text("First insult")
    expect(queue(page)).to_have_count(3)
    act(page, "Mute the author in the room")
    expect(page.get_by_text("Decided: mute the author in the room.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back: the report waits again.")).to_be_visible()
    assert Sanction.objects.get().lifted_at is not None
    act(page, "Delete the message")
    expect(page.get_by_text("Decided: delete the message.")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    for _ in range(2):
        act(page, "Dismiss")
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    expect(page).to_have_url(re.compile(QUEUE))


def test_the_offer_to_undo_goes_by_itself(boss: Any, said: list[Message], open_page: OpenPage) -> None:
    page = open_page(boss, QUEUE)
    page.get_by_role("link", name="Begin").click()
    act(page, "Dismiss")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(page.get_by_text("Decided: dismiss.")).to_have_count(0)
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_two_moderators_do_not_decide_about_one_report(
    boss: Any, person: Make, said: list[Message], open_page: OpenPage
) -> None:
    other = person("teo", "Teo Lindqvist", is_staff=True, is_superuser=True)
    first, second = open_page(other, QUEUE), open_page(boss, QUEUE)
    for page in (first, second):
        page.get_by_role("link", name="Begin").click()
        expect(chosen(page)).to_contain_text("First insult")
    first.get_by_label("Mute the author in the room").check()
    expect(second.get_by_text("Teo Lindqvist is deciding")).to_be_visible()
    expect(second.get_by_role("button", name="Dismiss")).to_be_disabled()
    waiting = open_page(boss, QUEUE)
    expect(queue(waiting).first).to_contain_text("Teo Lindqvist is deciding")
    # Whoever goes on to another report leaves this one to others.
    first.get_by_label("Reason").blur()
    first.keyboard.press("j")
    expect(chosen(first)).to_contain_text("Second insult")
    expect(second.get_by_role("button", name="Dismiss")).to_be_enabled()
    assert not CaseClaim.objects.filter(message=said[0]).exists()
    first.keyboard.press("k")
    expect(chosen(first)).to_contain_text("First insult")
    act(second, "Dismiss")
    expect(chosen(second)).to_contain_text("Second insult")
    expect(first.get_by_text("Somebody has decided about this.")).to_be_visible()
    expect(first.get_by_role("button", name="Dismiss")).to_be_disabled()


def test_a_phone_shows_the_queue_then_the_report(
    boss: Any,
    said: list[Message],
    open_page: OpenPage,
    phone: dict[str, Any],
    theme: str,
    assert_accessible: Check,
    assert_no_sideways_scroll: Check,
) -> None:
    page = open_page(boss, QUEUE, **phone, color_scheme=theme)
    expect(queue(page)).to_have_count(3)
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    queue(page).nth(1).tap()
    expect(chosen(page)).to_contain_text("Second insult")
    expect(queue(page).first).to_be_hidden()
    page.get_by_label("Ban the author from the room").check()
    page.get_by_role("group", name="How long").get_by_text("Until…").tap()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.get_by_role("link", name="All that wait").tap()
    expect(queue(page)).to_have_count(3)
    expect(queue(page).first).to_be_visible()


def test_the_page_works_without_its_script(boss: Any, said: list[Message], open_page: OpenPage) -> None:
    page = open_page(boss, QUEUE, java_script_enabled=False)
    page.get_by_role("link", name="Begin").click()
    expect(chosen(page)).to_contain_text("First insult")
    page.get_by_label("Dismiss").check()
    page.get_by_label("Reason").fill("Irony, both agree")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("Decided: dismiss.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back: the report waits again.")).to_be_visible()
    assert Report.objects.filter(state="open").count() == 3
