"""What a process hands over: everything once, whatever the database does meanwhile."""

import asyncio
import contextlib
import os
import threading
import time

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from dashboard import flushed, probes
from dashboard.flusher import Counts, Hand
from dashboard.models import Flush
from realtime import metrics, testing, threads
from realtime.hub import hub
from tests.factories import make_person, make_room, say

pytestmark = pytest.mark.stack


@pytest.fixture
async def site(transactional_db):
    """The hub in this process; what earlier tests counted is taken away."""
    hub.start()
    yield
    await testing.stop_realtime()


@pytest.fixture
async def hand(site):
    """Hands over what happens from now on."""
    counts = Counts()
    counts.look()[1]()
    return Hand(counts, told=time.monotonic(), sockets=metrics.sockets._value.get())


def told():
    """Every row that was stored, in order."""
    return [flushed.decode(row.data) for row in Flush.objects.order_by("number")]


async def rows():
    return await sync_to_async(told)()


def add_up(said, room):
    """(deliveries, messages of a room) in all rows."""
    deliveries = sum(one.counters.get("deliveries", 0) for one in said)
    return deliveries, sum(amount for one in said for where, name, amount in one.rooms if (where, name) == room)


async def test_what_happened_is_handed_over_once(hand):
    metrics.deliveries.inc(7)
    metrics.delivery_seconds.observe(0.003)
    metrics.happened("messages", room=4, amount=2)
    await hand.offer()
    await hand.offer()
    metrics.deliveries.inc(1)
    await hand.offer()
    first, second = await rows()
    assert (first.counters["deliveries"], first.rooms) == (7, [(4, "messages", 2.0)])
    assert (second.counters, second.rooms) == ({"deliveries": 1}, [])
    assert first.histograms["collab_delivery_seconds"] == [(0.0025, 0.005, 1.0)]
    assert "collab_delivery_seconds" not in second.histograms
    assert first.gauges["memory"] > 1_000_000
    assert first.label.endswith(f":{os.getpid()}")


async def test_a_quiet_process_tells_its_gauges_only_when_they_are_news(hand):
    await hand.offer()
    assert await rows() == []
    metrics.sockets.inc(3)
    try:
        await hand.offer()
        await hand.offer()
        [said] = await rows()
        assert said.gauges["sockets"] == metrics.sockets._value.get()
    finally:
        metrics.sockets.dec(3)


async def test_threads_count_and_nothing_is_lost_or_doubled_between_two_rows(hand):
    def count():
        for _ in range(2_000):
            metrics.deliveries.inc()
            metrics.happened("messages", room=9)

    workers = [threading.Thread(target=count) for _ in range(4)]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        await hand.offer()
    await hand.offer(anyway=True)
    assert add_up(await rows(), (9, "messages")) == (8_000, 8_000)


async def test_while_the_database_takes_nothing_all_is_kept_and_stored_after(hand, caplog):
    def rename(old, new):
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")

    metrics.deliveries.inc(5)
    await sync_to_async(rename)("dashboard_flush", "dashboard_flush_away")
    try:
        for _ in range(3):
            await hand.offer()
            metrics.deliveries.inc(1)
            metrics.happened("messages", room=9)
    finally:
        await sync_to_async(rename)("dashboard_flush_away", "dashboard_flush")
    assert sum("are kept" in record.message for record in caplog.records) == 1
    await hand.offer()
    await hand.offer()
    said = await rows()
    assert [one.counters["deliveries"] for one in said] == [5, 3]
    assert add_up(said, (9, "messages")) == (8, 3)


@pytest.mark.parametrize("turns", range(6))
async def test_a_row_whose_storing_was_not_heard_of_is_stored_once(hand, turns):
    metrics.deliveries.inc(5)
    offering = asyncio.create_task(hand.offer())
    for _ in range(turns):
        await asyncio.sleep(0.002)
    offering.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await offering
    metrics.deliveries.inc(2)
    await hand.offer()
    await hand.offer()
    assert sum(one.counters.get("deliveries", 0) for one in await rows()) == 7


async def test_a_message_counts_for_its_room_and_a_commit_is_measured(hand):
    before = commits()
    room = await sync_to_async(speak)()
    await hand.offer()
    [said] = await rows()
    assert (room, "messages", 2.0) in said.rooms
    assert commits() > before
    assert said.histograms["collab_commit_seconds"]


def speak():
    mina = make_person("mina")
    room = make_room(mina)
    for body in ("One", "Two"):
        say(mina, room, body)
    return room.pk


def commits():
    return sum(metrics.commit_seconds._buckets[number].get() for number in range(len(metrics.commit_seconds._buckets)))


async def test_a_loop_that_was_held_up_is_seen(site):
    watch = asyncio.create_task(probes.watch_loop())
    await asyncio.sleep(0)
    probes.lag.take()
    time.sleep(0.3)  # noqa: ASYNC251 - what nobody should do on the loop
    await asyncio.sleep(0.01)
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
    assert probes.lag.take() > 0.15
    assert probes.lag.take() == 0


async def test_the_task_tells_the_rest_when_it_is_cancelled(site):
    from dashboard import flusher

    await sync_to_async(Flush.objects.all().delete)()
    task = asyncio.create_task(flusher.flush_forever())
    async with asyncio.timeout(20):
        while not await rows():
            await asyncio.sleep(0.05)
    metrics.happened("messages", room=77, amount=3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert sum(amount for one in await rows() for room, _, amount in one.rooms if room == 77) == 3
    assert threads.more_to_come() is False
