"""The recorder: nothing is done when nobody looks, and one event serves whoever many look."""

import asyncio
import contextlib
import sys
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async

from collab.asgi import application
from dashboard import catalogue, flushed, services
from dashboard.flushed import Flushed
from dashboard.models import Alert, Board, Chart, Flush, Rule, Sample, Series, Watch
from dashboard.recorder import Recorder
from dashboard.selectors import watched
from dashboard.services import pruning, recording
from realtime import metrics, presence, testing
from realtime.hub import hub
from tests.dashboard.boarding import put, showing
from tests.factories import make_person, make_room, say

pytestmark = pytest.mark.stack
WATCHERS = 200


@pytest.fixture
async def site(transactional_db, settings):
    """The application without background services: the tests tick themselves."""
    settings.REALTIME_START_SERVICES = False
    hub.start()
    yield
    await testing.stop_realtime()


@pytest.fixture
async def ada(site):
    return await sync_to_async(make_person)("ada", is_staff=True)


@pytest.fixture
async def board(ada):
    return await sync_to_async(services.ensure_site_board)()


def hand_over(number=1, **said):
    recording.store_flush(process="web-1", number=number, data=Flushed(**said))


async def handed(number=1, **said):
    await sync_to_async(hand_over)(number, **said)


def looking(user, board):
    return testing.connected(user, path=f"/ws/dashboard/{board}/", application=application)


async def test_with_nobody_there_it_rests_between_two_looks(site):
    recorder = Recorder()
    assert await recorder.tick() is not None
    rows = await sync_to_async(Sample.objects.count)()
    published = told()
    assert [await recorder.tick() for _ in range(3)] == [None, None, None]
    assert await sync_to_async(Sample.objects.count)() == rows
    await handed(counters={"deliveries": 3})
    assert (await recorder.tick()) is not None
    assert told() == published, "what nobody looks at is recorded and told to nobody"


def told():
    return metrics.published.labels("ephemeral")._value.get()


async def test_who_looks_hears_each_tick_with_what_changed(board, ada):
    series = await sync_to_async(lambda: Series.objects.get(key="site/runs").pk)()
    recorder = Recorder()
    async with looking(ada, board) as page:
        await page.subscribe(**{f"dashboard_{board}": None})
        await handed(counters={"runs": 40})
        first = await recorder.tick()
        one = (await page.expect("samples.recorded"))["data"]
        assert (one["tick"], one["before"]) == (first.tick, first.before)
        [[at, *bucket]] = [point[1:] for point in one["points"] if point[0] == series]
        assert bucket == [1, 40, 40, 40, 40]
        assert abs(at - first.tick) <= 2
        await handed(2, counters={"runs": 2})
        second = await recorder.tick()
        two = (await page.expect("samples.recorded"))["data"]
        assert (two["tick"], two["before"]) == (second.tick, first.tick)
    points = [point[1:] for point in two["points"] if point[0] == series]
    assert sum(point[2] for point in points) in {2, 42}, "absolute: the second may be the same"


async def test_tables_come_with_the_first_tick_and_again_when_they_say_something_else(board, ada):
    recorder = Recorder()
    async with looking(ada, board) as page:
        await page.subscribe(**{f"dashboard_{board}": None})
        await handed(gauges={"sockets": 1})
        await recorder.tick()
        assert {table["source"] for table in (await page.expect("samples.recorded"))["data"]["tables"]}
        await recorder.tick()
        assert (await page.expect("samples.recorded"))["data"]["tables"] == []


class Counted:
    """How often functions of ours ran on this thread."""

    def __init__(self, *names):
        self.calls = dict.fromkeys(names, 0)

    def note(self, frame, event, _):
        if event == "call" and frame.f_code.co_qualname in self.calls:
            self.calls[frame.f_code.co_qualname] += 1


async def test_two_hundred_who_look_cost_one_encoding(board, ada):
    async with contextlib.AsyncExitStack() as stack:
        key = await sync_to_async(testing.make_session)(ada)
        people = [ada, *await sync_to_async(lambda: [make_person(is_staff=True) for _ in range(19)])()]
        keys = [key, *[await sync_to_async(testing.make_session)(person) for person in people[1:]]]
        pages = []
        for number in range(WATCHERS):
            who = number % len(people)
            pages.append(await stack.enter_async_context(looking_again(people[who], board, keys[who])))
        for page in pages:
            await page.subscribe(**{f"dashboard_{board}": None})
        await handed(counters={"deliveries": 40})
        counted = Counted("event_frame", "Hub.publish_ephemeral", "text_frame")
        before = told()
        sys.setprofile(counted.note)
        try:
            await Recorder().tick()
            heard = [await page.expect("samples.recorded") for page in pages]
        finally:
            sys.setprofile(None)
    assert all(one == heard[0] for one in heard)
    assert counted.calls == {"event_frame": 1, "Hub.publish_ephemeral": 1, "text_frame": 1}
    assert told() == before + 1


def looking_again(user, board, key):
    return testing.connected(user, path=f"/ws/dashboard/{board}/", application=application, session_key=key)


async def test_a_board_that_nobody_looks_at_any_more_is_told_nothing(board, ada):
    async with looking(ada, board) as page:
        await page.subscribe(**{f"dashboard_{board}": None})
        assert await sync_to_async(Watch.objects.count)() == 1
    async with asyncio.timeout(20):
        while await sync_to_async(Watch.objects.count)():
            await asyncio.sleep(0.02)
    await handed(counters={"deliveries": 1})
    before = told()
    await Recorder().tick()
    assert told() == before


async def test_what_not_all_who_see_a_board_may_see_is_told_to_none_of_them(ada):
    """Ada's own board has the site's figures, which Teo, who sees it through a room, may not see."""

    def prepare():
        teo = make_person("teo")
        room = make_room(ada, teo)
        mine = services.create_board(actor=ada, name="Mine").id
        services.share_board(actor=ada, board_id=mine, room_id=room.pk, may_edit=False)
        board = Board.objects.get(pk=mine)
        recording.make_series({"site/deliveries"})
        shown = Series.objects.get(key="site/deliveries")
        put(ada, mine, series=showing(shown))
        return teo, board.pk, shown.pk

    teo, mine, series = await sync_to_async(prepare)()
    async with looking(teo, mine) as page:
        await page.subscribe(**{f"dashboard_{mine}": None})
        await handed(counters={"deliveries": 40})
        recorded = await Recorder().tick()
        heard = (await page.expect("samples.recorded"))["data"]
    assert series in recorded.changed
    assert heard["points"] == []


async def test_a_chart_in_a_room_moves_for_whoever_is_there(site):
    def prepare():
        mina = make_person("mina")
        room = make_room(mina)
        message = say(mina, room, "Look")
        recording.make_series({catalogue.room_key(room.pk, "messages")})
        series = Series.objects.get(key=catalogue.room_key(room.pk, "messages"))
        live = recording.database_now() + recording.HELD
        Chart.objects.create(
            message=message.pk, room=room, series=series, aggregate="sum", seconds=3_600, live_until=live
        )
        return mina, room.pk, str(message.pk)

    mina, room, message = await sync_to_async(prepare)()
    async with testing.connected(mina, application=application) as page:
        await page.subscribe(**{f"room_{room}": None})
        await handed(rooms=[(room, "messages", 4)])
        await Recorder().tick()
        moved = (await page.expect("card.moved"))["data"]
    assert moved["message"] == message
    assert sum(value for _, value in moved["points"]) == 4
    assert all(at % 10 == 0 for at, _ in moved["points"])


async def test_a_chart_of_what_no_longer_happens_goes_down_to_nought_and_an_alert_moves_too(site):
    def prepare():
        mina = make_person("mina")
        room = make_room(mina)
        said = [say(mina, room, "Look").pk for _ in range(2)]
        recording.make_series({catalogue.room_key(room.pk, "messages")})
        series = Series.objects.get(key=catalogue.room_key(room.pk, "messages"))
        now = recording.database_now()
        later = now + timedelta(minutes=5)
        Chart.objects.create(message=said[0], room=room, series=series, aggregate="sum", seconds=900, live_until=later)
        rule = Rule.objects.create(series=series, title="Much", threshold=1, room=room, aggregate="sum")
        Alert.objects.create(rule=rule, message=said[1], since=now, fired_at=now, told_at=now, value=2, peak=2)
        recording.record()
        return {said[0], said[1]}, series.pk

    messages, series = await sync_to_async(prepare)()

    def curves(changed, before):
        now = recording.database_now()
        moved = watched.moved_curves(changed=changed, before=int(now.timestamp()) - before, now=now)
        return {one.message: [value for _, value in one.points] for one in moved}

    assert await sync_to_async(curves)(set(), 0) == {}
    quiet = await sync_to_async(curves)(set(), 10)
    assert set(quiet) == messages
    assert all(values[-1] == 0 for values in quiet.values())
    await handed(rooms=[(await sync_to_async(room_of)(series), "messages", 4)])
    await sync_to_async(recording.record)()
    busy = await sync_to_async(curves)({series}, 0)
    assert set(busy) == messages
    assert all(sum(values) == 4 for values in busy.values())


def room_of(series):
    return Series.objects.get(pk=series).room_id


async def test_people_online_and_what_the_assistant_has_to_do_are_found(board, ada):
    room = await sync_to_async(make_room)(ada)
    await sync_to_async(services.ensure_room_board)(actor=ada, room_id=room.pk)
    try:
        async with testing.connected(ada, application=application):
            async with asyncio.timeout(20):
                while not await sync_to_async(presence.here)():
                    await asyncio.sleep(0.05)
            await Recorder().tick()
    finally:
        await presence.roster.stop()
    values = await sync_to_async(lambda: dict(Series.objects.values_list("key", "last_value")))()
    assert values["site/people.online"] == values[f"room/{room.pk}/people"] == 1
    assert values["site/runs.active"] == values["site/queue.assistant"] == 0


async def test_a_pile_that_grew_while_nobody_recorded_is_seen_and_taken(site):
    def pile():
        for number in range(1, 41):
            hand_over(number, counters={"deliveries": 1})

    await sync_to_async(pile)()
    await Recorder().tick()
    values = await sync_to_async(lambda: dict(Series.objects.values_list("key", "last_value")))()
    assert values["site/queue.flush"] == 40
    assert await sync_to_async(Flush.objects.count)() == 0
    assert flushed.decode("{}").is_news is False


async def test_boards_move_on_while_much_is_cleaned_away(site, monkeypatch):
    monkeypatch.setattr("dashboard.recorder.CLEAN_SECONDS", 0.0)
    monkeypatch.setattr(pruning, "ROWS", 1)
    monkeypatch.setattr(pruning, "PAUSE_SECONDS", 0.5)
    await sync_to_async(old_samples)(60)
    recorder = Recorder()
    for number in (1, 2):
        await handed(number, counters={"deliveries": 1})
        assert await recorder.tick() is not None
    assert await Sample.objects.filter(at=0).aexists()
    monkeypatch.setattr(pruning, "PAUSE_SECONDS", 0.0)
    async with asyncio.timeout(60):
        while await Sample.objects.filter(at=0).aexists():
            await asyncio.sleep(0.05)
    recorder.close()


def old_samples(count):
    """Of as many series, each long past its time."""
    series = [Series(key=f"person/1/s{n}", scope="person", name=f"s{n}", outside=True) for n in range(count)]
    Sample.objects.bulk_create(
        Sample(series=one, resolution=1, at=0, count=1, total=1, low=1, high=1, last=1, last_ms=0)
        for one in Series.objects.bulk_create(series)
    )
