"""No moment of a handshake lets somebody in who was signed out, and the page always learns why."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.sessions.models import Session

from realtime import log, protocol, sessions, testing
from realtime.hub import hub
from realtime.sessions import session_digest
from tests.realtime.conftest import Told, application, connected

pytestmark = [pytest.mark.usefixtures("realtime"), pytest.mark.stack]
told: list[int] = []


def sign_out(user, key):
    Session.objects.filter(session_key=key).delete()
    effect = protocol.Effect(close_code=4401, session=session_digest(key))
    told.append(log.append(topic=f"user:{user.pk}", event=Told(text="bye"), effect=effect))


def sign_out_and_let_in(*, user, session):
    """A gate that is asked a moment too early: the session ends before the socket opens."""
    if session.get("leaving"):
        sign_out(user, session.session_key)
        # The hub's loop goes on while this thread waits.
        asyncio.run(asyncio.wait_for(heard(user), 30))


async def heard(user):
    topic = f"user:{user.pk}"
    while topic in hub.feeds and hub.feeds[topic].last < told[-1]:
        await asyncio.sleep(0.01)


def make_leaving(user):
    key = testing.make_session(user)
    store = testing.SessionStore(key)
    store["leaving"] = True
    store.save()
    return key


def knock(key, app=application):
    headers = [(b"origin", b"http://testserver"), (b"host", b"testserver"), testing.cookie_header(key)]
    return WebsocketCommunicator(app, "/ws/", headers)


async def expect_turned_away(communicator):
    assert (await communicator.connect())[0]
    link = testing.Communicator(communicator)
    frames = []
    async with asyncio.timeout(30):
        while not isinstance(frame := await link.receive(), int):
            frames.append(frame)
    assert frame == 4401
    assert not any('"hello"' in frame for frame in frames)


async def test_a_session_that_ends_during_the_handshake_lets_nobody_in(alice, settings):
    settings.SOCKET_GATES = [f"{__name__}.sign_out_and_let_in"]
    leaving = await sync_to_async(make_leaving)(alice)
    async with connected(alice) as other_tab:
        await expect_turned_away(knock(leaving))
        assert (await other_tab.command("ping"))["type"] == "ack"


async def test_a_session_that_ended_while_nobody_listened_is_not_remembered(alice):
    leaving = await sync_to_async(testing.make_session)(alice)
    async with connected(alice), connected(alice, session_key=leaving), connected(alice, session_key=leaving):
        pass
    assert not hub.feeds
    await sync_to_async(sign_out)(alice, leaving)
    async with connected(alice):
        await expect_turned_away(knock(leaving))


async def test_the_next_tabs_of_a_session_cost_no_reading_until_something_is_revoked(alice):
    key, other = [await sync_to_async(testing.make_session)(alice) for _ in range(2)]
    async with connected(alice, session_key=key), connected(alice, session_key=key):
        assert sessions.cached(key, hub.feeds).user == alice
        await sync_to_async(sign_out)(alice, other)
        await heard(alice)
        assert sessions.cached(key, hub.feeds) is None


async def test_the_page_learns_why_before_the_application_is_done(alice, settings):
    settings.SOCKET_GATES = [f"{__name__}.sign_out_and_let_in"]
    ended = []

    async def strict(scope, receive, send):
        async def guarded(message):
            if ended:
                raise RuntimeError("the server has closed this connection already")
            await send(message)

        await application(scope, receive, guarded)
        ended.append(True)

    communicator = knock(await sync_to_async(make_leaving)(alice), strict)
    await expect_turned_away(communicator)
    await communicator.disconnect()


@pytest.mark.parametrize("odd", ['a={"b":1}', "x[0]=1", "no value", "c=(1)"])
async def test_a_strange_cookie_of_somebody_else_hides_no_session(alice, odd):
    name, value = testing.cookie_header(await sync_to_async(testing.make_session)(alice))
    for cookies in (odd.encode() + b"; " + value, value + b"; " + odd.encode()):
        headers = [(b"origin", b"http://testserver"), (b"host", b"testserver"), (name, cookies)]
        communicator = WebsocketCommunicator(application, "/ws/", headers)
        assert (await communicator.connect())[0]
        assert '"hello"' in await communicator.receive_from()
        await communicator.disconnect()
