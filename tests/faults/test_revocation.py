"""Who is signed out, banned or removed hears nothing more, with Redis within a second, without within ten."""

import asyncio
import time
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session

from accounts.services import revoke_sessions, sanction_user
from chat.services import messages, rooms
from tests.cluster import connected, make_session

pytestmark = [pytest.mark.fault, pytest.mark.stack]
WAYS = ["with redis", "redis killed"]


@pytest.fixture(params=WAYS)
def process_and_seconds(request, two_with_redis):
    """The process whose sockets are watched, and how long a revocation made elsewhere may take."""
    processes, valkey = two_with_redis
    if request.param == "redis killed":
        valkey.kill()
        return processes[0], 10.0
    return processes[0], 1.5


async def closes_within(socket, code, seconds):
    started = time.monotonic()
    async with asyncio.timeout(seconds + 5):
        await socket.expect_closed(code)
    assert time.monotonic() - started < seconds


async def test_a_ban_closes_the_sockets_and_says_why(process_and_seconds, cast):
    process, seconds = process_and_seconds
    async with connected(process, cast.keys[1]) as socket:
        await sync_to_async(sanction_user)(
            actor=cast.owner, user=cast.people[1], kind="ban", reason="Spam in all rooms"
        )
        async with asyncio.timeout(seconds):
            assert (await socket.expect("error"))["message"] == "Spam in all rooms"
        await closes_within(socket, 4403, seconds)


async def test_a_revoked_session_closes_that_device_only(process_and_seconds, cast):
    process, seconds = process_and_seconds
    other_key = await sync_to_async(make_session)(cast.people[1])
    async with connected(process, cast.keys[1]) as one, connected(process, other_key) as other:
        person = cast.people[1]
        await sync_to_async(revoke_sessions)(actor=person, user=person, reason="Signed out.", keep=other_key)
        await closes_within(one, 4401, seconds)
        assert (await other.command("ping"))["type"] == "ack"


async def test_a_removed_member_hears_nothing_after_the_removal(process_and_seconds, cast):
    process, seconds = process_and_seconds
    target = cast.people[1]
    async with connected(process, cast.keys[1]) as gone, connected(process, cast.keys[2]) as stays:
        for socket in (gone, stays):
            await socket.subscribe(**{f"room_{cast.room_id}": None})
        seq = (
            await sync_to_async(rooms.remove_member)(
                actor=cast.owner, room_id=cast.room_id, user_id=target.pk, reason=""
            )
        ).seq
        await sync_to_async(messages.send_message)(
            actor=cast.owner, room_id=cast.room_id, cid=uuid.uuid4(), body="between us"
        )
        async with asyncio.timeout(seconds + 1):
            await stays.expect("message.created")
        heard = []
        while True:
            try:
                frame = await asyncio.wait_for(gone._next(), 1)
            except TimeoutError:
                break
            heard.append(frame.get("seq", 0) if frame.get("topic") == cast.topic else 0)
        assert max(heard, default=0) <= seq
        answer = await gone.command("message.send", {"cid": str(uuid.uuid4()), "body": "x"}, topic=cast.topic)
        assert answer["code"] in {"not_member", "not_found"}


async def test_a_session_deleted_behind_our_back_ends_within_the_sweep(process_and_seconds, cast):
    process, _ = process_and_seconds
    async with connected(process, cast.keys[1]) as socket:
        await sync_to_async(Session.objects.all().delete)()
        await closes_within(socket, 4401, 35)
