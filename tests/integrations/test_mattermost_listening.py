"""The listener against the imitated server: nothing lost or heard twice, over cuts, dead lines, restarts and gaps."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from integrations.mattermost.listening import WAITING_MOST, Cursor, Listener, Pace
from tests.fakes.mattermost import FakeMattermost
from tests.outbound.test_dialing import certificate_for

QUICK = Pace(ping=0.2, pong=15.0, connect=5.0, retry_least=0.02, retry_most=0.1, settled=0.0)
PATIENCE_SECONDS = 20.0


@pytest.fixture
def fake(settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with FakeMattermost() as running:
        yield running


@pytest.fixture
def seed(fake):
    return fake.seed()


class Notes:
    """A hearer that writes down what it is told."""

    def __init__(self):
        self.log = []
        self.cursor = Cursor()
        self.held = asyncio.Event()
        self.held.set()
        self.changed = asyncio.Event()

    async def take(self, events, cursor):
        await self.held.wait()
        self.note(*(event for event in events if event.event != "status_change"))
        self.cursor = cursor

    async def missed(self):
        self.note("missed")

    async def connected(self, *, resumed):
        self.note("resumed" if resumed else "fresh")

    async def disconnected(self, words, *, retry_seconds):
        self.note(f"lost: {words}")

    def note(self, *items):
        self.log.extend(items)
        self.changed.set()

    @property
    def texts(self):
        posted = [one for one in self.log if not isinstance(one, str) and one.event == "posted"]
        return [json.loads(one.data["post"])["message"] for one in posted]

    @property
    def words(self):
        return [one for one in self.log if isinstance(one, str)]

    async def until(self, met):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not met():
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def listening(fake, seed, notes, *, pace=QUICK, cursor=None, token="", ask=None):
    listener = Listener(
        url=fake.url, token=token or seed.bot_token, hearer=notes, pace=pace, cursor=cursor or Cursor(), ask=ask
    )
    task = asyncio.create_task(listener.run())
    try:
        yield listener
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def say(fake, seed, first, last):
    for number in range(first, last):
        fake.say("alice", seed.channel_id, f"{number}")


def numbers(first, last):
    return [f"{number}" for number in range(first, last)]


async def test_listener_that_begins_has_to_catch_up_and_then_hears_everything(fake, seed):
    notes = Notes()
    async with listening(fake, seed, notes):
        await notes.until(lambda: "fresh" in notes.words)
        say(fake, seed, 0, 300)
        await notes.until(lambda: len(notes.texts) == 300)
    assert notes.words == ["missed", "fresh"]
    assert notes.texts == numbers(0, 300)


async def test_cut_line_goes_on_where_it_was(fake, seed):
    notes = Notes()
    async with listening(fake, seed, notes):
        await notes.until(lambda: "fresh" in notes.words)
        say(fake, seed, 0, 5)
        fake.cut_sockets()
        say(fake, seed, 5, 60)
        await notes.until(lambda: len(notes.texts) == 60)
    assert notes.texts == numbers(0, 60)
    assert notes.words.count("missed") == 1
    assert notes.words[-1] == "resumed"


async def test_many_cuts_lose_and_repeat_nothing(fake, seed):
    notes = Notes()
    async with listening(fake, seed, notes):
        await notes.until(lambda: "fresh" in notes.words)
        for round_ in range(10):
            say(fake, seed, round_ * 20, round_ * 20 + 20)
            fake.cut_sockets()
            await notes.until(lambda back=round_ + 1: notes.words.count("resumed") >= back)
        await notes.until(lambda: len(notes.texts) == 200)
    assert notes.texts == numbers(0, 200)
    assert notes.words.count("missed") == 1


async def test_resume_with_nothing_to_tell_is_noticed(fake, seed):
    notes = Notes()
    async with listening(fake, seed, notes):
        await notes.until(lambda: "fresh" in notes.words)
        fake.cut_sockets()
        await notes.until(lambda: "resumed" in notes.words)
    assert notes.words.count("missed") == 1


async def test_new_process_goes_on_from_the_cursor_that_was_kept(fake, seed):
    first, second = Notes(), Notes()
    async with listening(fake, seed, first):
        await first.until(lambda: "fresh" in first.words)
        say(fake, seed, 0, 10)
        await first.until(lambda: len(first.texts) == 10)
    while fake.sockets_open():
        await asyncio.sleep(0.01)
    say(fake, seed, 10, 30)
    async with listening(fake, seed, second, cursor=first.cursor):
        await second.until(lambda: len(second.texts) == 20)
    assert second.texts == numbers(10, 30)
    assert second.words == ["resumed"]


async def test_events_that_were_read_but_not_kept_are_heard_again_after_a_crash(fake, seed):
    first, second = Notes(), Notes()
    async with listening(fake, seed, first) as listener:
        await first.until(lambda: "fresh" in first.words)
        say(fake, seed, 0, 3)
        await first.until(lambda: len(first.texts) == 3)
        first.held.clear()
        say(fake, seed, 3, 40)
        while listener._cursor.next_seq < first.cursor.next_seq + 37:
            await asyncio.sleep(0.01)
    while fake.sockets_open():
        await asyncio.sleep(0.01)
    async with listening(fake, seed, second, cursor=first.cursor):
        await second.until(lambda: len(second.texts) == 37)
    assert second.texts == numbers(3, 40)
    assert "missed" not in second.words


@pytest.mark.parametrize("why", ["too much", "restart", "idle too long"])
async def test_gap_is_told_before_what_comes_after_it(fake, seed, why):
    notes = Notes()
    async with listening(fake, seed, notes):
        await notes.until(lambda: "fresh" in notes.words)
        before = len(notes.log)
        fake.hold_requests()
        fake.restart() if why == "restart" else fake.cut_sockets()
        if why == "too much":
            say(fake, seed, 0, 270)
        elif why == "idle too long":
            fake.advance(640)
        fake.release_requests()
        await notes.until(lambda: notes.words.count("fresh") == 2)
        say(fake, seed, 1000, 1001)
        await notes.until(lambda: "1000" in notes.texts)
    after = notes.log[before:]
    assert [one for one in after if isinstance(one, str) and not one.startswith("lost")] == ["missed", "fresh"]
    assert [one for one in notes.texts if one == "1000"] == ["1000"]


async def test_half_open_line_is_given_up_and_its_late_frames_are_nobodys(fake, seed):
    notes = Notes()
    pace = Pace(ping=0.2, pong=1.0, retry_least=0.02, retry_most=0.1)
    async with listening(fake, seed, notes, pace=pace) as listener:
        await notes.until(lambda: "fresh" in notes.words)
        first = listener.generation
        fake.freeze_sockets()
        say(fake, seed, 0, 3)
        await notes.until(lambda: notes.words.count("fresh") == 2)
        assert listener.generation > first
        fake.thaw_sockets()
        say(fake, seed, 3, 5)
        await notes.until(lambda: "4" in notes.texts)
    assert notes.texts == numbers(3, 5)
    assert "lost: The server stopped answering." in notes.words
    assert notes.words.count("missed") == 2


async def test_default_pace_notices_a_dead_line_within_a_minute():
    pace = Pace()
    assert pace.ping + pace.pong < 60


async def test_slow_hearer_does_not_hold_the_line_up(fake, seed):
    notes = Notes()
    async with listening(fake, seed, notes) as listener:
        await notes.until(lambda: "fresh" in notes.words)
        notes.held.clear()
        await asyncio.to_thread(say, fake, seed, 0, 600)
        while listener._items.qsize() < 400:
            await asyncio.sleep(0.01)
        assert notes.words == ["missed", "fresh"]
        notes.held.set()
        await notes.until(lambda: len(notes.texts) == 600)
    assert notes.texts == numbers(0, 600)


@pytest.mark.parametrize("rubbish", ["{", '{"event":"hello","seq":0,"data":{"connection_id":7}}', "seq"])
async def test_server_that_talks_nonsense_is_asked_anew(fake, seed, rubbish):
    notes = Notes()
    async with listening(fake, seed, notes):
        await notes.until(lambda: "fresh" in notes.words)
        fake.skip_numbers() if rubbish == "seq" else fake.babble(rubbish)
        say(fake, seed, 0, 1)
        await notes.until(lambda: notes.words.count("fresh") == 2)
        say(fake, seed, 1, 2)
        await notes.until(lambda: "1" in notes.texts)
    assert notes.words.count("missed") == 2


async def test_hearer_that_falls_far_behind_is_told_to_catch_up(fake, seed):
    notes = Notes()
    async with listening(fake, seed, notes):
        await notes.until(lambda: "fresh" in notes.words)
        notes.held.clear()
        await asyncio.to_thread(say, fake, seed, 0, WAITING_MOST + 1000)
        notes.held.set()
        await notes.until(lambda: notes.words.count("fresh") == 2)
        say(fake, seed, 90_000, 90_001)
        await notes.until(lambda: "90000" in notes.texts)
    told = [int(text) for text in notes.texts]
    assert told == sorted(set(told))
    assert "lost: More came than could be kept up with." in notes.words
    assert notes.words.count("missed") == 2


async def test_hearer_that_fails_ends_the_listening(fake, seed):
    class Broken(Notes):
        async def take(self, events, cursor):
            raise ZeroDivisionError

    notes = Broken()
    task = asyncio.create_task(Listener(url=fake.url, token=seed.bot_token, hearer=notes, pace=QUICK).run())
    await notes.until(lambda: "fresh" in notes.words)
    say(fake, seed, 0, 1)
    with pytest.raises(ExceptionGroup) as ended:
        await task
    assert ended.group_contains(ZeroDivisionError)


async def test_wrong_token_is_told_by_who_can_tell(fake, seed):
    async def ask():
        return "The server does not accept the token any more."

    fake.set(auth_seconds=0.1)
    notes = Notes()
    async with listening(fake, seed, notes, token="x" * 26, ask=ask):
        await notes.until(lambda: len(notes.words) >= 2)
    assert set(notes.words) == {"lost: The server does not accept the token any more."}


async def test_server_that_is_away_is_tried_ever_more_seldom(fake, seed):
    notes = Notes()
    fake.go_down()
    pace = Pace(retry_least=0.05, retry_most=0.4)
    async with listening(fake, seed, notes, pace=pace):
        began = asyncio.get_running_loop().time()
        await notes.until(lambda: len(notes.words) == 6)
        took = asyncio.get_running_loop().time() - began
        assert took >= 0.5 * (0.05 + 0.1 + 0.2 + 0.4 + 0.4)
        assert set(notes.words) == {"lost: 127.0.0.1 cannot be reached on port " + fake.url.rpartition(":")[2] + "."}
        fake.come_up()
        await notes.until(lambda: "fresh" in notes.words)


async def test_address_without_a_mattermost_server_is_said_so(fake, seed):
    notes = Notes()
    listener = Listener(url=f"{fake.url}/elsewhere", token=seed.bot_token, hearer=notes, pace=QUICK)
    task = asyncio.create_task(listener.run())
    await notes.until(lambda: notes.words)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert notes.words[0] == "lost: 127.0.0.1 opens no WebSocket at this address."


async def test_encrypted_line_asks_for_the_right_certificate(settings, tmp_path):
    settings.OUTBOUND_ALLOW = ["localhost"]
    tls, trust = certificate_for("localhost", tmp_path)
    with FakeMattermost(tls=tls) as fake:
        token = fake.seed().bot_token
        believing, doubting = Notes(), Notes()
        listeners = [
            Listener(url=fake.url, token=token, hearer=believing, pace=QUICK, trust=trust),
            Listener(url=fake.url, token=token, hearer=doubting, pace=QUICK),
        ]
        tasks = [asyncio.create_task(one.run()) for one in listeners]
        await believing.until(lambda: "fresh" in believing.words)
        await doubting.until(lambda: doubting.words)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert doubting.words[0] == "lost: The certificate of localhost is not valid."


@pytest.mark.parametrize("url", ["ftp://chat.example.org", "chat.example.org", "https://me:pw@chat.example.org"])
async def test_address_that_is_none_is_said_so(url):
    notes = Notes()
    task = asyncio.create_task(Listener(url=url, token="x" * 26, hearer=notes, pace=QUICK).run())
    await notes.until(lambda: notes.words)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert notes.words[0].startswith("lost: An address")


async def test_address_may_be_written_in_other_ways(fake, seed):
    notes = Notes()
    listener = Listener(url=fake.url.replace("http", "HTTP") + "/", token=seed.bot_token, hearer=notes, pace=QUICK)
    task = asyncio.create_task(listener.run())
    await notes.until(lambda: "fresh" in notes.words)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_bridge_does_not_listen_inside_the_network_unless_allowed(fake, seed, settings):
    settings.OUTBOUND_ALLOW = []
    notes = Notes()
    async with listening(fake, seed, notes):
        await notes.until(lambda: notes.words)
    assert "OUTBOUND_ALLOW" in notes.words[0]
    assert fake.requests == []


async def test_older_server_begins_anew_each_time(fake, seed):
    fake.set(version="5.37.0")
    notes = Notes()
    async with listening(fake, seed, notes):
        await notes.until(lambda: "fresh" in notes.words)
        fake.cut_sockets()
        await notes.until(lambda: notes.words.count("fresh") == 2)
    assert notes.words.count("missed") == 2


async def test_typing_and_large_posts_arrive(fake, seed):
    notes = Notes()
    async with listening(fake, seed, notes):
        await notes.until(lambda: "fresh" in notes.words)
        fake.type_in("alice", seed.channel_id)
        fake.say("alice", seed.channel_id, "é" * 16_383, props={"a": "x" * 700_000})
        await notes.until(lambda: notes.texts)
    assert [one.event for one in notes.log if not isinstance(one, str)] == ["typing", "posted"]
