"""Peers that read slowly, come all at once, talk rubbish or were away for long; the others do not notice."""

import asyncio
import contextlib
import json
import uuid
from functools import partial
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone

from chat.lines import DatedLine, Line
from chat.services.imports import import_authors, import_lines
from tests.cluster import connected, open_socket
from tests.faults.browser import Browser
from tests.faults.talk import agree, online

pytestmark = [pytest.mark.fault, pytest.mark.stack]


def resident_kib(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def cut_off(sockets):
    """The network goes away under all of them."""
    for socket in sockets:
        socket._link.connection.transport.abort()
    await asyncio.gather(*(socket._link.connection.wait_closed() for socket in sockets))


@contextlib.asynccontextmanager
async def timed(process, session_key):
    """Somebody else's heartbeat all the while; the seconds that each took."""
    waits, loop = [], asyncio.get_running_loop()

    async def beat(socket):
        while True:
            started = loop.time()
            await socket.command("ping")
            waits.append(loop.time() - started)
            await asyncio.sleep(0.05)  # below the limit of commands

    async with connected(process, session_key) as socket:
        task = asyncio.create_task(beat(socket))
        yield waits
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _heard(client, count):
    return len(client.heard) == count


def heard_all(client, count):
    return len(client.heard) == count


async def test_a_burst_of_1000_reaches_a_tab_in_order(one, cast):
    async with online([one], cast) as clients:
        for number in range(50):
            for index, client in enumerate(clients):
                client.say(f"{index}/{number}")
        for client in clients:
            await client.until(partial(_heard, client, 1000), 60)
        assert len(await agree(clients, cast)) == 1000


async def test_twenty_slow_readers_cost_neither_memory_nor_the_others_time(one, cast):
    slow = [await open_socket(one, cast.keys[19]) for _ in range(20)]
    for socket in slow:
        await socket.subscribe(**{f"room_{cast.room_id}": None})
        socket._link.connection.transport.pause_reading()
    async with contextlib.AsyncExitStack() as stack:
        talkers = [await stack.enter_async_context(connected(one, key)) for key in cast.keys[:18]]
        hearer = await stack.enter_async_context(connected(one, cast.keys[18]))
        await hearer.subscribe(**{f"room_{cast.room_id}": None})
        before, waits, size, loop = resident_kib(one.pid), [], 0, asyncio.get_running_loop()
        for talker in talkers * 20:
            data = {"cid": str(uuid.uuid4()), "body": "<" * 7900}
            started = loop.time()
            assert (await talker.command("message.send", data, topic=cast.topic))["type"] == "ack"
            size += len(json.dumps(await hearer.expect("message.created")))
            waits.append(loop.time() - started)
            await hearer.send_raw(json.dumps({"type": "received", "data": {"frames": hearer.taken}}))
    # Each may have a window of 1 MiB on its way, and the room keeps its last 400 frames once for all.
    assert len(slow) * size > 250_000_000
    assert resident_kib(one.pid) - before < 60_000
    assert sorted(waits)[int(len(waits) * 0.99)] < 0.5
    await cut_off(slow)


async def test_300_clients_reconnect_at_once_within_15_seconds(one, cast):
    for _ in range(2):
        async with asyncio.timeout(15):
            sockets = await asyncio.gather(*(open_socket(one, cast.keys[n % 20]) for n in range(300)))
            answers = await asyncio.gather(*(socket.command("ping") for socket in sockets))
        assert {answer["type"] for answer in answers} == {"ack"}
        await cut_off(sockets)


# Rubbish


def send(body, **more):
    return json.dumps(
        {"type": "message.send", "ref": 7, "topic": "TOPIC", "data": {"cid": str(uuid.uuid4()), "body": body} | more}
    )


NESTED = "[" * 10_000 + "]" * 10_000
RUBBISH = [
    ("[" * 10_000, "bad_frame", None),
    (NESTED, "bad_frame", None),
    ('{"type":"message.send","ref":7,"topic":"TOPIC","data":' + NESTED + "}", "bad_frame", None),
    (send("[" * 10_000), "too_large", "body"),
    (send("a\x00b"), "invalid", "body"),
    (send("a\ud800b"), "bad_frame", None),
    (send("x" * 70_000), "too_large", None),
    (send("x" * 8_001), "too_large", "body"),
    (send("hi", admin=True), "invalid", None),
    (send("hi", cid="no uuid"), "invalid", "cid"),
    (send("hi").replace("TOPIC", "room:" + "9" * 40), "not_found", None),
    (send("hi").replace("TOPIC", "user:1"), "invalid", "topic"),
    (send("hi").replace("message.send", "message.\x07"), "bad_frame", None),
    (send("hi").replace("message.send", "__init__"), "unknown_type", None),
    ('{"type":"read.set","ref":7,"topic":"TOPIC","data":{"seq":1e999}}', "invalid", "seq"),
    ('{"type":"read.set","ref":7,"topic":"TOPIC","data":{"seq":-1}}', "invalid", "seq"),
]


async def test_rubbish_gets_its_clear_error_and_leaves_the_others_alone(one, cast):
    async with timed(one, cast.keys[1]) as waits:
        for text, code, field in RUBBISH:
            async with connected(one, cast.keys[0]) as socket:
                await socket.send_raw(text.replace("TOPIC", cast.topic))
                answer = await socket.expect("error")
                assert (answer["code"], answer["field"]) == (code, field), (text[:80], answer)
                assert answer["message"]
                assert (await socket.command("ping"))["type"] == "ack", "the socket lives"
        assert await cast.bodies() == []
    assert max(waits) < 0.5


async def test_text_that_is_hard_to_render_is_stored_and_leaves_the_others_alone(one, cast):
    async with timed(one, cast.keys[1]) as waits, connected(one, cast.keys[0]) as socket:
        bodies = ["[" * 8000, "*" * 8000, "> " * 4000, "`" * 7999 + "a", "[a](" * 2000, "<" * 8000, "@a " * 2600]
        for body in bodies:
            data = {"cid": str(uuid.uuid4()), "body": body}
            assert (await socket.command("message.send", data, topic=cast.topic))["type"] == "ack"
    assert [body.strip() for body in await cast.bodies()] == [body.strip() for body in bodies]
    assert max(waits) < 0.5


async def test_who_sends_only_rubbish_is_closed(one, cast):
    async with connected(one, cast.keys[0]) as socket:
        for _ in range(25):
            await socket.send_raw("{")
        await socket.expect_closed(4429)


# Away


def import_talk(cast, first, count):
    """So many messages at once, 500 in a transaction, as `import_room` does."""
    names = ["Ada", "Grace"]
    authors = import_authors(actor=None, names=names)
    numbers = range(first, first + count)
    lines = [
        DatedLine(Line(line=n, time="12:00", author=names[n % 2], body=f"line {n}"), timezone.now()) for n in numbers
    ]
    for start in range(0, count, 500):
        part = lines[start : start + 500]
        import_lines(actor=None, room_id=cast.room_id, source="talk", lines=part, authors=authors)
    connection.close()


async def test_who_missed_2000_hears_them_and_who_missed_10000_gets_a_snapshot(one, cast):
    async with connected(one, cast.keys[1]) as socket:
        left_at = (await socket.subscribe(**{f"room_{cast.room_id}": None}))[cast.topic]["head"]
    await sync_to_async(import_talk)(cast, 1, 2000)
    async with timed(one, cast.keys[2]) as waits, connected(one, cast.keys[1]) as socket:
        state = (await socket.subscribe(**{f"room_{cast.room_id}": left_at}))[cast.topic]
        assert state == {"mode": "resume", "head": left_at + 2000}
        heard = [await socket.expect("message.created") for _ in range(2000)]
        assert [frame["seq"] for frame in heard] == list(range(left_at + 1, left_at + 2001))
        assert heard[-1]["data"]["message"]["body"] == "line 2000"
        assert (await socket.command("ping"))["type"] == "ack"
        again = [frame for frame in socket._frames if frame["type"] == "message.created"]
        assert again == [], "and nothing twice"
    await sync_to_async(import_talk)(cast, 2001, 8000)
    async with connected(one, cast.keys[1]) as socket:
        state = (await socket.subscribe(**{f"room_{cast.room_id}": left_at}))[cast.topic]
        assert state == {"mode": "snapshot", "head": left_at + 10_000}
        page = await asyncio.to_thread(Browser, one, cast.keys[1])
        snapshot = await asyncio.to_thread(page.read, f"/api/rooms/{cast.room_id}/snapshot/")
        assert snapshot["as_of_seq"] == left_at + 10_000
        assert snapshot["messages"][-1]["body"] == "line 10000"
        sent = {"cid": str(uuid.uuid4()), "body": "I am back"}
        assert (await socket.command("message.send", sent, topic=cast.topic))["type"] == "ack"
        assert (await socket.expect("message.created"))["seq"] == left_at + 10_001
    assert max(waits) < 0.5
