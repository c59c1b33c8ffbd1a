"""Tokens and webhooks in the back office: a token seen once, menus by keys, states that stay fresh, and on a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import ApiToken
from accounts.services import make_token
from chat.models import Room
from integrations import services
from integrations.models import IncomingHook, OutgoingHook
from tests.browser.conftest import PASSWORD

OpenPage = Callable[..., Page]
Make = Callable[..., Any]
Check = Callable[[Page], None]
DESK = "/admin/integrations/incominghook/desk/"


@pytest.fixture
def boss(person: Make) -> Any:
    return person("boss", "Rosa Almeida", is_staff=True, is_superuser=True)


@pytest.fixture
def pager(ada: Any, room: Room) -> OutgoingHook:
    """An address that is told of messages, and a webhook into the room."""
    services.make_hook(actor=ada, room_id=room.pk, name="Builds")
    made = services.make_outgoing(
        actor=ada,
        room_id=room.pk,
        name="Pager",
        url="https://pager.example.org/",
        form="collab",
        of="people",
        triggers=[],
    )
    return made[0]


def state_of(page: Page, name: str) -> Any:
    return page.get_by_role("row", name=name).locator(".pill")


def test_staff_makes_a_token_copies_it_and_a_reload_shows_it_no_more(
    boss: Any, open_page: OpenPage, theme: str, assert_accessible: Check
) -> None:
    page = open_page(boss, DESK, color_scheme=theme)
    assert_accessible(page)
    page.get_by_role("link", name="New token").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    expect(page.get_by_label("Name of the new bot")).to_be_hidden()
    page.keyboard.type("load-probe")
    page.keyboard.press("Enter")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Token “load-probe” is made")).to_be_visible()
    expect(page.locator("#secret")).to_contain_text("collab_")
    assert_accessible(page)
    page.reload()
    expect(page.get_by_role("row", name="load-probe")).to_be_visible()
    expect(page.locator("#secret")).to_have_count(0)
    assert ApiToken.objects.count() == 1


def test_i_have_copied_it_takes_the_secret_off_the_page(boss: Any, pager: OutgoingHook, open_page: OpenPage) -> None:
    page = open_page(boss, DESK)
    page.get_by_label("Menu of Pager").click()
    page.get_by_role("button", name="New secret").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The webhook has a new secret")).to_be_visible()
    page.get_by_role("link", name="I have copied it").click()
    expect(page.locator("#secret")).to_have_count(0)
    expect(page.get_by_role("heading", name="Tokens and webhooks")).to_be_focused()


def test_revoking_asks_first_and_escape_goes_back(boss: Any, open_page: OpenPage, assert_accessible: Check) -> None:
    make_token(actor=boss, user=boss, name="load-probe", scopes=["rooms:read"])
    page = open_page(boss, DESK)
    button = page.get_by_label("Revoke load-probe")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("is turned away at once")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(page.get_by_text("is turned away at once")).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Revoke it").click()
    expect(page.get_by_role("status")).to_contain_text("The token is revoked")
    expect(page.get_by_text("No tokens yet")).to_be_visible()


def test_states_stay_fresh_but_not_under_an_open_menu(boss: Any, pager: OutgoingHook, open_page: OpenPage) -> None:
    page = open_page(boss, DESK)
    expect(state_of(page, "Pager")).to_have_text("not used yet")
    OutgoingHook.objects.update(enabled=False, failed_in_row=20)
    expect(state_of(page, "Pager")).to_have_text("stopped after 20 failures")
    page.get_by_label("Menu of Builds").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Open", exact=True).and_(page.locator(":focus"))).to_be_visible()
    IncomingHook.objects.update(enabled=False)
    with page.expect_response(lambda response: response.url.endswith(DESK)):
        pass
    expect(page.get_by_role("button", name="Switch off")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Menu of Builds").blur()
    expect(state_of(page, "Builds")).to_have_text("switched off")


def test_a_phone_shows_all_of_it(
    boss: Any, pager: OutgoingHook, open_page: OpenPage, theme: str, assert_accessible: Check
) -> None:
    make_token(actor=boss, user=boss, name="load-probe", scopes=["rooms:read"])
    page = open_page(boss, DESK, viewport={"width": 390, "height": 844}, color_scheme=theme)
    expect(page.get_by_role("heading", name="Last calls")).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_accessible(page)
