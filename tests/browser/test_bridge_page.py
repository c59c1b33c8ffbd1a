"""The page of a bridge in the back office: it moves by itself, tries the connection step by step, and links a room."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import AuditEntry
from chat.models import Room
from integrations.models import BridgeLink, BridgeOutbox, BridgeStep, MattermostServer
from integrations.services.bridges import setup
from tests import factories
from tests.browser.conftest import PASSWORD
from tests.fakes.mattermost import FakeMattermost

OpenPage = Callable[..., Page]
Make = Callable[..., Any]
Check = Callable[[Page], None]


@pytest.fixture
def fake(settings: Any) -> Iterator[FakeMattermost]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with FakeMattermost() as running:
        yield running


@pytest.fixture
def boss(person: Make) -> Any:
    return person("boss", "Rosa Almeida", is_staff=True, is_superuser=True)


@pytest.fixture
def server(boss: Any, fake: FakeMattermost, room: Room) -> MattermostServer:
    """A server with one linked room."""
    seed = fake.seed()
    made = setup.make_server(actor=boss, name="Mattermost", url=fake.url, token=seed.bot_token)
    setup.link_room(actor=boss, server_id=made.pk, room_id=room.pk, channel_id=seed.channel_id, channel_name="bridge")
    return made


def stuck(server: MattermostServer) -> BridgeOutbox:
    return BridgeOutbox.objects.create(
        link=server.links.get(channel_name="bridge"),
        op="say",
        local_id=factories.nobody(),
        state="failed",
        problem="This is larger than the server takes.",
        attempts=1,
    )


def address(server: MattermostServer) -> str:
    return f"/admin/integrations/mattermostserver/{server.pk}/change/"


def test_staff_see_a_bridge_at_work_and_mend_it(
    boss: Any, server: MattermostServer, open_page: OpenPage, theme: str, assert_accessible: Check
) -> None:
    held = stuck(server)
    page = open_page(boss, address(server), color_scheme=theme)
    expect(page.get_by_role("heading", name="Mattermost", level=1)).to_be_visible()
    expect(page.get_by_text("This is larger than the server takes.")).to_be_visible()
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("tested just now")).to_be_visible()
    checks = page.locator("[data-part=checks] li")
    expect(checks).to_have_text([re.compile(one) for one in ("version 6.7.0", "@bridgebot", "resumes", "~bridge")])
    assert_accessible(page)
    # What happens meanwhile comes by itself.
    BridgeStep.objects.create(
        server=server, link=held.link, at=timezone.now(), way="hold", what="message", words="A word rule kept it out."
    )
    expect(page.get_by_text("A word rule kept it out.")).to_be_visible()
    page.get_by_text("Skip", exact=True).first.click()
    page.get_by_label("Why is it skipped?").fill("Sent by mail")
    page.get_by_role("button", name="Skip").click()
    expect(page.get_by_text("Skipped.")).to_be_visible()
    expect(page.get_by_text("This is larger than the server takes.")).to_have_count(0)
    assert not BridgeOutbox.objects.filter(pk=held.pk).exists()
    page.get_by_role("switch", name="Bridge on").click()
    expect(page.get_by_role("switch", name="Bridge on")).not_to_be_checked()
    assert not MattermostServer.objects.get().enabled


def test_staff_replace_a_token_on_a_phone(
    boss: Any,
    server: MattermostServer,
    fake: FakeMattermost,
    open_page: OpenPage,
    phone: dict[str, Any],
    assert_accessible: Check,
    assert_no_sideways_scroll: Check,
) -> None:
    page = open_page(boss, address(server), **phone)
    page.get_by_role("link", name="Replace the token").click()
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Replace the token of Mattermost")).to_be_visible()
    expect(page.get_by_label("New token")).to_be_focused()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    bot = next(one for one in fake.state.users.values() if one.username == "bridgebot")
    page.get_by_label("New token").fill(fake.state.add_token(bot.id).secret)
    page.get_by_role("button", name="Replace the token").click()
    expect(page.get_by_text("The bridge goes on as @bridgebot")).to_be_visible()
    assert AuditEntry.objects.filter(action="bridge.token").exists()


def test_staff_link_a_room_on_a_phone(
    boss: Any, server: MattermostServer, open_page: OpenPage, phone: dict[str, Any], assert_no_sideways_scroll: Check
) -> None:
    factories.make_room(boss, name="Design")
    page = open_page(boss, address(server), **phone)
    assert_no_sideways_scroll(page)
    page.get_by_role("link", name="Link a room").click()
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Link a room with Mattermost")).to_be_visible()
    assert_no_sideways_scroll(page)
    page.get_by_label("Room", exact=True).fill("desi")
    expect(page.locator("[data-live=found] label")).to_have_count(1)
    page.get_by_role("radio", name="# Design").check()
    page.get_by_label("Channel").select_option(label="Other (~other)")
    page.get_by_role("radio", name="Only to Mattermost").check()
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_text("Linked with ~other.")).to_be_visible()
    expect(page.get_by_role("link", name="# Design")).to_be_visible()
    assert BridgeLink.objects.get(channel_name="other").direction == "out"
