"""What is handed over becomes samples: sums, gauges, roll-ups, repeats, lateness and clocks."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard import flushed, series
from dashboard.flushed import Flushed
from dashboard.models import Flush, Process, Sample, Series
from dashboard.selectors import samples
from dashboard.services import recording
from tests import factories

pytestmark = [pytest.mark.stack, pytest.mark.django_db]

NOW = datetime(2026, 3, 1, 12, 52, 45, 250_000, tzinfo=UTC)
TICK = int(NOW.timestamp())


def flush(process="web-1", number=1, *, at=NOW, **said):
    """What a process stored at a moment."""
    return Flush.objects.create(process=process, number=number, at=at, data=flushed.encode(Flushed(**said)))


def buckets(key, resolution=1):
    rows = Sample.objects.filter(series__key=key, resolution=resolution).order_by("at")
    return [list(row) for row in rows.values_list("at", "count", "total", "low", "high", "last")]


def test_counters_of_two_processes_are_added_up():
    flush("web-1", 1, counters={"deliveries": 40})
    flush("web-2", 7, counters={"deliveries": 2})
    recorded = recording.record(now=NOW)
    for resolution in series.RESOLUTIONS:
        assert buckets("site/deliveries", resolution) == [[TICK - TICK % resolution, 2, 42, 2, 40, 2]]
    deliveries = Series.objects.get(key="site/deliveries")
    assert (deliveries.kind, deliveries.scope, deliveries.last_value) == ("counter", "site", 2)
    assert recorded.changed[deliveries.pk] == [[TICK, 2, 42, 2, 40, 2]]
    assert not Flush.objects.exists()


def test_what_happens_in_a_room_counts_for_the_room_and_the_site():
    room = factories.make_room(factories.make_person("mina"))
    flush(rooms=[(room.pk, "messages", 3), (room.pk, "answers", 1), (987_654, "messages", 2), (room.pk, "odd", 1)])
    recording.record(now=NOW)
    assert [bucket[2] for bucket in buckets(f"room/{room.pk}/messages")] == [3]
    assert [bucket[2] for bucket in buckets("site/messages")] == [5]
    assert [bucket[2] for bucket in buckets(f"room/{room.pk}/answers")] == [1]
    keys = set(Series.objects.values_list("key", flat=True))
    assert keys == {f"room/{room.pk}/messages", f"room/{room.pk}/answers", "site/messages", "site/up"}


def test_gauges_of_processes_are_summed_or_the_worst_and_held_while_they_live():
    flush("web-1", 1, gauges={"sockets": 10, "loop.lag": 3})
    flush("web-2", 1, gauges={"sockets": 5, "loop.lag": 80}, at=NOW - timedelta(seconds=9))
    recording.record(now=NOW)
    recording.record(now=NOW + timedelta(seconds=1))
    recording.record(now=NOW + timedelta(seconds=4))
    assert [bucket[5] for bucket in buckets("site/sockets")] == [15, 15, 10]
    assert [bucket[5] for bucket in buckets("site/loop.lag")] == [80, 80, 3]
    assert [bucket[5] for bucket in buckets("site/up")] == [2, 2, 1]
    recording.record(now=NOW + timedelta(seconds=20))
    assert [bucket[5] for bucket in buckets("site/up")] == [2, 2, 1, 0]
    assert len(buckets("site/sockets")) == 3


def test_latencies_are_of_all_processes_together():
    flush("web-1", 1, histograms={"collab_delivery_seconds": [(0.001, 0.0025, 90), (0.1, 0.25, 5)]})
    flush("web-2", 1, histograms={"collab_delivery_seconds": [(0.001, 0.0025, 5)]})
    recording.record(now=NOW)
    [half], [most] = buckets("site/delivery.p50"), buckets("site/delivery.p95")
    assert half[5] == pytest.approx(1 + 1.5 * 50 / 95)
    assert most[5] == pytest.approx(2.5)
    assert buckets("site/delivery.p99")[0][5] == pytest.approx(100 + 150 * 4 / 5)
    assert not Series.objects.filter(key="site/command.p95").exists()


def test_a_flush_repeated_before_or_after_it_was_taken_counts_once():
    for _ in range(2):
        recording.store_flush(process="web-1", number=3, data=Flushed(counters={"deliveries": 5}))
    recording.record()
    recording.store_flush(process="web-1", number=3, data=Flushed(counters={"deliveries": 5}))
    recording.store_flush(process="web-1", number=4, data=Flushed(counters={"deliveries": 1}))
    recording.record()
    assert sum(bucket[2] for bucket in buckets("site/deliveries")) == 6
    assert Process.objects.get().number == 4


def test_a_late_flush_is_added_where_it_belongs_and_does_not_replace_what_is_newer():
    flush("web-1", 1, counters={"deliveries": 5})
    recording.record(now=NOW)
    late = NOW - timedelta(seconds=40)
    flush("web-2", 1, counters={"deliveries": 2}, at=late)
    recorded = recording.record(now=NOW + timedelta(seconds=1))
    assert [bucket[2] for bucket in buckets("site/deliveries")] == [2, 5]
    [hour] = buckets("site/deliveries", 3600)
    assert (hour[2], hour[5]) == (7, 5)
    deliveries = Series.objects.get(key="site/deliveries")
    assert deliveries.last_at == NOW
    assert [bucket[0] for bucket in recorded.changed[deliveries.pk]] == [TICK - 40]


def test_points_from_outside_come_with_the_next_tick_each_at_its_own_time():
    mina = factories.make_person("mina")
    outside = Series.objects.create(key="person/1/tests", scope="person", owner=mina, name="tests", outside=True)
    ms = TICK * 1000
    recording.hand_over(points=[(outside.pk, ms - 5_000, 3.0), (outside.pk, ms - 4_500, 7.0), (outside.pk, ms, 1.0)])
    recording.hand_over(points=[(outside.pk, ms - 4_800, 5.0), (outside.pk, ms - 3_000_000, 9.0)])
    recording.hand_over(points=[(outside.pk + 999, ms, 5.0)])
    with pytest.raises(ValueError, match="finite"):
        recording.hand_over(points=[(outside.pk, ms, float("inf"))])
    recording.hand_over(points=[])
    assert Flush.objects.count() == 3
    recording.record(now=NOW)
    assert buckets(outside.key) == [
        [TICK - 3_000, 1, 9, 9, 9, 9],
        [TICK - 5, 3, 15, 3, 7, 7],
        [TICK, 1, 1, 1, 1, 1],
    ]
    outside.refresh_from_db()
    assert (outside.last_value, outside.last_at) == (1, datetime.fromtimestamp(TICK, UTC))


def test_a_point_older_than_seconds_are_kept_is_still_in_the_longer_buckets():
    mina = factories.make_person("mina")
    outside = Series.objects.create(key="person/1/old", scope="person", owner=mina, name="old", outside=True)
    recording.hand_over(points=[(outside.pk, (TICK - 86_400) * 1000, 4.0)])
    recording.record(now=NOW)
    assert [bool(buckets(outside.key, resolution)) for resolution in series.RESOLUTIONS] == [False, True, True, True]


def test_a_flush_that_cannot_be_read_is_left_out_and_the_others_count(caplog):
    Flush.objects.create(process="web-9", number=1, at=NOW, data='{"counters": [1]}')
    flush(counters={"deliveries": 4})
    caplog.set_level("CRITICAL", logger="dashboard.services.recording")
    recording.record(now=NOW)
    assert [bucket[2] for bucket in buckets("site/deliveries")] == [4]
    assert not Flush.objects.exists()


def test_a_database_clock_that_is_put_back_or_forward_loses_nothing():
    for number, moved in enumerate((0, 3_600, -7_000, 1), 1):
        moment = NOW + timedelta(seconds=moved)
        flush(number=number, at=moment, counters={"deliveries": 10}, gauges={"sockets": number})
        recorded = recording.record(now=moment)
        assert recorded.tick == samples.last_tick() == TICK + moved
    assert sum(bucket[2] for bucket in buckets("site/deliveries", 3600)) == 40
    assert sorted(bucket[5] for bucket in buckets("site/sockets")) == [1, 2, 3, 4]


def test_each_tick_names_the_one_before():
    ticks = [recording.record(now=NOW + timedelta(seconds=second)) for second in (0, 1, 1, 5)]
    assert [(tick.before - TICK, tick.tick - TICK) for tick in ticks] == [(-TICK, 0), (0, 1), (1, 1), (1, 5)]


def test_amounts_that_no_sum_can_hold_are_left_out_and_hold_up_nothing():
    mina = factories.make_person("mina")
    outside = Series.objects.create(key="person/1/huge", scope="person", owner=mina, name="huge", outside=True)
    ms = TICK * 1000
    for number, value in enumerate((1.7e308, 1.7e308, -1.7e308, 2.0), 1):
        Flush.objects.create(
            process=f"from-{number}", number=0, at=NOW, data=flushed.encode(Flushed(points=[(outside.pk, ms, value)]))
        )
        flush(number=number, counters={"deliveries": 1})
        recording.record(now=NOW)
    assert [bucket[2] for bucket in buckets("site/deliveries")] == [4]
    assert buckets(outside.key) == [[TICK, 1, 2, 2, 2, 2]]
    with pytest.raises(ValueError, match="finite"):
        recording.hand_over(points=[(outside.pk, ms, 1e101)])


def test_more_than_fits_into_one_tick_is_taken_by_the_next():
    for number in range(1, recording.FLUSHES_MOST + 6):
        flush(number=number, counters={"deliveries": 1})
    assert recording.record(now=NOW).left
    assert not recording.record(now=NOW).left
    assert [bucket[2] for bucket in buckets("site/deliveries")] == [recording.FLUSHES_MOST + 5]


def surely(work, **given):
    """As processes and the recorder do it: what a busy database does not take is offered again."""
    while True:
        try:
            return work(**given)
        except OperationalError:
            time.sleep(0.01)


@pytest.mark.django_db(transaction=True)
def test_recorders_that_overlap_and_processes_that_go_on_count_everything_once():
    def hand_over(process):
        for number in range(1, 41):
            surely(recording.store_flush, process=process, number=number, data=Flushed(counters={"deliveries": 1}))
        connection.close()

    def take(done):
        while not done.is_set() or surely(Flush.objects.exists):
            surely(recording.record)
        connection.close()

    done = threading.Event()
    takers = [threading.Thread(target=take, args=[done]) for _ in range(2)]
    tellers = [threading.Thread(target=hand_over, args=[f"web-{number}"]) for number in range(3)]
    for thread in (*takers, *tellers):
        thread.start()
    for thread in tellers:
        thread.join()
    done.set()
    for thread in takers:
        thread.join()
    for resolution in series.RESOLUTIONS:
        assert sum(bucket[2] for bucket in buckets("site/deliveries", resolution)) == 120
    assert set(Process.objects.values_list("number", flat=True)) == {40}


moments = st.lists(
    st.lists(st.tuples(st.integers(0, 7_000), st.integers(0, 999), st.integers(-50, 50)), min_size=1, max_size=8),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments)
def test_roll_ups_are_what_the_raw_measurements_say_in_whatever_order_they_come(handed):
    Sample.objects.all().delete()
    Series.objects.filter(key="person/1/any").delete()
    outside = Series.objects.create(key="person/1/any", scope="person", name="any", outside=True)
    raw = []
    for ticks in handed:
        points = [(outside.pk, (TICK - ago) * 1000 + ms, float(value)) for ago, ms, value in ticks]
        recording.hand_over(points=points)
        recording.record(now=NOW)
        raw += points
    for resolution in series.RESOLUTIONS:
        assert buckets(outside.key, resolution) == computed(raw, resolution)


def computed(raw, resolution):
    """The buckets made anew from every single measurement."""
    found = {}
    for _, ms, value in raw:
        at = ms // 1000
        found.setdefault(at - at % resolution, []).append((ms, value))
    return [
        [at, len(of), sum(v for _, v in of), min(v for _, v in of), max(v for _, v in of), newest(of)]
        for at, of in sorted(found.items())
    ]


def newest(measured):
    """Of the latest moment the value that came last."""
    latest = max(ms for ms, _ in measured)
    return [value for ms, value in measured if ms == latest][-1]
