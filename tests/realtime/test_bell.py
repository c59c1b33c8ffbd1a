"""The bell on a channel layer that is slow or down: who follows is joined, and nothing grows."""

import asyncio

import pytest
from channels.layers import BaseChannelLayer, InMemoryChannelLayer, channel_layers

from realtime import bell as bells
from realtime.bell import Bell, Ring


class Layer(BaseChannelLayer):
    """A channel layer that takes its time to send and can be down."""

    def __init__(self):
        super().__init__()
        self.groups = set()
        self.down = False

    async def new_channel(self, prefix):
        return "hub.one"

    async def receive(self, channel):
        await asyncio.Event().wait()

    async def group_add(self, group, channel):
        await asyncio.sleep(0.02)
        if self.down:
            raise ConnectionError("nobody there")
        self.groups.add(group)

    async def group_discard(self, group, channel):
        await asyncio.sleep(0.01)
        if self.down:
            raise ConnectionError("nobody there")
        self.groups.discard(group)

    async def group_send(self, group, message):
        await asyncio.sleep(0.05)


@pytest.fixture
def layer(monkeypatch):
    layer = Layer()
    before = channel_layers.set("default", layer)
    yield layer
    channel_layers.set("default", before)


@pytest.fixture
async def bell(layer):
    bell = Bell("here", lambda topic, ring: None)
    bell.start()
    yield bell
    await bell.stop()


async def test_who_follows_while_the_bell_rings_is_joined_when_told_so(bell, layer):
    bell.ring("room:9", Ring(seq=1))
    await asyncio.sleep(0.02)
    await bell.follow(["room:1"])
    assert layer.groups == {"topic.room.1"}


async def test_who_leaves_and_comes_back_at_once_is_joined(bell, layer):
    await bell.follow(["room:1"])
    bell.unfollow("room:1")
    await asyncio.sleep(0.005)
    await bell.follow(["room:1"])
    assert layer.groups == {"topic.room.1"}


async def test_who_leaves_while_being_joined_is_left(bell, layer):
    following = asyncio.ensure_future(bell.follow(["room:1"]))
    await asyncio.sleep(0)
    bell.unfollow("room:1")
    await following
    await asyncio.sleep(0.1)
    assert layer.groups == set()


async def test_coming_and_going_while_the_layer_is_down_piles_nothing_up(bell, layer, monkeypatch):
    monkeypatch.setattr(bells, "SILENCE_SECONDS", 0.1)
    layer.down = True
    await bell.follow(["room:1"])
    for _ in range(1000):
        bell.unfollow("room:1")
        await bell.follow(["room:1"])
    assert len(bell._due) <= 1
    layer.down = False
    async with asyncio.timeout(20):
        while layer.groups != {"topic.room.1"}:
            await asyncio.sleep(0.01)


async def test_who_has_only_a_layer_in_memory_rings_for_nobody_and_follows_at_once():
    layer = InMemoryChannelLayer()
    before = channel_layers.set("default", layer)
    bell = Bell("here", lambda topic, ring: None)
    try:
        bell.start()
        await bell.follow(["room:1"])
        bell.ring("room:1", Ring(seq=1))
        Bell.ring_from_outside("room:1", Ring(seq=2))
        await asyncio.sleep(0.01)
        assert (layer.groups, layer.channels, bell._waiting) == ({}, {}, 0)
    finally:
        await bell.stop()
        channel_layers.set("default", before)
