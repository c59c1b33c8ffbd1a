"""One of two processes has a clock that is an hour ahead: nobody is gone, signed out or kept waiting for it."""

import asyncio
import contextlib
import uuid

import pytest
from asgiref.sync import sync_to_async

from chat.services import RoomChange, update_room
from tests.cluster import connected, running
from tests.faults.browser import Browser

pytestmark = [pytest.mark.fault, pytest.mark.stack]
TWO_SWEEPS_SECONDS = 11


@contextlib.contextmanager
def one_late(two_with_redis, site_environment):
    """A process whose clock is right and one whose clock is not, on one Redis."""
    (right, _), valkey = two_with_redis
    environment = {**site_environment, "REDIS_URL": valkey.url, "DJANGO_SETTINGS_MODULE": "tests.faults.late"}
    with running(environment) as [late]:
        yield right, late


async def test_people_at_a_process_that_is_an_hour_ahead_are_here_and_heard(two_with_redis, site_environment, cast):
    room = {f"room_{cast.room_id}": None}
    with one_late(two_with_redis, site_environment) as (right, late):
        async with connected(right, cast.keys[0]) as mina, connected(late, cast.keys[1]) as teo:
            for socket, process in ((mina, right), (teo, late)):
                assert (await socket.subscribe(**room))[cast.topic]["mode"] == "snapshot", process.log
            await asyncio.sleep(TWO_SWEEPS_SECONDS)
            for speaker, hearer in ((mina, teo), (teo, mina)):
                data = {"cid": str(uuid.uuid4()), "body": "Are you there?"}
                assert (await speaker.command("message.send", data, topic=cast.topic))["type"] == "ack"
                await hearer.expect("message.created")
            gone = [frame for socket in (mina, teo) for frame in socket._frames if is_farewell(frame)]
            assert gone == []
            for process in (right, late):
                await both_are_here(process, cast)


def is_farewell(frame):
    return frame["type"] == "presence.changed" and frame["data"]["state"] == "offline"


async def both_are_here(process, cast):
    """As a page of this process shows it; its session stands there."""
    page = await asyncio.to_thread(Browser, process, cast.keys[2])
    snapshot = await asyncio.to_thread(page.read, f"/api/rooms/{cast.room_id}/snapshot/")
    states = {entry["user"]: entry["state"] for entry in snapshot["presence"]}
    assert [states.get(person.pk) for person in cast.people[:2]] == ["online", "online"]


async def test_slow_mode_lasts_seconds_and_not_the_hour_between_two_clocks(two_with_redis, site_environment, cast):
    slow = RoomChange(slow_mode_seconds=5)
    await sync_to_async(update_room)(actor=cast.owner, room_id=cast.room_id, change=slow)
    with one_late(two_with_redis, site_environment) as (right, late):
        async with connected(right, cast.keys[1]) as here, connected(late, cast.keys[1]) as there:
            first, second = [{"cid": str(uuid.uuid4()), "body": body} for body in ("first", "second")]
            assert (await there.command("message.send", first, topic=cast.topic))["type"] == "ack"
            await asyncio.sleep(5)
            assert (await here.command("message.send", second, topic=cast.topic))["type"] == "ack"
