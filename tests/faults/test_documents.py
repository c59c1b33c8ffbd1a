"""Processes, the database, the network and Redis die under ten people who write one document: no letter is lost.

What becomes of a push at each moment of a crash is told in tests/editor/test_processes.py.
"""

import asyncio

import pytest

from tests.cluster import running
from tests.faults.writing import agree, cut, writers, writing

pytestmark = [pytest.mark.fault, pytest.mark.stack]


@pytest.fixture
def written(cast):
    """The cast with a document."""
    cast.begin_document()
    return cast


async def test_killing_each_of_two_processes_under_ten_writers_loses_and_doubles_no_letter(two, written):
    typists = writers(two, written)
    async with writing(typists, 0.1):
        for process in two:
            await asyncio.sleep(0.8)
            await asyncio.to_thread(process.kill)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(process.start)
    await agree(typists, two, written)


async def test_a_network_that_flaps_every_two_seconds_loses_no_letter(two, written):
    typists = writers(two, written)
    async with writing(typists, 0.2):
        for number in range(4):
            await asyncio.sleep(2)
            for typist in typists[number % 2 :: 2]:
                cut(typist)
    await agree(typists, two, written)
    assert not any("incident" in process.log for process in two)


async def test_redis_killed_and_restarted_under_ten_writers_costs_time_only(two_with_redis, written):
    processes, valkey = two_with_redis
    typists = writers(processes, written)
    async with writing(typists, 0.2):
        await asyncio.sleep(0.8)
        await asyncio.to_thread(valkey.kill)
        await asyncio.sleep(2)
        await asyncio.to_thread(valkey.start)
        await asyncio.sleep(1)
    await agree(typists, processes, written)
    assert not any("incident" in process.log for process in processes)


async def test_postgresql_killed_and_restarted_under_ten_writers_loses_no_letter(settle, postgres):
    cast = settle(postgres.url)
    with running(cast.environment, count=2) as processes:
        typists = writers(processes, cast)
        async with writing(typists, 0.2):
            await asyncio.sleep(1)
            await asyncio.to_thread(postgres.kill)
            await asyncio.sleep(1)
            await asyncio.to_thread(postgres.start)
            await asyncio.sleep(0.5)
        await agree(typists, processes, cast)
