"""Leases: one holder in the cluster, taken over when it dies; a service that fails is started again."""

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from realtime import presence, services
from realtime.models import Lease, Presence

pytestmark = [pytest.mark.usefixtures("realtime"), pytest.mark.stack]


async def claim(holder):
    return await sync_to_async(services.claim)(name="s", holder=holder)


async def test_a_lease_has_one_holder_until_it_ends():
    assert [await claim("a"), await claim("b"), await claim("a")] == [True, False, True]
    await sync_to_async(Lease.objects.update)(until=timezone.now() - timedelta(seconds=1))
    assert [await claim("b"), await claim("a")] == [True, False]
    await sync_to_async(services.release)(name="s", holder="b")
    assert await claim("a")


@pytest.mark.allow_logged_errors("the service fails on purpose")
async def test_a_service_that_fails_is_started_again(monkeypatch):
    monkeypatch.setattr(services, "RESTART_SECONDS", 0.01)
    starts = []

    async def service():
        starts.append(1)
        raise RuntimeError("on purpose")

    task = asyncio.ensure_future(services.keep("test", service))
    async with asyncio.timeout(20):
        while len(starts) < 3:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not await sync_to_async(Lease.objects.filter(until__gt=timezone.now()).exists)()


async def test_the_sweeper_finds_whom_a_killed_process_left(settings):
    settings.PRESENCE_HOOK = f"{__name__}.hear"
    heard.clear()
    past, future = timezone.now() - timedelta(seconds=1), timezone.now() + timedelta(seconds=60)
    rows = [(1, "dead", past), (2, "dead", past), (2, "alive", future)]
    await sync_to_async(Presence.objects.bulk_create)(
        [Presence(user_id=user, process=process, until=until) for user, process, until in rows]
    )
    task = asyncio.ensure_future(presence.sweeper())
    async with asyncio.timeout(20):
        while not heard:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert heard == [(1, "offline")]
    assert await sync_to_async(presence.states)([1, 2]) == {2: "online"}


heard: list[tuple[int, str]] = []


def hear(*, user_id, state):
    heard.append((user_id, state))
