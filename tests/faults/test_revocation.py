"""Who is signed out, banned or removed at one process hears nothing more at the other.

With Redis within a second or two, with Redis dead within ten. Everything happens through the site's own pages and
sockets, so that what Redis' death does to those is seen as well.
"""

import asyncio
import time
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from tests.cluster import connected, make_session
from tests.faults.browser import Browser

pytestmark = [pytest.mark.fault, pytest.mark.stack]
PASSWORD = "correct horse battery"
NEW_PASSWORD = "another horse staple"


class Way:
    """Where sockets are watched, where people act, and how long the news of it may take.

    Attributes:
        watched: the process with the sockets.
        acting: the process that is asked to sign out, ban and remove.
        seconds: how long the other may take to hear of it.
    """

    def __init__(self, processes, seconds):
        self.watched, self.acting = processes
        self.seconds = seconds

    async def closes(self, socket, code):
        started = time.monotonic()
        async with asyncio.timeout(self.seconds + 10):
            await socket.expect_closed(code)
        assert time.monotonic() - started < self.seconds


@pytest.fixture(params=["with redis", "redis killed"], scope="module")
def redis_way(request, pair_with_redis):
    processes, valkey = pair_with_redis
    if request.param == "redis killed":
        valkey.kill()
    return Way(processes, 2.0 if request.param == "with redis" else 10.0)


@pytest.fixture
def way(redis_way, cast):
    return redis_way


async def browser(way, session_key):
    return await asyncio.to_thread(Browser, way.acting, session_key)


async def another_session(person):
    return await sync_to_async(make_session)(person)


async def test_a_ban_in_the_back_office_closes_the_sockets_and_says_why(way, cast):
    office, target = await browser(way, cast.keys[0]), cast.people[1]
    async with connected(way.watched, cast.keys[1]) as socket:
        chosen = {"action": "suspend", "_selected_action": target.pk, "answered": "1"}
        reason = {"reason": "Spam in all rooms", "until_0": "", "until_1": ""}
        await asyncio.to_thread(office.submit, "/admin/accounts/user/", **chosen, **reason)
        async with asyncio.timeout(way.seconds):
            assert (await socket.expect("error"))["message"] == "Spam in all rooms"
        await way.closes(socket, 4403)


async def test_signing_out_closes_the_sockets_of_that_browser_only(way, cast):
    person = cast.people[1]
    phone_key = await another_session(person)
    laptop = await browser(way, cast.keys[1])
    async with connected(way.watched, cast.keys[1]) as gone, connected(way.watched, phone_key) as phone:
        await asyncio.to_thread(laptop.submit, "/account/logout/")
        await way.closes(gone, 4401)
        assert (await phone.command("ping"))["type"] == "ack"


async def test_signing_out_another_device_closes_that_device_only(way, cast):
    person = cast.people[1]
    phone = await browser(way, await another_session(person))
    laptop = await browser(way, cast.keys[1])
    device = await sync_to_async(lambda: person.usersession_set.get(session_key=phone.session_key).pk)()
    async with connected(way.watched, phone.session_key) as gone, connected(way.watched, cast.keys[1]) as stays:
        await asyncio.to_thread(laptop.submit, "/account/devices/", device=device)
        await way.closes(gone, 4401)
        assert (await stays.command("ping"))["type"] == "ack"


async def test_a_new_password_signs_the_others_out_and_lets_this_browser_come_again(way, cast):
    person = cast.people[1]
    await sync_to_async(give_password)(person)
    laptop_key, phone_key = [await another_session(person) for _ in range(2)]
    laptop = await browser(way, laptop_key)
    async with connected(way.watched, laptop_key) as here, connected(way.watched, phone_key) as phone:
        fields = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
        await asyncio.to_thread(laptop.submit, "/account/password/change/", **fields)
        await way.closes(phone, 4401)
        await way.closes(here, 1012)
    assert laptop.session_key != laptop_key
    async with connected(way.watched, laptop.session_key) as here:
        assert (await here.command("ping"))["type"] == "ack"


def give_password(person):
    # The processes do not know the quick hasher of the tests.
    hasher = PBKDF2PasswordHasher()
    person.password = hasher.encode(PASSWORD, hasher.salt(), iterations=1000)
    person.save()


async def test_a_removed_member_hears_nothing_after_the_removal(way, cast):
    room = {f"room_{cast.room_id}": None}
    async with (
        connected(way.watched, cast.keys[1]) as gone,
        connected(way.watched, cast.keys[2]) as stays,
        connected(way.acting, cast.keys[0]) as owner,
    ):
        for socket in (gone, stays):
            await socket.subscribe(**room)
        target = {"user": cast.people[1].pk, "reason": ""}
        seq = (await owner.command("member.remove", target, topic=cast.topic))["data"]["seq"]
        secret = {"cid": str(uuid.uuid4()), "body": "between us"}
        assert (await owner.command("message.send", secret, topic=cast.topic))["type"] == "ack"
        async with asyncio.timeout(way.seconds):
            await stays.expect("message.created")
            assert (await gone.expect("member.removed"))["seq"] == seq
        answer = await gone.command("message.send", secret, topic=cast.topic)
        assert answer["code"] in {"not_member", "not_found"}
        assert [frame for frame in gone._frames if frame.get("topic") == cast.topic and frame.get("seq", 0) > seq] == []
        assert (await gone.subscribe(**room))[cast.topic]["mode"] == "denied"
