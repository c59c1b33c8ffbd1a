"""An answer in the page while it is written and after: who sees it, what is offered, what is said aloud."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from chat import services
from chat.models import Room
from chat.selectors.views import room_url
from chat.shapes import SourceView
from tests.browser.answering import Answer
from tests.browser.pages import elsewhere, log
from tests.factories import say

OpenPage = Callable[..., Page]


def answer_row(page: Page) -> Locator:
    """The newest answer in the room."""
    return log(page).locator(".msg.ai").last


def begun(page: Page, room: Room, asker: Any) -> Answer:
    """An answer that the page shows as waiting before its first word."""
    answer = Answer(room, asker)
    expect(answer_row(page)).to_contain_text("next in line")
    answer.change("streaming")
    return answer


def test_two_people_see_an_answer_grow_and_end(two_people: tuple[Page, Page], ada: Any, room: Room) -> None:
    answer = Answer(room, ada)
    for page in two_people:
        expect(answer_row(page)).to_contain_text("Asked by Ada, waiting, next in line")
    answer.change("streaming")
    answer.does("Reads session.py")
    for page in two_people:
        expect(answer_row(page)).to_contain_text("Reads session.py")
        expect(answer_row(page)).to_have_attribute("aria-busy", "true")
    answer.say("Neither. Map the **remote** change")
    for page in two_people:
        expect(answer_row(page).locator(".tail")).to_have_text("Neither. Map the **remote** change")
    answer.say(" first.\n\n")
    answer.close_block()
    answer.say("```python\nremote.map(local)\n")
    for page in two_people:
        expect(answer_row(page).locator(".body strong")).to_have_text("remote")
        expect(answer_row(page).locator(".tail.code")).to_have_text("remote.map(local)")
    answer.say("```")
    answer.change("done", sources=[SourceView(kind="message", label="Ada, 09:02", url=room_url(room))])
    for page in two_people:
        row = answer_row(page)
        expect(row.locator(".body pre")).to_have_count(1)
        expect(row.locator(".tail")).to_have_count(0)
        expect(row).to_have_attribute("aria-busy", "false")
        expect(row.get_by_role("link", name="Ada, 09:02")).to_be_visible()
        expect(row.get_by_role("button", name="Why this answer")).to_be_visible()


def test_lost_piece_is_read_again_and_nothing_stands_twice(two_people: tuple[Page, Page], ada: Any, room: Room) -> None:
    page, _ = two_people
    answer = begun(page, room, ada)
    answer.say("One 👩‍💻 ")
    answer.say("two ", lost=True)
    answer.say("three ")
    expect(answer_row(page).locator(".tail")).to_have_text("One 👩‍💻 two three")
    answer.say("four")
    expect(answer_row(page).locator(".tail")).to_have_text("One 👩‍💻 two three four")


def test_first_words_that_were_lost_are_read_though_nothing_follows(
    two_people: tuple[Page, Page], ada: Any, room: Room
) -> None:
    page, _ = two_people
    answer = begun(page, room, ada)
    answer.say("One", lost=True)
    expect(answer_row(page).locator(".tail")).to_have_text("One")


def test_log_stays_at_its_end_while_an_answer_grows(two_people: tuple[Page, Page], ada: Any, room: Room) -> None:
    page, _ = two_people
    for number in range(30):
        say(ada, room, f"line {number}")
    expect(log(page)).to_contain_text("line 29")
    answer = begun(page, room, ada)
    for number in range(40):
        answer.say(f"Sentence {number}.\n\n")
    expect(answer_row(page)).to_contain_text("Sentence 39.")
    below = "log => log.scrollHeight - log.scrollTop - log.clientHeight"
    page.wait_for_function(f"() => ({below})(document.querySelector('.chat [role=log]')) < 2")
    top = log(page).evaluate("log => (log.scrollTop = 200)")
    expect(page.locator(".newpill")).to_have_count(1)
    answer.say("And one more.")
    expect(answer_row(page)).to_contain_text("And one more.")
    assert abs(log(page).evaluate("log => log.scrollTop") - top) < 3


def test_screen_reader_hears_that_it_answers_and_then_the_whole_once(
    two_people: tuple[Page, Page], ada: Any, room: Room
) -> None:
    page, _ = two_people
    page.evaluate(
        """() => {
          window.heard = [];
          const place = document.getElementById("announce");
          new MutationObserver(() => window.heard.push(place.textContent)).observe(place, {childList: true});
        }"""
    )
    answer = begun(page, room, ada)
    page.wait_for_function("() => window.heard.some((text) => text.includes('Assistant is answering'))")
    for word in ["It", "is", "green", "again"]:
        answer.say(f"{word} ")
    expect(answer_row(page)).to_contain_text("It is green again")
    answer.change("done")
    page.wait_for_function("() => window.heard.some((text) => text.includes('Assistant: It is green again'))")
    heard = page.evaluate("() => window.heard")
    assert [text for text in heard if "green" in text] == ["Assistant: It is green again"]


def test_failed_answer_keeps_its_text_and_counts_down_to_retry(
    two_people: tuple[Page, Page], ada: Any, room: Room
) -> None:
    page, _ = two_people
    answer = begun(page, room, ada)
    answer.say("The first drift shows at edit 1,142, where")
    expect(answer_row(page)).to_contain_text("edit 1,142")
    problem = "The provider asks to wait."
    answer.change("failed", problem=problem, retry_at=timezone.now() + timedelta(seconds=4))
    row = answer_row(page)
    expect(row).to_contain_text("The first drift shows at edit 1,142, where")
    expect(row.get_by_role("alert")).to_contain_text(f"Stopped: {problem}")
    expect(row.get_by_role("button", name="Retry in")).to_be_disabled()
    expect(row.get_by_role("button", name="Retry", exact=True)).to_be_enabled()
    page.reload()
    expect(answer_row(page)).to_contain_text(f"Stopped: {problem}")
    expect(answer_row(page).get_by_role("alert")).to_have_count(0)


def test_stopped_answer_says_who_stopped_it(two_people: tuple[Page, Page], ada: Any, ben: Any, room: Room) -> None:
    answer = begun(two_people[0], room, ada)
    answer.say("Half a")
    answer.change("stopped", stopped_by=ben.pk)
    for page in two_people:
        expect(answer_row(page)).to_contain_text("Stopped by Ben")
        expect(answer_row(page).locator(".body")).to_have_text("Half a")


def test_deleted_answer_leaves_nothing_of_its_text(
    two_people: tuple[Page, Page], ada: Any, room: Room, console: Any
) -> None:
    console.allow("410 .*/api/runs/")  # a reading that is on its way when the answer goes
    page, _ = two_people
    answer = begun(page, room, ada)
    answer.say("A secret")
    expect(answer_row(page)).to_contain_text("A secret")
    elsewhere(services.delete_message, actor=ada, room_id=room.pk, message_id=answer.message)
    expect(log(page)).not_to_contain_text("A secret")
    answer.say(" and more")
    expect(log(page).locator(".msg.gone")).to_have_count(1)
    assert "A secret" not in page.content()
