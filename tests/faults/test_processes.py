"""Processes are killed, restarted and raced; what was acknowledged is there once, in order, for everybody."""

import asyncio
import contextlib
import uuid

import pytest
from asgiref.sync import sync_to_async

from chat.models import Message
from realtime.models import Event
from tests.cluster import connected, open_socket, running
from tests.faults.client import Client

pytestmark = [pytest.mark.fault, pytest.mark.stack]


async def stored(room_id):
    rows = Message.objects.filter(room_id=room_id, kind="user").order_by("seq").values_list("body", flat=True)
    return await sync_to_async(lambda: list(rows))()


async def holes(topic):
    rows = Event.objects.filter(topic=topic).order_by("seq").values_list("seq", flat=True)
    seqs = await sync_to_async(lambda: list(rows))()
    return seqs != list(range(1, len(seqs) + 1))


async def gather_clients(stack, processes, cast):
    clients = [Client(processes, key, cast.room_id) for key in cast.keys]
    for client in clients:
        await stack.enter_async_context(client)
    for client in clients:
        await client.until(client.online.is_set)
    return clients


async def agree(clients, cast):
    """Everybody heard every stored message once, in one order, and nothing waits."""
    for client in clients:
        await client.until(lambda client=client: not client.outbox)
    bodies = await stored(cast.room_id)
    for client in clients:
        await client.until(lambda client=client: len(client.heard) >= len(bodies), 20)
        assert client.heard == bodies
        assert not client.refused
    assert len(set(bodies)) == len(bodies)
    assert not await holes(cast.topic)
    return bodies


async def test_killing_one_of_two_processes_in_mid_burst_loses_and_doubles_nothing(two, cast):
    async with contextlib.AsyncExitStack() as stack:
        clients = await gather_clients(stack, two, cast)
        for number in range(20):
            for index, client in enumerate(clients):
                client.say(f"{index}/{number}")
            if number == 8:
                await asyncio.to_thread(two[0].kill)
            if number == 14:
                await asyncio.to_thread(two[0].start)
            await asyncio.sleep(0.05)
        assert len(await agree(clients, cast)) == 400


async def test_a_rolling_restart_under_load_fails_no_send_and_drains_in_time(two, cast):
    async with contextlib.AsyncExitStack() as stack:
        clients = await gather_clients(stack, two, cast)
        talk = asyncio.create_task(_talk(clients, 10, 0.4))
        for process in two:
            assert await asyncio.to_thread(process.stop) < 10
            await asyncio.to_thread(process.start)
        await talk
        assert len(await agree(clients, cast)) == 200
        assert 1012 in {code for client in clients for code in client.closed_with}


async def _talk(clients, rounds, pause):
    for number in range(rounds):
        for index, client in enumerate(clients):
            client.say(f"{index}/{number}")
        await asyncio.sleep(pause)


async def test_redis_killed_and_restarted_under_load_costs_time_only(two_with_redis, cast):
    processes, valkey = two_with_redis
    async with contextlib.AsyncExitStack() as stack:
        clients = await gather_clients(stack, processes, cast)
        talk = asyncio.create_task(_talk(clients, 10, 0.3))
        await asyncio.sleep(0.8)
        await asyncio.to_thread(valkey.kill)
        await talk
        assert len(await agree(clients, cast)) == 200
        await asyncio.to_thread(valkey.restart)
        await _talk_more(clients)
        assert len(await agree(clients, cast)) == 220
        assert not any(client.closed_with for client in clients), "nobody was even disconnected"


async def _talk_more(clients):
    for index, client in enumerate(clients):
        client.say(f"after/{index}")


async def test_redis_absent_at_the_start_is_no_reason_not_to_talk(site_environment, cast, tmp_path):
    environment = {**site_environment, "REDIS_URL": "redis://127.0.0.1:1/0"}
    with running(environment, count=2) as processes:
        async with contextlib.AsyncExitStack() as stack:
            clients = await gather_clients(stack, processes, cast)
            clients[0].say("hello")
            assert await agree(clients, cast) == ["hello"]


async def test_the_same_cid_three_times_at_once_over_two_processes_is_one_message(two, cast):
    data = {"cid": str(uuid.uuid4()), "body": "once"}
    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(connected(two[n % 2], cast.keys[0])) for n in range(3)]
        answers = await asyncio.gather(*(s.command("message.send", data, topic=cast.topic) for s in sockets))
    assert len({answer["data"]["id"] for answer in answers}) == 1
    assert sorted(answer["data"]["duplicate"] for answer in answers) == [False, True, True]
    assert await stored(cast.room_id) == ["once"]
    assert not await holes(cast.topic)


async def test_a_crash_between_commit_and_ack_is_a_duplicate_on_retry(site_environment, cast):
    data = {"cid": str(uuid.uuid4()), "body": "survives"}
    dying = {**site_environment, "DJANGO_SETTINGS_MODULE": "tests.faults.settings"}
    with running(dying) as [process]:
        socket = await open_socket(process, cast.keys[0])
        await socket.send("message.send", data, topic=cast.topic)
        await socket.expect_closed(1006)
    with running(site_environment) as [process]:
        async with connected(process, cast.keys[0]) as socket:
            answer = await socket.command("message.send", data, topic=cast.topic)
    assert answer["data"]["duplicate"] is True
    assert await stored(cast.room_id) == ["survives"]


async def test_a_network_that_flaps_loses_none_of_200_sends(two, cast):
    async with Client(two, cast.keys[0], cast.room_id) as sender, Client(two, cast.keys[1], cast.room_id) as hearer:
        for client in (sender, hearer):
            await client.until(client.online.is_set)
        for number in range(200):
            sender.say(str(number))
            if number % 40 == 39:
                for client in (sender, hearer):
                    client.cut()
            await asyncio.sleep(0.01)
        bodies = await agree([sender, hearer], cast)
    assert sorted(map(int, bodies)) == list(range(200))
