"""Peers that read slowly, die without a word, or sit idle."""

import asyncio
import json
import uuid
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async

from realtime import presence
from tests.cluster import connected, open_socket, running

pytestmark = [pytest.mark.fault]


def resident_kib(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def test_a_slow_reader_costs_neither_memory_nor_the_others_time(site_environment, cast):
    with running(site_environment) as [process]:
        slow = await open_socket(process, cast.keys[1])
        await slow.subscribe(**{f"room_{cast.room_id}": None})
        slow._link.connection.transport.pause_reading()
        async with connected(process, cast.keys[0]) as talker, connected(process, cast.keys[2]) as hearer:
            await hearer.subscribe(**{f"room_{cast.room_id}": None})
            before, waits = resident_kib(process.pid), []
            for number in range(400):
                cid, loop = str(uuid.uuid4()), asyncio.get_running_loop()
                started = loop.time()
                data = {"cid": cid, "body": f"{number} " + "wide " * 1500}
                while (await talker.command("message.send", data, topic=cast.topic))["type"] == "error":
                    await asyncio.sleep(0.2)
                    started = loop.time()
                await hearer.expect("message.created")
                waits.append(loop.time() - started)
        assert resident_kib(process.pid) - before < 10_000
        assert sorted(waits)[int(len(waits) * 0.99)] < 0.5
        slow._link.connection.transport.abort()


async def test_a_peer_that_died_without_a_word_is_gone_from_presence_in_a_minute(site_environment, cast):
    with running(site_environment) as [process]:
        socket = await open_socket(process, cast.keys[1])
        await until_state(cast.people[1].pk, "online", 5)
        socket._link.connection.transport.pause_reading()  # no pong leaves us any more
        await until_state(cast.people[1].pk, None, 60)
        socket._link.connection.transport.abort()


async def until_state(user_id, state, seconds):
    async with asyncio.timeout(seconds):
        while (await sync_to_async(presence.states)([user_id])).get(user_id) != state:
            await asyncio.sleep(0.25)


async def test_a_socket_that_sat_idle_for_a_minute_still_hears(two_with_redis, cast):
    processes, _ = two_with_redis
    async with connected(processes[0], cast.keys[1]) as idle, connected(processes[1], cast.keys[0]) as talker:
        await idle.subscribe(**{f"room_{cast.room_id}": None})
        await asyncio.sleep(60)
        await talker.command("message.send", {"cid": str(uuid.uuid4()), "body": "still there?"}, topic=cast.topic)
        async with asyncio.timeout(1.5):
            await idle.expect("message.created")


async def test_300_clients_reconnect_at_once_within_15_seconds(site_environment, cast):
    with running(site_environment) as [process]:
        for _ in range(2):
            async with asyncio.timeout(15):
                sockets = await asyncio.gather(*(open_socket(process, cast.keys[n % 20]) for n in range(300)))
            answers = await asyncio.gather(*(socket.command("ping") for socket in sockets[:0]))
            assert all(answer["type"] == "ack" for answer in answers)
            for socket in sockets:
                socket._link.connection.transport.abort()


async def test_malformed_frames_leave_the_latency_of_others_alone(site_environment, cast):
    with running(site_environment) as [process]:
        async with connected(process, cast.keys[0]) as attacker, connected(process, cast.keys[1]) as other:
            flood = [json.dumps({"type": "message.send", "ref": 1, "topic": cast.topic, "data": {"body": "[" * 8000}})]
            flood += ["[" * 60_000, '{"type":"' + "x" * 60_000]
            waits, loop = [], asyncio.get_running_loop()
            for number in range(30):
                await attacker.send_raw(flood[number % 3]) if number < 15 else None
                started = loop.time()
                await other.command("ping")
                waits.append(loop.time() - started)
        assert max(waits) < 0.5
