"""What the assistant writes beside the chat, and what stands above the composer: cards, limits, the demo model."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from assistant.fake.server import FakeOpenAI
from assistant.fake.turns import Call, Turn
from assistant.models import PersonChoice, RoomChoice, Spending
from assistant.selectors.usage import today
from assistant.services import default_agent
from chat.models import Room
from chat.selectors.views import room_url
from tests.browser.code import document_url, make_document, stored_text, wait_until
from tests.browser.pages import field, write
from tests.browser.test_assistant import answer, plan
from tests.browser.test_assistant import provider as provider

OpenPage = Callable[..., Page]
TEXT = "one = 1\ntwo = 2\n"
OWN = {"document": "session.py", "edits": [{"quote": "two = 2", "text": "two = 3"}]}
EDITS = {"document": "session.py", "edits": [{"quote": "two = 2", "text": "two = 3"}], "title": "Count on"}


def test_suggestion_has_a_card_whose_state_follows_the_document(
    provider: FakeOpenAI, ada: Any, ben: Any, room: Room, open_page: OpenPage
) -> None:
    document = make_document(ada, room, text=TEXT)
    page, other = open_page(ada, document_url(room, document)), open_page(ben, room_url(room))
    plan(provider, Turn(calls=(Call(name="propose_edit", arguments=EDITS),)), Turn(say="I suggest to count on."))
    write(page, "@assistant count on, please")
    for one in (page, other):
        card = answer(one).locator(".proposal")
        expect(card).to_contain_text("session.py 1 change")
        expect(card).to_contain_text("1 open")
        expect(card).to_contain_text("+1 −1")
        expect(card.get_by_role("button", name="Revert this run")).to_have_count(0)
    page.get_by_role("region", name="Shared code").get_by_role("button", name="Accept", exact=True).first.click()
    for one in (page, other):
        expect(answer(one).locator(".proposal")).to_contain_text("1 accepted")
    answer(other).get_by_role("button", name="Open session.py").click()
    expect(other.get_by_role("region", name="Shared code")).to_contain_text("two = 3")


def test_own_edits_are_reverted_from_the_card(provider: FakeOpenAI, ada: Any, room: Room, open_page: OpenPage) -> None:
    document = make_document(ada, room, text=TEXT)
    RoomChoice.objects.create(room=room, may_edit=True)
    page = open_page(ada, room_url(room))
    plan(provider, Turn(calls=(Call(name="edit_document", arguments=OWN),)), Turn(say="Done."))
    write(page, "@assistant count on yourself")
    expect(answer(page).locator(".proposal")).to_contain_text("session.py edited")
    expect(answer(page).get_by_role("button", name="Why this answer")).to_be_visible()
    assert stored_text(ada, document) == TEXT.replace("2", "3")
    answer(page).get_by_role("button", name="Revert this run in session.py").click()
    box = page.get_by_role("dialog", name="Revert this run?")
    expect(box).to_contain_text("two = 3")
    box.get_by_role("button", name="Revert", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("1 edit was taken back")
    assert stored_text(ada, document) == TEXT


def test_limit_is_told_above_the_composer_from_seventy_percent(
    provider: FakeOpenAI, settings: Any, ada: Any, room: Room, open_page: OpenPage
) -> None:
    settings.ASSISTANT_PERSON_DAY_TOKENS = 12_000
    page = open_page(ada, room_url(room))
    expect(field(page)).to_have_attribute("placeholder", "Message #general, or @assistant to ask")
    expect(page.locator(".quota")).to_have_count(0)
    Spending.objects.create(scope="person", key=ada.pk, day=today(), tokens=9_000)
    page.reload()
    expect(page.locator(".quota")).to_contain_text("9,000")
    expect(page.locator(".quota")).to_contain_text("of 12,000 tokens")
    expect(page.locator(".quota .bar-meter")).not_to_have_class("bar-meter warn")


def test_demo_model_says_once_that_it_is_one(
    provider: FakeOpenAI, settings: Any, ada: Any, room: Room, open_page: OpenPage
) -> None:
    settings.ASSISTANT_DEMO = True
    default_agent()
    page = open_page(ada, room_url(room))
    notice = page.locator(".below .notice.ai")
    expect(notice).to_contain_text("A small demo model answers here")
    notice.get_by_role("button", name="Do not show this again").click()
    expect(notice).to_have_count(0)
    assert wait_until(page, lambda: PersonChoice.objects.filter(user=ada, told_demo=True).exists())
    page.reload()
    expect(field(page)).to_have_attribute("placeholder", "Message #general, or @assistant to ask")
    expect(notice).to_have_count(0)
