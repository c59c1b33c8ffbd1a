"""Asking the assistant in a browser: the real runner and the real SDK, with a scripted provider behind them."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from assistant.fake.server import FakeOpenAI
from assistant.fake.turns import Turn
from assistant.models import Note, PersonChoice
from assistant.services import default_agent
from chat.models import Message, Room
from chat.selectors.views import room_url
from tests.browser.code import wait_until
from tests.browser.pages import choose, field, log, message, write
from tests.factories import say

OpenPage = Callable[..., Page]
Check = Callable[[Page], None]
KEY = "sk-browser-0123456789abcdef"


@pytest.fixture
def provider(settings: Any, monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[FakeOpenAI]:
    """A provider that answers what it is told; the site asks it."""
    with FakeOpenAI(key=KEY) as fake:
        settings.OPENAI_BASE_URL = fake.base_url
        settings.ASSISTANT_KEY_ENV = "OPENAI_API_KEY"
        settings.ASSISTANT_DEMO = False
        settings.ASSISTANT_MODEL = "fake-1"
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        default_agent()
        yield fake


def plan(provider: FakeOpenAI, *turns: Turn) -> None:
    """What it answers next, in this order."""
    for turn in turns:
        provider.turn(turn)


def answer(page: Page, number: int = -1) -> Locator:
    """An answer in the room, by default the newest."""
    return log(page).locator(".msg.ai").nth(number)


def test_question_is_completed_answered_and_seen_by_both_and_by_whoever_joins_in_the_middle(
    provider: FakeOpenAI, two_people: tuple[Page, Page], ben: Any, room: Room, open_page: OpenPage
) -> None:
    ada, ben_page = two_people
    plan(provider, Turn(say="First the remote change. Then map once.", then="hold", after_chars=26))
    field(ada).press_sequentially("@as")
    expect(ada.get_by_role("option", name="Assistant")).to_contain_text("answers here")
    field(ada).press("Enter")
    field(ada).press_sequentially("which order?")
    field(ada).press("Enter")
    for page in (ada, ben_page):
        expect(answer(page)).to_contain_text("First the remote change.")
        expect(answer(page).get_by_role("button", name="Stop")).to_be_visible()
    late = open_page(ben, room_url(room))
    expect(answer(late)).to_contain_text("First the remote change.")
    provider.release()
    for page in (ada, ben_page, late):
        expect(answer(page).locator(".body")).to_have_text("First the remote change. Then map once.")
        expect(answer(page).get_by_role("button", name="Why this answer")).to_be_visible()
    assert Message.objects.get(room=room, kind="assistant").body == "First the remote change. Then map once."


def test_another_person_stops_an_answer_and_asks_again_and_both_versions_stay(
    provider: FakeOpenAI, two_people: tuple[Page, Page]
) -> None:
    ada, ben = two_people
    plan(
        provider,
        Turn(say="Half of a wrong answer, and on and on", then="hold", after_chars=14),
        Turn(say="A right one."),
    )
    write(ada, "@assistant which order?")
    expect(answer(ben)).to_contain_text("Half of a")
    answer(ben).get_by_role("button", name="Stop").click()
    for page in two_people:
        expect(answer(page)).to_contain_text("Stopped by Ben")
    provider.release()
    answer(ben).get_by_role("button", name="Ask again").click()
    expect(answer(ada).locator(".body")).to_have_text("A right one.")
    expect(answer(ada)).to_contain_text("2 of 2")
    answer(ada).get_by_role("button", name="Earlier answer").click()
    expect(answer(ada).locator(".body")).to_contain_text("Half of a")
    expect(answer(ada)).to_contain_text("1 of 2")
    answer(ada).get_by_role("button", name="Later answer").click()
    expect(answer(ada).locator(".body")).to_have_text("A right one.")
    expect(log(ada).locator(".msg.ai")).to_have_count(1)


def test_provider_fails_and_the_answer_comes_with_retry(
    provider: FakeOpenAI, two_people: tuple[Page, Page], console: Any
) -> None:
    ada, _ = two_people
    plan(provider, Turn(say="The trace holds 2,310 edits by three", then="cut", after_chars=20), Turn(say="All of it."))
    write(ada, "@assistant read the trace")
    expect(answer(ada)).to_contain_text("Stopped:")
    expect(answer(ada)).to_contain_text("The trace holds")
    answer(ada).get_by_role("button", name="Retry", exact=True).click()
    expect(answer(ada).locator(".body")).to_have_text("All of it.")


def test_second_question_waits_visibly_and_turns_into_its_answer(
    provider: FakeOpenAI, two_people: tuple[Page, Page]
) -> None:
    ada, ben = two_people
    plan(provider, Turn(say="One answer.", then="hold", after_chars=4), Turn(say="Another answer."))
    write(ada, "@assistant one")
    expect(answer(ada)).to_contain_text("One")
    write(ben, "@assistant another")
    expect(answer(ada, 1)).to_contain_text("Asked by Ben, waiting, next in line")
    provider.release()
    expect(answer(ada, 0).locator(".body")).to_have_text("One answer.")
    expect(answer(ada, 1).locator(".body")).to_have_text("Another answer.")


def test_answer_in_a_thread_stays_in_the_thread(provider: FakeOpenAI, two_people: tuple[Page, Page]) -> None:
    ada, _ = two_people
    write(ada, "Let us look at the order")
    expect(message(ada, "Let us look")).not_to_have_class(re.compile("sending"))
    choose(ada, "Let us look", "Reply in thread")
    thread = ada.get_by_role("region", name="Thread")
    plan(provider, Turn(say="Here in the thread."))
    reply = thread.get_by_role("textbox", name="Reply")
    reply.fill("@assistant which one?")
    reply.press("Enter")
    expect(thread.locator(".msg.ai .body")).to_have_text("Here in the thread.")
    expect(log(ada).locator(".chat > .log .msg.ai")).to_have_count(0)


def test_message_is_asked_about_from_its_menu(provider: FakeOpenAI, two_people: tuple[Page, Page]) -> None:
    ada, _ = two_people
    write(ada, "The second cursor is lost")
    expect(message(ada, "The second cursor")).not_to_have_class(re.compile("sending"))
    choose(ada, "The second cursor", "Ask the assistant")
    expect(field(ada)).to_be_focused()
    expect(field(ada)).to_have_value("@assistant ")
    expect(ada.locator(".chat .composer .quote").first).to_contain_text("The second cursor is lost")


def test_run_log_tells_what_it_was_given_and_what_it_cost(provider: FakeOpenAI, two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    write(ada, "Rebase drops the second cursor")
    plan(provider, Turn(say="Map it once."))
    write(ada, "@assistant why?")
    expect(answer(ben).locator(".body")).to_have_text("Map it once.")
    answer(ben).get_by_role("button", name="Why this answer").click()
    pane = ben.get_by_role("region", name="Why this answer")
    for words in ("Took", "Read", "Wrote", "Cost", "Prompt", "What it was given", "with Ada’s rights", "fake-1"):
        expect(pane).to_contain_text(words)
    assert KEY not in ben.content()
    answer(ben).get_by_role("button", name="Why this answer").click()
    expect(pane).to_have_count(0)


def test_nobody_answers_without_a_key_and_the_asker_alone_hears_what_to_set(
    settings: Any, monkeypatch: pytest.MonkeyPatch, two_people: tuple[Page, Page], room: Room
) -> None:
    settings.OPENAI_BASE_URL, settings.ASSISTANT_DEMO = "", False
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    default_agent()
    ada, ben = two_people
    write(ada, "@assistant are you there?")
    notice = ada.locator(".below .notice.warn")
    expect(notice).to_contain_text("The assistant did not answer")
    expect(notice).to_contain_text("OPENAI_API_KEY")
    expect(message(ben, "are you there?")).to_be_visible()
    expect(ben.locator(".below .notice.warn")).to_have_count(0)
    assert not Message.objects.filter(room=room, kind="assistant").exists()
    notice.get_by_role("button", name="Close").click()
    expect(notice).to_have_count(0)


def test_room_switches_the_assistant_off_and_a_person_hides_it(
    provider: FakeOpenAI, ada: Any, ben: Any, room: Room, open_page: OpenPage, assert_accessible: Check
) -> None:
    page = open_page(ben, f"{room_url(room)}settings/")
    section = page.get_by_role("region", name="Assistant")
    expect(section).to_contain_text("Call @assistant in a message. It answers with fake-1.")
    expect(section.get_by_role("switch", name="Answers in this room")).to_be_disabled()
    section.get_by_role("switch", name="Hide the assistant from me").click()
    expect(section.get_by_role("switch", name="Hide the assistant from me")).to_have_attribute("aria-checked", "true")
    page.get_by_role("link", name="Back to the room").click()
    field(page).press_sequentially("@as")
    expect(page.get_by_role("option", name="Assistant")).to_have_count(0)
    assert wait_until(page, lambda: PersonChoice.objects.filter(user=ben, hidden=True).exists())

    owner = open_page(ada, f"{room_url(room)}settings/")
    section = owner.get_by_role("region", name="Assistant")
    expect(section).to_contain_text("fake-1")
    assert_accessible(owner)
    section.get_by_role("textbox", name="Prompt of this room").fill("Be short.")
    section.get_by_role("button", name="Save").click()
    expect(owner.get_by_text("Saved")).to_be_visible()
    section.get_by_role("switch", name="Answers in this room").click()
    expect(section).to_contain_text("Switched off in this room.")
    owner.get_by_role("link", name="Back to the room").click()
    write(owner, "@assistant hello?")
    expect(owner.locator(".below .notice.warn")).to_contain_text("switched off in this room")
    assert not Message.objects.filter(room=room, kind="assistant").exists()


def test_own_session_remembers_and_forgets(
    provider: FakeOpenAI, ada: Any, room: Room, open_page: OpenPage, assert_accessible: Check
) -> None:
    page = open_page(ada, room_url(room))
    page.get_by_role("navigation", name="Rooms").get_by_role("button", name="Assistant").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Assistant")
    Note.objects.create(user=ada, text="Prefers short answers")
    Note.objects.create(user=ada, text="Works on the editor")
    page.get_by_role("button", name="What it remembers").click()
    pane = page.get_by_role("region", name="What the assistant remembers")
    expect(pane).to_contain_text("Prefers short answers")
    assert_accessible(page)
    pane.get_by_role("button", name="Forget “Prefers short answers”").click()
    expect(pane).not_to_contain_text("Prefers short answers")
    pane.get_by_role("button", name="Forget everything").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Forget").click()
    expect(pane.locator("[data-part=list] li")).to_have_count(0)
    expect(pane.get_by_text("It has noted nothing yet")).to_be_visible()
    assert wait_until(page, lambda: not Note.objects.exists())
    plan(provider, Turn(say="Hello Ada."))
    write(page, "hello")
    expect(answer(page).locator(".body")).to_have_text("Hello Ada.")


def test_who_comes_back_finds_a_card_of_what_was_said_and_has_it_summarised(
    provider: FakeOpenAI, ada: Any, ben: Any, room: Room, open_page: OpenPage, assert_accessible: Check
) -> None:
    for number in range(9):
        say(ada, room, f"Point {number}" if number else "@ben who runs the trace?")
    Message.objects.filter(room=room).update(created_at=timezone.now() - timedelta(hours=3))
    page = open_page(ben, room_url(room))
    card = page.get_by_role("region", name="Catch up")
    expect(card).to_contain_text("While you were away")
    expect(card).to_contain_text("9 messages")
    expect(card).to_contain_text("Ada Lovelace wrote 9 messages.")
    expect(card).to_contain_text("Ada Lovelace: @ben who runs the trace?")
    assert_accessible(page)
    seq = Message.objects.get(room=room, body="Point 3").seq
    plan(provider, Turn(say=f"Ada made her third point. [#{seq}]"))
    card.get_by_role("button", name="Summarise").click()
    expect(card).to_contain_text("Ada made her third point.")
    expect(card).to_contain_text("Written by the assistant from what you may read")
    expect(card.locator("[data-part=text] a")).to_have_count(1)
    card.get_by_role("button", name="Hide this card").click()
    expect(card).to_have_count(0)


def test_answers_and_cards_pass_axe_in_both_themes(
    provider: FakeOpenAI,
    ada: Any,
    room: Room,
    open_page: OpenPage,
    theme: str,
    phone: Any,
    assert_accessible: Callable[[Page], None],
    assert_no_sideways_scroll: Callable[[Page], None],
) -> None:
    plan(
        provider,
        Turn(say="Neither.\n\n```python\nmap()\n```"),
        Turn(say="Half a line", then="cut", after_chars=6),
        Turn(say="Long", then="hold", after_chars=2),
    )
    page = open_page(ada, room_url(room), color_scheme=theme)
    for number, words in enumerate(["Why this answer", "Stopped:", "Answering"]):
        write(page, f"@assistant question {number}")
        expect(answer(page, number)).to_contain_text(words)
    assert_accessible(page)
    answer(page, 0).get_by_role("button", name="Why this answer").click()
    expect(page.get_by_role("region", name="Run log")).to_contain_text("What it was given")
    assert_accessible(page)
    small = open_page(ada, room_url(room), color_scheme=theme, **phone)
    expect(answer(small, 1)).to_contain_text("Stopped:")
    assert_accessible(small)
    assert_no_sideways_scroll(small)
    provider.release()
