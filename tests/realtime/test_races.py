"""Things that happen while the hub waits: nobody is lost, heard twice, let in too early or left behind for good."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from realtime import log, protocol, watch
from realtime.bell import Ring
from realtime.log import Entry
from realtime.models import Event, Topic
from tests.realtime.conftest import publish
from tests.realtime.test_hub import Listener, _many, entries, other, ring, settle

__all__ = ["other"]
pytestmark = [pytest.mark.usefixtures("realtime"), pytest.mark.stack]


async def begin_to_follow(listener, topic="room:1"):
    task = asyncio.ensure_future(listener.hub.attach(listener.socket, [topic]))
    await asyncio.sleep(0)
    assert not listener.hub.feeds[topic].ready
    return task


async def test_events_that_come_while_a_topic_is_being_followed_are_heard(other):
    early, late = Listener(other), Listener(other, user_id=2)
    task = await begin_to_follow(early)
    for seq in (2, 1, 3):
        other.deliver(Entry("room:1", seq, b'{"seq":%d}' % seq), 0.0)
    await task
    assert other.feeds["room:1"].last == 3
    assert (await late.listen("room:1", after=0)).mode == "resume"
    await settle(lambda: late.ear.seqs == [1, 2, 3])


async def test_a_hole_met_while_a_topic_is_being_followed_is_read(other):
    for number in range(4):
        await publish("room:1", str(number))
    found = await sync_to_async(entries)("room:1")
    await sync_to_async(Topic.objects.filter(key="room:1").update)(head_seq=2)
    listener = Listener(other)
    task = await begin_to_follow(listener)
    other.deliver(found[3], 0.0)
    await task
    await settle(lambda: other.feeds["room:1"].last == 4)
    assert not other.feeds["room:1"].held


async def test_who_waited_for_a_follow_that_failed_is_told(other):
    first, second = Listener(other), Listener(other, user_id=2)
    failing = await begin_to_follow(first)
    waiting = await begin_to_follow(second)
    failing.cancel()
    with pytest.raises(ConnectionError):
        await waiting
    assert not other.feeds


async def test_a_follow_that_fails_late_takes_nothing_from_its_successor(other):
    first, second = Listener(other), Listener(other, user_id=2)
    failing = await begin_to_follow(first)
    other.closed(first.socket)
    following = await begin_to_follow(second)
    failing.cancel()
    await following
    other.activate(second.socket, "room:1", None)
    await publish("room:1", "heard")
    await ring(other, "room:1", 1)
    await settle(lambda: second.ear.seqs == [1])


async def test_a_bell_heard_while_a_hole_is_given_time_is_not_forgotten(other):
    listener = Listener(other)
    await listener.listen("room:1")
    for number in range(3):
        await publish("room:1", str(number))
    await ring(other, "room:1", 2)
    other._heard("room:1", Ring(seq=3))
    await ring(other, "room:1", 1)
    async with asyncio.timeout(4):
        await settle(lambda: listener.ear.seqs == [1, 2, 3])


async def test_who_has_not_been_let_in_is_not_let_in_by_a_reset(other):
    listener, waiting = Listener(other), Listener(other, user_id=2)
    await listener.listen("room:1")
    await other.attach(waiting.socket, ["room:1"])
    for number in range(5):
        await publish("room:1", str(number))
    await sync_to_async(Event.objects.filter(topic="room:1", seq__lte=3).delete)()
    await sync_to_async(Topic.objects.filter(key="room:1").update)(min_seq=4)
    await watch.poll(other)
    await settle(lambda: listener.ear.seqs == [4, 5])
    assert waiting.ear.frames == []


async def test_a_replay_goes_no_further_than_the_hub_has_come(other):
    for _ in range(5):
        await sync_to_async(_many)(0)
    listener = Listener(other)
    await listener.listen("room:1", after=10)
    await settle(lambda: listener.ear.seqs[-1:] == [410])
    await publish("room:1", "not heard of here")
    await settle(lambda: not listener.socket.catching)
    listener.socket.received(400)
    other.catch_up(listener.socket)
    await settle(lambda: not listener.socket.behind)
    assert listener.ear.seqs == list(range(11, 501))


@pytest.fixture
async def flaky():
    """A log whose first reading fails."""
    attempts = []

    def read(topic, after, limit):
        attempts.append(after)
        if len(attempts) == 1:
            raise OSError("the disk is on holiday")
        return [Entry(topic, seq, b'{"seq":%d}' % seq) for seq in range(after + 1, 6)]

    await sync_to_async(Topic.objects.create)(key="flaky:1", head_seq=5)
    log.register_reader("flaky", read)
    yield attempts
    del log._readers["flaky"]


@pytest.mark.allow_logged_errors("the log cannot be read once")
async def test_a_replay_that_failed_is_tried_again(other, flaky):
    listener = Listener(other)
    await listener.listen("flaky:1", after=2)
    await settle(lambda: not listener.socket.catching)
    await watch.poll(other)
    await settle(lambda: listener.ear.seqs == [3, 4, 5])


async def test_who_takes_nothing_of_a_replay_counts_as_stalled(other):
    for _ in range(6):
        await sync_to_async(_many)(0)
    listener = Listener(other)
    await listener.listen("room:1", after=10)
    await settle(lambda: len(listener.ear.seqs) == protocol.WINDOW_FRAMES)
    await settle(lambda: not listener.socket.catching)
    assert listener.socket.stalled_for(listener.socket._stalled_at + 61) == 61


async def test_a_second_subscribe_during_a_replay_counts(other):
    for _ in range(6):
        await sync_to_async(_many)(0)
    listener = Listener(other)
    await listener.listen("room:1", after=100)
    await asyncio.sleep(0)
    assert listener.socket.catching
    other.activate(listener.socket, "room:1", 50)
    await settle(lambda: listener.ear.seqs[-1:] == [450])
    assert listener.ear.seqs == list(range(51, 451))


async def test_a_closed_socket_cannot_be_put_on_a_topic(other):
    listener = Listener(other)
    other.close(listener.socket, 4401, "Signed out.")
    await other.attach(listener.socket, ["room:1"])
    assert not other.feeds
    assert other.activate(listener.socket, "room:1", None).mode == "denied"
