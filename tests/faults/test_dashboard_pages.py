"""Pages at either process are told of every tick, also when the process that records is killed."""

import asyncio
import contextlib

import pytest
from asgiref.sync import sync_to_async

from dashboard import services as boards
from dashboard.models import Series
from tests.cluster import connected, open_socket
from tests.faults.counting import WAIT_SECONDS, say, who_records

pytestmark = [pytest.mark.fault, pytest.mark.stack]


async def test_who_looks_at_either_process_hears_the_ticks_and_goes_on_when_the_recorder_is_killed(
    two_with_redis, cast
):
    processes, _ = two_with_redis
    board = await sync_to_async(boards.ensure_room_board)(actor=cast.people[1], room_id=cast.room_id)
    series = await sync_to_async(lambda: Series.objects.get(key=f"room/{cast.room_id}/messages").pk)()
    recording, other = await who_records(processes)
    path, topic = f"/ws/dashboard/{board}/", {f"dashboard_{board}": None}
    here = await open_socket(recording, cast.keys[1], path=path)
    async with connected(other, cast.keys[2]) as speaker:
        there = await open_socket(other, cast.keys[2], path=path)
        await here.subscribe(**topic)
        await there.subscribe(**topic)
        await say(speaker, cast, 3)
        for page in (here, there):
            await hears(page, series, 3)
        await asyncio.to_thread(recording.kill)
        await say(speaker, cast, 2)
        await hears(there, series, 2)
        await there.close()


async def hears(page, series, count):
    """The page is told of so many more messages, in ticks each of which names the one before."""
    seen: dict[int, float] = {}
    last = None
    async with asyncio.timeout(WAIT_SECONDS):
        while sum(seen.values()) < count:
            data = (await heard_at_last(page))["data"]
            assert last is None or data["before"] == last
            last = data["tick"]
            seen |= {at: total for pk, at, _, total, *_ in data["points"] if pk == series}
    assert sum(seen.values()) == count


async def heard_at_last(page):
    """The next tick; while a lease runs out there is none for longer than a test socket waits."""
    while True:
        with contextlib.suppress(TimeoutError):
            return await page.expect("samples.recorded")
