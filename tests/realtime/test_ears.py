"""A service hears topics without a page: at once, no more than it follows, and whatever becomes of pages."""

import asyncio
import json

import pytest
from asgiref.sync import sync_to_async

from realtime import log
from realtime.bell import Ring
from realtime.ears import Ear
from realtime.hub import hub
from realtime.protocol import Effect
from realtime.transport import payloads_of
from tests.realtime.conftest import Waved, publish

pytestmark = [pytest.mark.usefixtures("realtime"), pytest.mark.stack]


class Heard:
    """What an ear heard, in its order."""

    def __init__(self):
        hub.start()
        self.texts = []
        self.ear = Ear(self.hear)

    def hear(self, frames):
        self.texts += [json.loads(payload)["data"]["text"] for payload in payloads_of(frames)]

    async def until(self, *texts):
        async with asyncio.timeout(20):
            while self.texts != list(texts):
                await asyncio.sleep(0.01)


async def test_service_hears_the_topics_it_follows_and_no_others():
    heard = Heard()
    await heard.ear.follow({"room:1", "room:2"})
    await publish("room:1", "one")
    await publish("room:3", "elsewhere")
    await heard.until("one")
    hub.publish_ephemeral(topic="room:2", event=Waved(text="passing"), key="1")
    await heard.until("one", "passing")
    await heard.ear.follow({"room:3"})
    await publish("room:1", "not any more")
    await publish("room:3", "now")
    await heard.until("one", "passing", "now")


async def test_service_hears_what_the_bell_of_another_process_says():
    heard = Heard()
    await heard.ear.follow({"room:1"})
    entry = log.Entry("room:1", 1, b'{"type":"test.noted","topic":"room:1","seq":1,"data":{"text":"rung"}}', None)
    hub._heard("room:1", Ring(seq=1, frame=entry.frame))
    await heard.until("rung")


async def test_service_hears_more_than_a_page_that_takes_nothing():
    heard = Heard()
    await heard.ear.follow({"room:1"})
    many = [str(number) for number in range(450)]
    for text in many:
        await publish("room:1", text)
    await heard.until(*many)


async def test_service_hears_on_after_an_event_that_closes_pages():
    heard = Heard()
    await heard.ear.follow({"room:1"})
    await publish("room:1", "pages end", effect=Effect(close_code=4403, drop_user=7))
    await publish("room:1", "and it goes on")
    await heard.until("pages end", "and it goes on")


async def test_service_that_ends_leaves_nothing_behind():
    heard = Heard()
    await heard.ear.follow({"room:1"})
    heard.ear.end()
    assert hub.feeds == {}
    await publish("room:1", "unheard")
    assert heard.texts == []


async def test_service_on_another_loop_than_the_hub_hears_nothing_and_nothing_breaks():
    heard = Heard()

    def elsewhere() -> None:
        asyncio.run(heard.ear.follow({"room:1"}))

    await sync_to_async(elsewhere, thread_sensitive=False)()
    assert hub.feeds == {}
