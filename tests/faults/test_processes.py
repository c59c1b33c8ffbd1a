"""Processes are killed, restarted and raced; what was acknowledged is there once, in order, for everybody."""

import asyncio
import contextlib
import uuid

import pytest

from tests.cluster import connected, open_socket, running
from tests.faults.talk import agree, online, talk

pytestmark = [pytest.mark.fault, pytest.mark.stack]


async def test_killing_one_of_two_processes_in_mid_burst_loses_and_doubles_nothing(two, cast):
    async with online(two, cast) as clients:
        burst = asyncio.create_task(talk(clients, 20, 0.05))
        await asyncio.sleep(0.4)
        await asyncio.to_thread(two[0].kill)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(two[0].start)
        await burst
        assert len(await agree(clients, cast)) == 400


async def test_a_rolling_restart_under_load_fails_no_send_and_drains_in_time(two, cast):
    async with online(two, cast) as clients:
        load = asyncio.create_task(talk(clients, 10, 0.4))
        for process in two:
            assert await asyncio.to_thread(process.stop) < 10
            await asyncio.to_thread(process.start)
        await load
        assert len(await agree(clients, cast)) == 200
        assert 1012 in {code for client in clients for code in client.closed_with}


async def test_typing_and_presence_reach_the_other_process(two_with_redis, cast):
    (here, there), _ = two_with_redis
    teo = cast.people[1].pk
    async with connected(here, cast.keys[0]) as mina:
        await mina.subscribe(**{f"room_{cast.room_id}": None})
        async with connected(there, cast.keys[1]) as socket:
            await mina.expect("presence.changed", user=teo, state="online")
            assert (await socket.command("typing.start", {"thread": None}, topic=cast.topic))["type"] == "ack"
            await mina.expect("typing", user=teo)
            assert (await socket.command("presence.set", {"state": "idle"}))["type"] == "ack"
            await mina.expect("presence.changed", user=teo, state="idle")
        await mina.expect("presence.changed", user=teo, state="offline")


async def test_redis_killed_and_restarted_under_load_costs_time_only(two_with_redis, cast):
    processes, valkey = two_with_redis
    async with online(processes, cast) as clients:
        load = asyncio.create_task(talk(clients, 10, 0.3))
        await asyncio.sleep(0.8)
        await asyncio.to_thread(valkey.kill)
        await load
        assert len(await agree(clients, cast)) == 200
        await asyncio.to_thread(valkey.start)
        await talk(clients, 1, 0, name="after/")
        assert len(await agree(clients, cast)) == 220
        assert not any(client.closed_with for client in clients), "nobody was even disconnected"
    (here, there) = processes
    async with connected(here, cast.keys[0]) as mina, connected(there, cast.keys[1]) as teo:
        await mina.subscribe(**{f"room_{cast.room_id}": None})
        await keeps_typing_until_heard(teo, mina, cast)


async def keeps_typing_until_heard(typist, listener, cast):
    """The bell rings again, so that what is never stored crosses from process to process as before."""
    heard = asyncio.create_task(listener.expect("typing", user=cast.people[1].pk))
    async with asyncio.timeout(30):
        while not heard.done():
            await typist.command("typing.start", {"thread": None}, topic=cast.topic)
            await asyncio.wait([heard], timeout=1)


async def test_redis_absent_at_the_start_is_no_reason_not_to_talk(site_environment, cast):
    environment = {**site_environment, "REDIS_URL": "redis://127.0.0.1:1/0"}
    with running(environment, count=2) as processes:
        async with online(processes, cast) as clients:
            clients[0].say("hello")
            assert await agree(clients, cast) == ["hello"]


async def test_the_same_cid_three_times_at_once_over_two_processes_is_one_message(two, cast):
    data = {"cid": str(uuid.uuid4()), "body": "once"}
    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(connected(two[n % 2], cast.keys[0])) for n in range(3)]
        answers = await asyncio.gather(*(s.command("message.send", data, topic=cast.topic) for s in sockets))
    assert len({answer["data"]["id"] for answer in answers}) == 1
    assert sorted(answer["data"]["duplicate"] for answer in answers) == [False, True, True]
    assert await cast.bodies() == ["once"]
    assert len(await cast.seqs()) == 2, "the room's beginning and the message"


async def test_a_crash_between_commit_and_ack_is_a_duplicate_on_retry(site_environment, one, cast):
    data = {"cid": str(uuid.uuid4()), "body": "survives"}
    dying = {**site_environment, "DJANGO_SETTINGS_MODULE": "tests.faults.settings"}
    with running(dying) as [process]:
        socket = await open_socket(process, cast.keys[0])
        await socket.send("message.send", data, topic=cast.topic)
        await socket.expect_closed(1006)
    async with connected(one, cast.keys[0]) as socket:
        answer = await socket.command("message.send", data, topic=cast.topic)
    assert answer["data"]["duplicate"] is True
    assert await cast.bodies() == ["survives"]


async def test_a_network_that_flaps_loses_none_of_200_sends(two, cast):
    async with online(two, cast) as clients:
        for number in range(10):
            await talk(clients, 1, 0.2, name=f"{number}/")
            for client in clients[number % 2 :: 2]:
                client.cut()
        assert len(await agree(clients, cast)) == 200
