"""Presence: online while any socket is, idle when all are, offline a moment after the last went."""

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone

from realtime import presence, threads
from realtime.hub import hub
from realtime.models import Presence
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
    async with asyncio.timeout(20):
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


def hour_off(monkeypatch, hours):
    right = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: right() + timedelta(hours=hours))


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_machine_with_a_wrong_clock_says_who_is_here_all_the_same(alice, monkeypatch, hours):
    if connection.vendor == "sqlite":
        pytest.skip("processes on SQLite share one machine and its clock")
    with monkeypatch.context() as clock:
        hour_off(clock, hours)
        async with connected(alice):
            await until(1)
            clock.undo()
            assert await sync_to_async(presence.states)([alice.pk]) == {alice.pk: "online"}
            later = timezone.now() + presence.LEASE + timedelta(seconds=5)
            assert not await sync_to_async(Presence.objects.filter(until__gt=later).exists)()


async def test_who_was_taken_for_gone_while_the_machine_slept_is_told_again(alice):
    async with connected(alice):
        await until(1)
        await sync_to_async(Presence.objects.all().delete)()
        await roster.renew()
        await until(2)
        assert heard == ["online", "online"]
        assert await sync_to_async(presence.states)([alice.pk]) == {alice.pk: "online"}


async def test_a_renewal_that_comes_late_brings_nobody_back(alice):
    async with connected(alice):
        await until(1)
        stale = {alice.pk: "online"}
    await until(2)
    await threads.write(presence._renew, process=hub.process, told=stale)
    assert await sync_to_async(presence.states)([alice.pk]) == {}


async def test_the_last_of_many_changes_is_what_stays(alice):
    async with connected(alice):
        await until(1)
        (socket,) = roster._sockets[alice.pk]
        for state in ["idle", "online"] * 20 + ["idle"]:
            roster.set_state(socket, state)
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.5)
        assert await sync_to_async(presence.states)([alice.pk]) == {alice.pk: "idle"}
        assert heard[-1] == "idle"


async def test_who_comes_to_one_process_as_another_lets_go_is_here(alice):
    row = await sync_to_async(Presence.objects.create)(
        user_id=alice.pk, process="other", until=timezone.now() + presence.LEASE
    )
    async with connected(alice):
        await until(1)
        await sync_to_async(row.delete)()
    assert heard[0] == "online"
