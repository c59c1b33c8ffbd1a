"""People of a joined server in a room: who they are is said where they speak; they are called, not invited."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from chat import services as chat
from chat.models import Room
from chat.selectors.views import room_url
from integrations.models import BridgedPerson, BridgedPost, BridgeLink, MattermostServer
from tests.browser.pages import field, message

OpenPage = Callable[..., Page]
Make = Callable[..., Any]
Check = Callable[[Page], None]


@pytest.fixture
def kim(room: Room, person: Make) -> Any:
    """Somebody on a server that #general is joined with, who has said something."""
    server = MattermostServer.objects.create(
        name="Northwind chat", url="https://c.example.org", secret="x", instance="i"
    )
    BridgeLink.objects.create(server=server, room=room, channel_id="c" * 26, channel_name="town-square")
    made = person("kim-mm-1a2b3c", "Kim Park", kind="bridge", is_active=False)
    BridgedPerson.objects.create(server=server, remote_id="k" * 26, username="kim", user=made)
    chat.say_bridged(author=made, room_id=room.pk, cid=uuid4(), body="Hello from over there, @ada")
    return made


def test_who_comes_over_is_said_at_their_message_and_on_their_card(
    ada: Any, kim: Any, room: Room, open_page: OpenPage, theme: str, assert_accessible: Check
) -> None:
    page = open_page(ada, room_url(room), color_scheme=theme)
    row = message(page, "Hello from over there")
    tag = row.get_by_text("via Mattermost")
    expect(tag).to_be_visible()
    expect(tag).to_have_attribute("title", "On Northwind chat, as @kim")
    assert_accessible(page)
    row.get_by_text("Kim Park", exact=True).click()
    expect(page.get_by_text("on Mattermost, Northwind chat, as @kim; nobody signs in to this account")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Mention here")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Write to them")).to_have_count(0)


def test_member_sees_what_the_room_is_joined_with(ada: Any, kim: Any, room: Room, open_page: OpenPage) -> None:
    page = open_page(ada, room_url(room))
    page.get_by_role("button", name="Members").first.click()
    pane = page.get_by_role("region", name="Members", exact=True)
    expect(pane.get_by_text("Joined with ~town-square on Northwind chat.")).to_be_visible()
    expect(pane.get_by_text("Kim Park")).to_have_count(0)


def test_completion_offers_them_in_their_room_without_an_invitation(
    ada: Any, kim: Any, room: Room, open_page: OpenPage
) -> None:
    page = open_page(ada, room_url(room))
    field(page).click()
    field(page).press_sequentially("@kim")
    option = page.get_by_role("option", name="Kim Park")
    expect(option).to_contain_text("via Mattermost")
    option.click()
    expect(field(page)).to_have_value("@kim-mm-1a2b3c ")


def test_mention_of_theirs_says_so_in_the_inbox(ada: Any, kim: Any, open_page: OpenPage) -> None:
    page = open_page(ada, "/mentions/")
    expect(page.get_by_text("via Mattermost")).to_be_visible()


def test_message_that_came_late_says_when_it_was_said(
    ada: Any, kim: Any, room: Room, open_page: OpenPage, theme: str, assert_accessible: Check
) -> None:
    link, now = BridgeLink.objects.get(), timezone.now()
    for minutes in (125, 124, 30, 0):
        sent = chat.say_bridged(author=kim, room_id=room.pk, cid=uuid4(), body=f"{minutes} minutes ago")
        said = int((now - timedelta(days=2, minutes=minutes)).timestamp() * 1_000) if minutes else 0
        BridgedPost.objects.create(
            link=link, local_id=sent.id, remote_id=sent.id.hex[6:], ours=False, remote_create_at_ms=said
        )
    page = open_page(ada, room_url(room), color_scheme=theme)
    late = message(page, "125 minutes ago").get_by_text(re.compile(r"^said (\w+|\d+ \w+) \d\d:\d\d$"))
    expect(late).to_be_visible()
    expect(late).to_have_attribute("title", re.compile("^Said .*; it came over "))
    # Those of one moment stand together, and one of another by itself.
    expect(message(page, "124 minutes ago").locator(".said")).to_be_hidden()
    expect(message(page, "30 minutes ago").locator(".said")).to_be_visible()
    now_row = page.locator(".msg").last
    expect(now_row.get_by_text("Kim Park")).to_be_visible()
    expect(now_row.locator(".said")).to_have_count(0)
    assert_accessible(page)
