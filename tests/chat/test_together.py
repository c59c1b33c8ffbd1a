"""Messages that are stored in one transaction: each is judged by what holds when its turn comes."""

import asyncio
import threading
import uuid

import pytest

from accounts.models import Sanction
from chat import services
from chat.models import Message
from realtime import testing, threads
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import events, topic_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
async def realtime(transactional_db):
    yield
    await testing.stop_realtime()


async def together(room, *services_and_values):
    """Answers of services that are taken into one transaction: their seq, or the code of the refusal."""
    gate = threading.Event()
    held = asyncio.ensure_future(threads.write_to(topic_of(room), gate.wait, 10))
    await asyncio.sleep(0.05)
    waiting = [
        asyncio.ensure_future(threads.write_to(topic_of(room), service, room_id=room.pk, **given))
        for service, given in services_and_values
    ]
    await asyncio.sleep(0.05)
    gate.set()
    await held
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    return [answer.code if isinstance(answer, Refused) else answer.seq for answer in answers]


def says(actor, body="Hello", **given):
    return services.send_message, {"actor": actor, "body": body, "cid": uuid.uuid4()} | given


def bodies(room):
    return list(Message.objects.filter(room=room, kind="user").order_by("seq").values_list("body", flat=True))


async def stored(room):
    """What was said, after a look that the log tells the same without a hole."""
    frames = await threads.read(events, topic_of(room))
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    said = [frame["data"]["message"] for frame in frames if frame["type"] == "message.created"]
    found = await threads.read(bodies, room)
    assert [message["body"] for message in said if message["kind"] == "user"] == found
    return found


async def test_mina_and_teo_talk_at_the_same_time(mina, teo, room):
    first, *others = await together(room, *[says((mina, teo)[n % 2], f"n{n}") for n in range(20)])
    assert others == list(range(first + 1, first + 20))
    assert await stored(room) == [f"n{n}" for n in range(20)]


async def test_teo_who_was_removed_a_moment_before_is_not_heard(mina, teo, room):
    remove = services.remove_member, {"actor": mina, "user_id": teo.pk}
    answers = await together(room, says(mina, "one"), says(teo, "two"), remove, says(teo, "three"), says(mina, "four"))
    assert answers[3] == "not_member"
    assert await stored(room) == ["one", "two", "four"]


async def test_teo_is_not_heard_in_a_room_that_was_closed_a_moment_before(mina, teo, room):
    close = services.update_room, {"actor": mina, "change": services.RoomChange(read_only=True)}
    answers = await together(room, says(teo, "one"), close, says(teo, "two"), says(mina, "three"))
    assert answers[2] == "read_only"
    assert await stored(room) == ["one", "three"]


async def test_ines_who_joined_a_moment_before_is_heard(mina, ines, room):
    def join(*, actor, room_id):
        services.join_room(actor=actor, room_id=room_id)
        return services.send_message(actor=actor, room_id=room_id, cid=uuid.uuid4(), body="Here I am")

    answers = await together(room, says(ines, "one"), says(mina, "two"), (join, {"actor": ines}), says(ines, "three"))
    assert answers[0] == "not_member"
    assert await stored(room) == ["two", "Here I am", "three"]


async def test_a_muted_person_is_refused_among_others_who_are_heard(mina, teo, room):
    await threads.write(Sanction.objects.create, user=teo, kind="mute", room_id=room.pk)
    answers = await together(room, says(mina, "one"), says(teo, "two"), says(mina, "three"))
    assert answers[1] == "muted"
    assert await stored(room) == ["one", "three"]


async def test_slow_mode_counts_what_was_said_in_the_same_transaction(mina, teo, room):
    await threads.write(factories.change, mina, room, slow_mode_seconds=60)
    answers = await together(room, says(teo, "one"), says(mina, "two"), says(teo, "three"), says(mina, "four"))
    assert answers[2] == "slow_mode"
    assert await stored(room) == ["one", "two", "four"]


async def test_the_same_cid_in_one_transaction_is_one_message(mina, teo, room):
    same = says(mina, "once")
    answers = await together(room, says(teo, "before"), same, same, same, says(teo, "after"))
    assert answers[1] == answers[2] == answers[3]
    assert await stored(room) == ["before", "once", "after"]


async def test_a_reply_finds_the_message_of_the_same_transaction(mina, teo, room):
    root = await threads.read(factories.say, mina, room, "root")
    answers = await together(
        room,
        says(teo, "in the thread", thread=root.pk),
        says(mina, "mentions @teo"),
        says(teo, "also", thread=root.pk, reply_to=root.pk),
    )
    frames = await threads.read(events, topic_of(room))
    threads_told = [frame["data"]["thread"] for frame in frames if frame["seq"] in answers]
    assert [thread and thread["replies"] for thread in threads_told] == [1, None, 2]
    assert await stored(room) == ["root", "in the thread", "mentions @teo", "also"]
