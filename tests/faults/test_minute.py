"""A minute that must pass: a tab sits idle, a peer or a session ends without a word, a process dies with its services.

The stories share the minute, because each consists of waiting.
"""

import asyncio
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session

from realtime import presence
from realtime.models import Lease, Presence
from tests.cluster import connected, open_socket, running

pytestmark = [pytest.mark.fault, pytest.mark.stack]
SERVICE = "realtime.presence.sweeper"


async def holder_of(name):
    return await sync_to_async(lambda: Lease.objects.get(name=name).holder)()


async def name_of(process, session_key, user_id):
    """What a process calls itself, which it tells when somebody is there."""
    async with connected(process, session_key):
        async with asyncio.timeout(30):
            while (row := await sync_to_async(Presence.objects.filter(user_id=user_id).first)()) is None:
                await asyncio.sleep(0.1)
    return row.process


async def until_state(user_id, state, seconds):
    async with asyncio.timeout(seconds):
        while (await sync_to_async(presence.states)([user_id])).get(user_id) != state:
            await asyncio.sleep(0.25)


@pytest.fixture
async def dying_and_living(two_with_redis, site_environment, cast):
    """The process of three that holds the lease of the background service, and the two others."""
    two, valkey = two_with_redis
    with running({**site_environment, "REDIS_URL": valkey.url}) as [third]:
        processes = [*two, third]
        names = [await name_of(process, cast.keys[n], cast.people[n].pk) for n, process in enumerate(processes)]
        holder = names.index(await holder_of(SERVICE))
        yield processes[holder], [process for n, process in enumerate(processes) if n != holder]


async def test_what_waits_dies_or_is_taken_over_within_a_minute(dying_and_living, cast):
    dying, living = dying_and_living
    async with asyncio.TaskGroup() as minute:
        minute.create_task(a_socket_that_sat_idle_still_hears(living, cast))
        minute.create_task(a_peer_that_died_without_a_word_is_gone(living[0], cast))
        minute.create_task(a_session_deleted_behind_our_back_ends_with_the_sweep(living[0], cast))
        minute.create_task(the_services_and_people_of_a_killed_process_are_taken_over(dying, living[1], cast))


async def a_socket_that_sat_idle_still_hears(living, cast):
    async with connected(living[0], cast.keys[1]) as idle:
        await idle.subscribe(**{f"room_{cast.room_id}": None})
        await asyncio.sleep(60)
        async with connected(living[1], cast.keys[0]) as talker:
            data = {"cid": str(uuid.uuid4()), "body": "still there?"}
            await talker.command("message.send", data, topic=cast.topic)
        async with asyncio.timeout(1.5):
            await idle.expect("message.created")


async def a_peer_that_died_without_a_word_is_gone(process, cast):
    person = cast.people[10].pk
    socket = await open_socket(process, cast.keys[10])
    await until_state(person, "online", 5)
    socket._link.connection.transport.pause_reading()  # no pong leaves us any more
    await until_state(person, None, 60)
    socket._link.connection.transport.abort()
    await socket._link.connection.wait_closed()


async def a_session_deleted_behind_our_back_ends_with_the_sweep(process, cast):
    async with connected(process, cast.keys[13]) as socket:
        await sync_to_async(Session.objects.filter(session_key=cast.keys[13]).delete)()
        async with asyncio.timeout(40):
            await socket.expect_closed(4401)


async def the_services_and_people_of_a_killed_process_are_taken_over(dying, living, cast):
    person = cast.people[11].pk
    before = await holder_of(SERVICE)
    async with connected(living, cast.keys[12]) as witness:
        await witness.subscribe(**{f"room_{cast.room_id}": None})
        socket = await open_socket(dying, cast.keys[11])
        await witness.expect("presence.changed", user=person, state="online")
        await asyncio.to_thread(dying.kill)
        await socket.expect_closed(1006)
        async with asyncio.timeout(25):
            while await holder_of(SERVICE) == before:
                await asyncio.sleep(0.5)
        async with asyncio.timeout(60):
            while not await told(witness, person):
                pass
        farewells = [frame for frame in witness._frames if frame["data"].get("user") == person]
        assert farewells == [], "told once"


async def told(witness, person):
    """Whether the next frames say that the person went; a minute has more silence than a socket waits for."""
    try:
        await witness.expect("presence.changed", user=person, state="offline")
    except TimeoutError:
        return False
    return True
