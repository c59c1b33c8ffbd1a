"""What a signed-in person can do wrong on purpose costs nobody else anything."""

import asyncio
import json
import threading

import pytest
from asgiref.sync import sync_to_async
from channels.routing import ProtocolTypeRouter, URLRouter
from django.db import connection
from django.urls import path

from realtime import log, protocol, testing, threads
from realtime.hub import hub
from realtime.middleware import OriginCheck, SessionAuthentication
from tests.realtime.conftest import PlainConsumer, Told, connected

pytestmark = [pytest.mark.usefixtures("realtime"), pytest.mark.stack]


class CuriousConsumer(PlainConsumer):
    """Notes what was followed while rights were checked."""

    followed: list[set[str]] = []

    async def authorize(self, topics):
        self.followed.append(set(hub.feeds))
        return await super().authorize(topics)


curious = ProtocolTypeRouter(
    {"websocket": OriginCheck(SessionAuthentication(URLRouter([path("ws/", CuriousConsumer.as_asgi())])))}
)


@pytest.mark.parametrize(
    "topic", ["room:é", "room: 1", "room:", "room", "room:1\n", ":1", "room:1:1", "room:" + "9" * 90]
)
async def test_what_is_no_topic_is_denied_and_never_followed(alice, topic):
    CuriousConsumer.followed.clear()
    async with testing.connected(alice, path="/ws/", application=curious) as socket:
        answer = await socket.command("subscribe", {"topics": {topic: None}})
        assert answer["data"] == {topic: {"mode": "denied", "head": 0}}
        assert CuriousConsumer.followed == [{f"user:{alice.pk}"}]


async def test_what_is_meant_for_others_is_not_even_followed(alice, bob):
    CuriousConsumer.followed.clear()
    async with testing.connected(alice, path="/ws/", application=curious) as socket:
        topic = f"user:{bob.pk}"
        answer = await socket.command("subscribe", {"topics": {topic: None}})
        assert answer["data"] == {topic: {"mode": "denied", "head": 0}}
        assert CuriousConsumer.followed == [{f"user:{alice.pk}"}]


async def test_commands_that_wait_when_their_sender_is_signed_out_are_not_run(alice, settings):
    key = await sync_to_async(testing.make_session)(alice)
    async with connected(alice, session_key=key) as socket:
        await asyncio.sleep(0.3)  # the presence is written, so the gate shares no transaction
        gate = threading.Event()
        writers = 1 if connection.vendor == "sqlite" else settings.REALTIME_WRITE_THREADS
        running = [asyncio.ensure_future(threads.write(gate.wait, 10)) for _ in range(writers)]
        await asyncio.sleep(0.1)
        for _ in range(50):
            await socket.send("test.note", {"text": "x"}, topic="room:1")
        effect = protocol.Effect(close_code=4401, reason="Signed out.")
        await sync_to_async(log.append)(topic=f"user:{alice.pk}", event=Told(text="bye"), effect=effect)
        await socket.expect_closed(4401)
        gate.set()
        await asyncio.gather(*running)
        await asyncio.sleep(0.3)
        assert (await threads.read(log.heads, ["room:1"]))["room:1"][0] <= 1, "at most the one that had begun"


async def test_who_tells_often_what_was_taken_is_not_too_fast(alice):
    async with connected(alice) as socket:
        for _ in range(200):
            await socket.send_raw(json.dumps({"type": "received", "data": {"frames": 0}}))
        assert (await socket.command("ping"))["type"] == "ack"
        assert socket._frames == []
