"""Nothing written is lost: without a server, over a reload, refused, or signed out."""

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Error, Page, WebSocketRoute, expect

from accounts.services.sessions import revoke_sessions
from chat.models import Message, Room
from tests.browser.conftest import PASSWORD
from tests.browser.pages import SECOND_MS, Line, elsewhere, field, log, message, write
from tests.browser.site import LiveSite
from tests.factories import change

OpenPage = Callable[..., Page]


@pytest.fixture
def again(site: LiveSite) -> Iterator[Callable[[], LiveSite]]:
    """Starts the site again where it stood."""
    port = site.port
    started: list[LiveSite] = []

    def start() -> LiveSite:
        started.append(LiveSite(port).start())
        return started[-1]

    yield start
    for running in started:
        running.stop()


def sent(room: Room) -> list[str]:
    return list(Message.objects.filter(room=room, kind="user").order_by("seq").values_list("body", flat=True))


def test_writer_goes_on_while_the_server_is_away(
    two_people: tuple[Page, Page], room: Room, site: LiveSite, again: Callable[[], LiveSite], console: Any
) -> None:
    console.allow("net::ERR_CONNECTION_REFUSED|WebSocket connection to")
    ada, ben = two_people
    field(ada).press_sequentially("half a sen")
    site.stop()
    banner = ada.locator("#banner")
    expect(banner).to_contain_text("Connection lost")
    field(ada).press_sequentially("tence")
    expect(field(ada)).to_have_value("half a sentence")
    field(ada).press("Enter")
    write(ada, "and another")
    expect(message(ada, "half a sentence").get_by_text("Waiting")).to_be_visible()
    expect(banner).to_contain_text("2 messages wait")
    again()
    # The page may have come back by itself before the click.
    with contextlib.suppress(Error):
        ada.get_by_role("button", name="Try now").click(timeout=3 * SECOND_MS)
    expect(message(ada, "and another")).not_to_have_class(re.compile("sending"), timeout=35 * SECOND_MS)
    expect(banner).to_be_hidden()
    expect(message(ben, "and another")).to_be_visible(timeout=35 * SECOND_MS)
    assert sent(room) == ["half a sentence", "and another"]


def test_waiting_messages_outlive_a_reload(ada: Any, room: Room, open_page: OpenPage) -> None:
    page = open_page(ada, None)
    line = Line(page)
    page.goto("/rooms/general/")
    expect(page.locator("#me")).to_contain_text("Online")
    line.cut()
    write(page, "one")
    write(page, "two")
    field(page).fill("three is not finis")
    page.reload()
    expect(message(page, "one").get_by_text("Waiting")).to_be_visible()
    expect(message(page, "two").get_by_text("Waiting")).to_be_visible()
    expect(field(page)).to_have_value("three is not finis")
    line.mend()
    expect(log(page).locator(".sending")).to_have_count(0)
    assert sent(room) == ["one", "two"]
    page.reload()
    expect(log(page).locator(".msg")).to_have_count(2)


def test_acknowledgement_that_is_lost_makes_no_second_message(ada: Any, room: Room, open_page: OpenPage) -> None:
    page = open_page(ada, None)
    deaf: list[bool] = [False]

    def route(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def take(frame: str | bytes) -> None:
            if deaf[0]:
                socket.close(code=1011)
            else:
                socket.send(frame)

        server.on_message(take)

    page.route_web_socket(re.compile("/ws/chat/"), route)
    page.goto("/rooms/general/")
    expect(page.locator("#me")).to_contain_text("Online")
    deaf[0] = True
    write(page, "only once")
    expect(page.locator("#me")).not_to_contain_text("Online")
    deaf[0] = False
    expect(log(page).locator(".sending")).to_have_count(0)
    expect(message(page, "only once")).to_have_count(1)
    assert sent(room) == ["only once"]


def test_refused_message_is_kept_and_sent_on_request(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    page = open_page(ben, None)
    line = Line(page)
    page.goto("/rooms/general/")
    expect(page.locator("#me")).to_contain_text("Online")
    line.cut()
    write(page, "keep me")
    write(page, "drop me")
    elsewhere(change, ada, room, read_only=True)
    line.mend()
    refused = message(page, "keep me")
    expect(refused.get_by_text("Not sent:")).to_be_visible()
    message(page, "drop me").get_by_role("button", name="Delete").click()
    expect(message(page, "drop me")).to_have_count(0)
    elsewhere(change, ada, room, read_only=False)
    expect(field(page)).to_be_visible()
    refused.get_by_role("button", name="Retry").click()
    expect(refused.get_by_text("Not sent:")).to_be_hidden()
    expect(refused).not_to_have_class(re.compile("sending"))
    assert sent(room) == ["keep me"]


def test_person_signed_out_elsewhere_loses_nothing(ben: Any, room: Room, open_page: OpenPage, console: Any) -> None:
    console.allow("WebSocket connection to .* 403|401 .*/api/")  # what was on its way is refused
    page = open_page(ben, "/rooms/general/")
    expect(page.locator("#me")).to_contain_text("Online")
    field(page).fill("not finished")
    elsewhere(revoke_sessions, actor=ben, user=ben, reason="device")
    banner = page.locator("#banner")
    expect(banner).to_contain_text("You were signed out on this device")
    expect(field(page)).to_have_value("not finished")
    write(page, "written while signed out")
    expect(banner).to_contain_text("is kept here")
    page.get_by_role("link", name="Sign in again").click()
    page.get_by_label("E-mail or username").fill("ben")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile("/rooms/general/"))
    expect(message(page, "written while signed out")).to_be_visible()
    expect(log(page).locator(".sending")).to_have_count(0)
    assert sent(room) == ["written while signed out"]


def test_next_person_on_the_device_sees_nothing_of_it(
    ada: Any, ben: Any, room: Room, open_page: OpenPage, site: LiveSite
) -> None:
    page = open_page(ben, None)
    line = Line(page)
    page.goto("/rooms/general/")
    line.cut()
    write(page, "for Ben alone")
    expect(message(page, "for Ben alone")).to_be_visible()
    page.goto("/account/logout/")
    page.get_by_role("button", name="Sign out").click()
    line.mend()
    page.goto("/account/login/?next=/rooms/general/")
    page.get_by_label("E-mail or username").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("#me")).to_contain_text("Ada Lovelace")
    expect(page.locator("#me")).to_contain_text("Online")
    assert "for Ben alone" not in page.content()
    assert sent(room) == []
