"""The hub of another process: what the bell loses, doubles or turns round is read from the log, in order, once."""

import asyncio
import json
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async

from realtime import log, protocol, watch
from realtime.bell import Ring
from realtime.feed import RING_EVENTS
from realtime.hub import Hub, hub
from realtime.log import Entry
from realtime.models import Event, Topic
from realtime.protocol import Effect
from realtime.sessions import Identity
from realtime.socket import Socket
from realtime.transport import Outlet, payloads_of
from tests.realtime.conftest import Noted, Told, Waved, publish

pytestmark = [pytest.mark.usefixtures("realtime"), pytest.mark.stack]


class Ear(Outlet):
    """Keeps what a socket was sent."""

    def __init__(self):
        self.frames = []
        self.writes = 0
        self.write = self._keep

    def _keep(self, frames):
        self.writes += 1
        self.frames += [json.loads(payload) for payload in payloads_of(frames)]

    @property
    def seqs(self):
        return [frame["seq"] for frame in self.frames if "seq" in frame]


class Listener:
    """A socket on a hub, with its ear."""

    def __init__(self, on, user_id=1):
        self.ear = Ear()
        self.hub = on
        self.closed = []
        identity = Identity(user=SimpleNamespace(pk=user_id), session_key="k", session="d", read_at=0.0)
        self.socket = Socket(identity, self.ear, lambda code, reason: self.closed.append(code))
        on.open(self.socket)

    async def listen(self, topic, after=None):
        await self.hub.attach(self.socket, [topic])
        state = self.hub.activate(self.socket, topic, after)
        self.hub.catch_up(self.socket)
        return state


@pytest.fixture
async def other(realtime):
    """A second hub on the same database that hears no bell unless a test rings it."""
    hub.start()
    second = Hub()
    second.start()
    second.bell._layer = None
    yield second
    await second.stop()


async def settle(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def entries(topic, after=0):
    return log.read(topic, after, 1000)


async def ring(on, topic, *seqs):
    found = {entry.seq: entry for entry in await sync_to_async(entries)(topic)}
    for seq in seqs:
        on._heard(topic, Ring(seq=seq, frame=found[seq].frame, effect=found[seq].effect))


async def test_frames_of_one_tick_leave_in_one_write(other):
    listener = Listener(other)
    await listener.listen("room:1")
    for number in range(3):
        await publish("room:1", str(number))
    await ring(other, "room:1", 1, 2, 3)
    await asyncio.sleep(0)
    assert (listener.ear.seqs, listener.ear.writes) == ([1, 2, 3], 1)


async def test_bells_that_come_doubled_and_turned_round_are_put_in_order(other):
    listener = Listener(other)
    await listener.listen("room:1")
    for number in range(4):
        await publish("room:1", str(number))
    await ring(other, "room:1", 2, 2, 1, 4, 1, 3, 4)
    await settle(lambda: len(listener.ear.seqs) == 4)
    assert listener.ear.seqs == [1, 2, 3, 4]


async def test_a_lost_bell_is_made_good_from_the_log(other):
    listener = Listener(other)
    await listener.listen("room:1")
    for number in range(3):
        await publish("room:1", str(number))
    await ring(other, "room:1", 3)
    await settle(lambda: listener.ear.seqs == [1, 2, 3])


async def test_a_silent_bell_costs_one_poll(other):
    listener = Listener(other)
    await listener.listen("room:1")
    await publish("room:1", "unheard")
    await watch.poll(other)
    await settle(lambda: listener.ear.seqs == [1])


async def test_a_bell_without_its_frame_is_read_from_the_log(other):
    listener = Listener(other)
    await listener.listen("room:1")
    await publish("room:1", "from a command")
    other._heard("room:1", Ring(seq=1))
    await settle(lambda: listener.ear.seqs == [1])


async def test_who_heard_of_a_pruned_gap_starts_over(other):
    listener = Listener(other)
    await listener.listen("room:1")
    for number in range(5):
        await publish("room:1", str(number))
    await sync_to_async(Event.objects.filter(topic="room:1", seq__lte=3).delete)()
    await sync_to_async(Topic.objects.filter(key="room:1").update)(min_seq=4)
    await watch.poll(other)
    await settle(lambda: listener.ear.seqs == [4, 5])
    assert listener.ear.frames[0] == {"type": "reset", "topic": "room:1", "data": {"head": 5}}


async def test_a_resume_further_back_than_the_ring_reads_the_log(other):
    for number in range(RING_EVENTS // 100):
        await sync_to_async(_many)(number)
    listener = Listener(other)
    assert (await listener.listen("room:1", after=10)).mode == "resume"
    await settle(lambda: len(listener.ear.seqs) == protocol.WINDOW_FRAMES - 10)
    assert listener.ear.seqs == list(range(11, 401))


async def test_what_was_redacted_is_replayed_from_no_memory(other):
    early, late = Listener(other), Listener(other)
    await early.listen("room:1")
    await publish("room:1", "a secret")
    await publish("room:1", "something else")
    await ring_all(other, 0)
    await settle(lambda: early.ear.seqs == [1, 2])
    await sync_to_async(log.redact)(topic="room:1", seqs=[1], event=Noted(text=""))
    await publish("room:1", "it is gone", Effect(forget={"room:1": 1, "room:2": 7}))
    await watch.poll(other)
    await settle(lambda: early.ear.seqs == [1, 2, 3])
    await late.listen("room:1", after=0)
    await settle(lambda: late.ear.seqs == [1, 2, 3])
    assert [frame["data"]["text"] for frame in late.ear.frames] == ["", "something else", "it is gone"]


def _many(_):
    from tests.realtime.conftest import note

    for _ in range(100):
        note(topic="room:1", text="x")


async def test_nobody_waits_for_a_slow_reader(other):
    slow, quick = Listener(other), Listener(other, user_id=2)
    for listener in (slow, quick):
        await listener.listen("room:1")
    for start in range(0, 600, 100):
        await sync_to_async(_many)(start)
        await ring_all(other, start)
        quick.socket.received(quick.socket.frames_out)
        other.catch_up(quick.socket)
    await settle(lambda: len(quick.ear.seqs) == 600)
    assert quick.ear.seqs == list(range(1, 601))
    assert slow.ear.seqs == list(range(1, 401))
    assert slow.socket.stalled_for(slow.socket._stalled_at + 61) == 61
    slow.socket.received(400)
    other.catch_up(slow.socket)
    await settle(lambda: len(slow.ear.seqs) == 600)
    assert slow.ear.seqs == list(range(1, 601))
    await publish("room:1", "live again")
    await ring_all(other, 600)
    await settle(lambda: slow.ear.seqs[-1] == 601)


async def ring_all(on, after):
    for entry in await sync_to_async(entries)("room:1", after):
        on._heard("room:1", Ring(seq=entry.seq, frame=entry.frame))
    await asyncio.sleep(0)


async def test_a_tick_larger_than_the_window_is_sent_as_far_as_it_goes(other):
    listener = Listener(other)
    await listener.listen("room:1")
    for _ in range(5):
        await sync_to_async(_many)(0)
    await ring_all(other, 0)
    await settle(lambda: listener.ear.seqs == list(range(1, 401)))
    listener.socket.received(400)
    other.catch_up(listener.socket)
    await settle(lambda: listener.ear.seqs == list(range(1, 501)))


async def test_a_megabyte_on_the_way_is_enough_whatever_the_frames(other):
    listener = Listener(other)
    await listener.listen("room:1")
    big = "x" * 30_000
    for _ in range(60):
        await publish("room:1", big)
    await ring_all(other, 0)
    assert 20 < len(listener.ear.seqs) < 40
    listener.socket.received(len(listener.ear.seqs))
    other.catch_up(listener.socket)
    await settle(lambda: len(listener.ear.seqs) == 60)


async def test_who_is_dropped_while_waiting_gets_nothing_more(other):
    listener = Listener(other, user_id=5)
    await listener.listen("room:1")
    for start in range(0, 500, 100):
        await sync_to_async(_many)(start)
        await ring_all(other, start)
    assert listener.ear.seqs[-1] == 400
    other.deliver(Entry("room:1", 501, b"{}", protocol.Effect(drop_user=5)), 0.0)
    listener.socket.received(400)
    other.catch_up(listener.socket)
    await asyncio.sleep(0.1)
    assert listener.ear.seqs[-1] == 400
    assert "room:1" not in other.feeds


async def test_the_last_value_of_a_burst_is_the_only_one_sent(other):
    listener = Listener(other)
    await listener.listen("room:1")
    for text in "abc":
        other.publish_ephemeral(topic="room:1", event=Waved(text=text), key="7")
    other.publish_ephemeral(topic="room:1", event=Waved(text="z"), key="8")
    await settle(lambda: len(listener.ear.frames) == 2)
    assert [frame["data"]["text"] for frame in listener.ear.frames] == ["c", "z"]


async def test_a_person_dropped_before_the_rights_were_read_does_not_go_live(other):
    listener = Listener(other, user_id=5)
    keeper = Listener(other, user_id=6)
    await keeper.listen("room:1")
    await other.attach(listener.socket, ["room:1"])
    await publish("room:1", "first")
    other.deliver(Entry("room:1", 1, b'{"seq":1}', protocol.Effect(drop_user=5)), 0.0)
    assert other.activate(listener.socket, "room:1", None).mode == "denied"


async def test_two_commits_that_arrive_turned_round_need_no_log(other):
    listener = Listener(other)
    await listener.listen("room:1")
    other.deliver(Entry("room:1", 2, b'{"seq":2}'), 0.0)
    other.deliver(Entry("room:1", 1, b'{"seq":1}'), 0.0)
    await asyncio.sleep(0)
    assert listener.ear.seqs == [1, 2]


async def test_a_session_that_was_replaced_is_told_so_before_the_sweep_finds_it_gone(other):
    """A new password gives the browser another session; with a dead bell only the log says what became of the old."""
    listener = Listener(other)
    await listener.listen("user:1")
    effect = Effect(close_code=1012, session="d")
    await sync_to_async(log.append)(topic="user:1", event=Told(text="renewed"), effect=effect)
    await watch.sweep(other)
    assert listener.closed == [1012]
