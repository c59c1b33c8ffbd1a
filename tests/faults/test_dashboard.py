"""Sums stay right while processes are killed, stopped and cut off from the database."""

import asyncio
import time

import pytest
from asgiref.sync import sync_to_async
from django.db.models import Sum

from dashboard.models import Flush, Sample, Series
from realtime import services
from tests.cluster import connected, running
from tests.faults.counting import RECORDER, WAIT_SECONDS, say, until, who_records
from tests.faults.talk import agree, online, talk

pytestmark = [pytest.mark.fault, pytest.mark.stack]


def total(key, resolution):
    found = Sample.objects.filter(series__key=key, resolution=resolution).aggregate(Sum("total"))
    return found["total__sum"] or 0


async def counted(cast, number, before=0):
    """What was said is in the samples once, of the room and of the site, at each resolution.

    `before`: what servers of an earlier test handed over of it when it was over, which no room has any more.
    """
    keys = [f"room/{cast.room_id}/messages", "site/messages"]
    await until(lambda: total(keys[0], 1) >= number, f"{number} messages are not all counted")
    await until(lambda: not Flush.objects.filter(data__contains="rooms").exists(), "something is never recorded")
    for key in keys:
        sums = await sync_to_async(lambda key=key: [total(key, resolution) for resolution in (1, 10, 60, 3_600)])()
        assert sums == [number + (before if key == keys[1] else 0)] * 4, key


async def test_sums_over_two_processes_are_right_while_the_one_that_records_is_killed(two, cast):
    recording, other = await who_records(two)
    await quiet()
    before = await sync_to_async(total)("site/messages", 1)
    holder = await sync_to_async(lambda: services.holders()[RECORDER])()
    async with connected(recording, cast.keys[0]) as here, connected(other, cast.keys[1]) as there:
        await asyncio.gather(say(here, cast, 9), say(there, cast, 4))
        await counted(cast, 13, before)
        saying = asyncio.create_task(say(there, cast, 5))
        await asyncio.to_thread(recording.kill)
        await saying
        await say(there, cast, 3)
        await counted(cast, 21, before)
        assert (await sync_to_async(services.holders)()).get(RECORDER) != holder


async def test_killing_processes_in_mid_burst_loses_at_most_their_last_second_and_doubles_nothing(two, cast):
    async with online(two, cast) as clients:
        burst = asyncio.create_task(talk(clients, 10, 0.1))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(two[0].kill)
        await asyncio.to_thread(two[0].start)
        await burst
        said = len(await agree(clients, cast))
        # What the killed one had counted and not handed over yet; each process hands over once a second.
        await talk(clients, 1, 0, name="after/")
        key = f"room/{cast.room_id}/messages"
        await until(lambda: total(key, 1) >= 20, "nothing is counted")
        await quiet()
        sums = await sync_to_async(lambda: {total(key, resolution) for resolution in (1, 10, 60, 3_600)})()
    assert len(sums) == 1
    assert 20 <= sums.pop() <= said + 20


async def quiet():
    """Nothing waits any more, twice in a row, a second apart."""
    seen = 0
    while seen < 2:
        await until(lambda: not Flush.objects.filter(data__contains="rooms").exists(), "something is never recorded")
        await asyncio.sleep(1.2)
        seen += 1


async def test_a_process_that_is_stopped_hands_over_the_rest(two, cast):
    key = f"room/{cast.room_id}/messages"
    async with connected(two[0], cast.keys[0]) as here:
        await say(here, cast, 7)
        await asyncio.to_thread(two[0].stop)
    await until(lambda: total(key, 1) == 7, "the last second of a process that was stopped is missing")
    await counted(cast, 7)


async def test_a_process_an_hour_ahead_counts_into_the_seconds_of_the_database(two, site_environment, cast):
    with running({**site_environment, "DJANGO_SETTINGS_MODULE": "tests.faults.late"}) as [late]:
        async with connected(late, cast.keys[0]) as there, connected(two[0], cast.keys[1]) as here:
            await asyncio.gather(say(there, cast, 6), say(here, cast, 5))
            await counted(cast, 11)

            def times():
                series = Series.objects.get(key=f"room/{cast.room_id}/messages")
                return list(Sample.objects.filter(series=series, resolution=1).values_list("at", flat=True))

            assert all(abs(at - time.time()) < WAIT_SECONDS + 30 for at in await sync_to_async(times)())


SAID = (
    "SELECT resolution, SUM(total) FROM dashboard_sample"
    " WHERE series_id = (SELECT id FROM dashboard_series WHERE key = 'site/messages') GROUP BY resolution ORDER BY 1"
)


async def test_what_was_counted_while_postgresql_was_down_is_there_after(settle, postgres):
    cast = settle(postgres.url)
    with running(cast.environment, count=2) as [here, there]:
        async with connected(here, cast.keys[0]) as mina, connected(there, cast.keys[1]) as teo:
            await asyncio.gather(say(mina, cast, 6), say(teo, cast, 5))
            await asyncio.to_thread(postgres.kill)
            await asyncio.sleep(2.5)  # both offer their counts in vain, more than once
            await asyncio.to_thread(postgres.start)
            deadline = time.monotonic() + WAIT_SECONDS
            while (sums := await cast.rows(SAID)) != [(1, 11), (10, 11), (60, 11), (3_600, 11)]:
                assert time.monotonic() < deadline, sums
                await asyncio.sleep(0.2)
            await say(teo, cast, 2)
            while (sums := await cast.rows(SAID)) != [(1, 13), (10, 13), (60, 13), (3_600, 13)]:
                assert time.monotonic() < deadline + WAIT_SECONDS, sums
                await asyncio.sleep(0.2)
    assert "Counts cannot be stored now and are kept" in here.log + there.log
