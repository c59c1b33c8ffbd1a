"""Presence: online while any socket is, idle when all are, offline a moment after the last went."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from realtime import presence
from realtime.presence import roster
from tests.realtime.conftest import connected

pytestmark = [pytest.mark.usefixtures("realtime"), pytest.mark.stack]
heard: list[str] = []


def hear(*, user_id, state):
    heard.append(state)


@pytest.fixture(autouse=True)
def hook(realtime, settings, monkeypatch):
    settings.PRESENCE_HOOK = f"{__name__}.hear"
    monkeypatch.setattr(presence, "GRACE_SECONDS", 0.2)
    heard.clear()


async def until(count):
    async with asyncio.timeout(5):
        while len(heard) < count:
            await asyncio.sleep(0.01)


async def test_who_comes_and_goes_is_told_once_over_all_tabs(alice):
    async with connected(alice):
        await until(1)
        async with connected(alice):
            pass
        await asyncio.sleep(0.4)
        assert await sync_to_async(presence.states)([alice.pk]) == {alice.pk: "online"}
    await until(2)
    assert heard == ["online", "offline"]
    assert await sync_to_async(presence.states)([alice.pk]) == {}


async def test_a_reload_is_no_coming_and_going(alice):
    async with connected(alice):
        await until(1)
    async with connected(alice):
        await asyncio.sleep(0.4)
    assert heard == ["online"]


async def test_idle_means_all_tabs_are_idle(alice):
    async with connected(alice), connected(alice):
        await until(1)
        first, second = roster._sockets[alice.pk]
        roster.set_state(first, "idle")
        await asyncio.sleep(0.1)
        assert heard == ["online"]
        roster.set_state(second, "idle")
        await until(2)
        assert heard == ["online", "idle"]
