"""Scenario 21, the other way: who types here shows there within a second, seldom, and never twice."""

from __future__ import annotations

import asyncio
import dataclasses

import msgspec
import pytest
from asgiref.sync import sync_to_async

from chat.events import Typing
from integrations.bridge import runner
from integrations.bridge.typing import Typist
from integrations.mattermost.rest import Server
from integrations.mattermost.wire import User as RemoteUser
from integrations.models import BridgedPerson, BridgeLink, MattermostServer
from integrations.services.bridges import own, setup
from outbound.client import Client
from realtime import testing, threads
from realtime.hub import hub
from realtime.transport import text_frame
from tests import factories
from tests.fakes.mattermost import FakeMattermost
from tests.integrations.bridging import QUICK, Bridged

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]
PATIENCE_SECONDS = 30.0


@pytest.fixture
def fake(settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with FakeMattermost() as running:
        yield running


@pytest.fixture
def both(fake, room, mina, db):
    boss = factories.make_person("boss", is_superuser=True, is_staff=True)
    return Bridged(fake, room, boss)


@pytest.fixture
def typed(fake):
    """Who was said to type there, and under what."""
    found = []
    tell = fake.state.type_in

    def note(actor, channel, parent_id):
        found.append((actor.username, channel.id, parent_id))
        tell(actor, channel, parent_id)

    fake.state.type_in = note
    return found


def frame(room_id, user_id, thread=None):
    told = Typing(user=user_id, thread=thread)
    data = msgspec.to_builtins(told)
    return text_frame(msgspec.json.encode({"topic": f"room:{room_id}", "type": "typing", "data": data}))


class Hand:
    """A typist whose clock is moved by hand."""

    def __init__(self, client, access, url, token):
        self.now = 100.0
        self.typist = Typist(access, Server(url=url, token=token, client=client), clock=lambda: self.now)

    async def round(self):
        """Everything that waits is told, or not."""
        work = asyncio.create_task(self.typist.run())
        while self.typist._waiting or self.typist._woken.is_set():
            await asyncio.sleep(0.01)
        # One more turn of the same task would begin only with another word: what was begun is done then.
        self.typist._woken.set()
        while self.typist._woken.is_set():
            await asyncio.sleep(0.01)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


@pytest.fixture
async def hand(both):
    access = await sync_to_async(setup.begin_work)(server_id=both.server.pk)
    access = dataclasses.replace(access, account_id=both.seed.bot_id)
    async with Client() as client:
        yield Hand(client, access, both.fake.url, both.seed.bot_token)
    await asyncio.to_thread(threads.close)


async def test_typing_is_told_once_in_five_seconds(both, teo, mina, hand, typed):
    channel = both.seed.channel_id
    for _ in range(3):
        hand.typist.hear(frame(both.room.pk, teo.pk))
        hand.typist.hear(frame(both.room.pk, mina.pk))
        await hand.round()
    assert typed == [("bridgebot", channel, "")]
    hand.now += 5.1
    hand.typist.hear(frame(both.room.pk, teo.pk))
    await hand.round()
    assert typed == [("bridgebot", channel, "")] * 2


async def test_person_with_an_account_types_as_themselves_in_a_thread(both, teo, hand, typed):
    root = await sync_to_async(both.say)(teo, "the root")
    await sync_to_async(own.set_account)(
        actor=teo,
        user=teo,
        server_id=both.server.pk,
        token=both.seed.alice_token,
        account=RemoteUser(id=both.seed.alice_id, username="alice"),
    )
    await sync_to_async(both.pump)()
    hand.typist.hear(frame(both.room.pk, teo.pk, root.pk))
    await hand.round()
    assert typed == [("alice", both.seed.channel_id, both.posts()[0].id)]
    assert hand.typist.is_echo(channel_id=both.seed.channel_id, account=both.seed.alice_id)


async def test_typing_of_people_there_is_not_told_back(both, teo, hand, typed):
    guest = await sync_to_async(factories.make_person)("guest", kind="bridge")
    await BridgedPerson.objects.acreate(server=both.server, remote_id="z" * 26, username="guest", user=guest)
    hand.typist.hear(frame(both.room.pk, guest.pk))
    hand.typist.note_there(room_id=both.room.pk, user_id=teo.pk)
    hand.typist.hear(frame(both.room.pk, teo.pk))
    await hand.round()
    assert typed == []


@pytest.mark.parametrize(
    "values", [{"direction": "in"}, {"enabled": False}, {"state": "removed"}], ids=["in", "off", "removed"]
)
async def test_typing_in_a_room_that_tells_nothing_is_not_told(both, teo, hand, typed, values):
    await BridgeLink.objects.aupdate(**values)
    hand.typist.hear(frame(both.room.pk, teo.pk))
    hand.typist.hear(text_frame(b'{"topic":"room:1","type":"message.created","data":{"body":"\\"typing\\""}}'))
    await hand.round()
    assert typed == []


async def test_what_comes_late_or_is_refused_is_left_alone(both, teo, hand, typed, fake):
    hand.typist.hear(frame(both.room.pk, teo.pk))
    hand.now += 4
    await hand.round()
    fake.fail_next(500, "/typing")
    hand.now += 10
    hand.typist.hear(frame(both.room.pk, teo.pk))
    await hand.round()
    fake.fail_next(429, "/typing")
    hand.now += 10
    hand.typist.hear(frame(both.room.pk, teo.pk))
    await hand.round()
    assert typed == []


async def test_scenario_21_typing_here_shows_there_within_a_second(both, teo, typed):
    hub.start()
    work = asyncio.create_task(runner.work_for(both.server.pk, QUICK))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while f"room:{both.room.pk}" not in hub.feeds:
                await asyncio.sleep(0.02)
            while (await MattermostServer.objects.aget()).state != MattermostServer.State.CONNECTED:
                await asyncio.sleep(0.02)
            while not typed:
                hub.publish_ephemeral(
                    topic=f"room:{both.room.pk}", event=Typing(user=teo.pk, thread=None), key=str(teo.pk)
                )
                await asyncio.sleep(0.1)
        assert typed == [("bridgebot", both.seed.channel_id, "")]
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await testing.stop_realtime()
        await asyncio.to_thread(threads.close)
