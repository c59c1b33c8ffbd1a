"""Numbers from outside: whose they are, when they were, and that a repeat changes nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from dashboard.models import Flush, Sample, Series
from dashboard.services import pushing, recording
from dashboard.services.pushing import Unreadable
from realtime.protocol import Refused
from tests import factories

pytestmark = [pytest.mark.stack, pytest.mark.django_db]

NOW = datetime(2026, 3, 1, 12, 52, 45, 250_000, tzinfo=UTC)
TICK = int(NOW.timestamp())


@pytest.fixture
def mina():
    return factories.make_person("mina")


def push(actor, text, **more):
    now = more.pop("now", NOW)
    return pushing.push(actor=actor, parsed=pushing.read_push(body=text.encode(), **more), now=now)


def lines(actor, text, **more):
    with pytest.raises(Unreadable) as refused:
        push(actor, text, **more)
    assert not Flush.objects.exists()
    assert refused.value.code == "invalid"
    return [bad.line for bad in refused.value.lines]


def samples(resolution=1):
    rows = Sample.objects.filter(resolution=resolution, series__outside=True).order_by("series__name", "at")
    return [tuple(row) for row in rows.values_list("series__name", "at", "count", "total", "last")]


def test_what_somebody_pushes_is_a_series_of_their_own(mina):
    text = '[{"name": "build.seconds", "value": 41.5, "unit": "s", "title": "Build"}]'
    result = push(mina, text)
    assert (result.taken, result.repeated, result.ignored) == (1, 0, 0)
    recording.record(now=NOW)
    series = Series.objects.get(outside=True)
    assert (series.key, series.scope, series.owner) == (f"person/{mina.pk}/build.seconds", "person", mina)
    assert (series.kind, series.unit, series.title, series.last_value) == ("gauge", "s", "Build", 41.5)
    assert samples() == [("build.seconds", TICK, 1, 41.5, 41.5)]


def test_a_number_too_large_for_any_sum_is_refused_by_its_line(mina):
    assert lines(mina, "load value=1\nload value=-1.7e308\nload value=1e308") == [2, 3]
    assert lines(mina, '{"load": 1, "huge": 1e101}') == [2]
    assert lines(mina, "load 1e300 1\n", content_type="text/plain; version=0.0.4") == [1]


def test_a_push_that_is_repeated_changes_nothing(mina):
    text = f"load value=1 {TICK - 5}\nload value=2 {TICK - 4}"
    assert push(mina, text, precision="s").taken == 2
    waiting = push(mina, text, precision="s")
    assert (waiting.taken, waiting.repeated) == (0, 2), "it waits for the recorder"
    recording.record(now=NOW)
    before = [samples(resolution) for resolution in (1, 10, 60, 3_600)]
    written = push(mina, text + f"\nload value=3 {TICK - 3}", precision="s")
    assert (written.taken, written.repeated) == (1, 2), "it was written"
    recording.record(now=NOW)
    assert samples()[:2] == before[0]
    assert samples(3_600) == [("load", TICK - TICK % 3_600, 3, 6, 3)]


def test_a_number_without_a_time_is_always_news(mina):
    assert [push(mina, "load 1").taken, push(mina, "load 1").taken] == [1, 1]
    recording.record(now=NOW)
    assert samples() == [("load", TICK, 2, 2, 1)]


def test_a_late_number_goes_where_it_belongs(mina):
    push(mina, "load 7")
    recording.record(now=NOW)
    push(mina, f"load value=3 {TICK - 3_600}", precision="s")
    recording.record(now=NOW)
    assert samples() == [("load", TICK - 3_600, 1, 3, 3), ("load", TICK, 1, 7, 7)]
    assert Series.objects.get(outside=True).last_value == 7


def test_one_bad_line_takes_nothing(mina):
    assert lines(mina, "good 1\nbad\nbetter 2\n9 x\n") == [2, 4]
    assert not Series.objects.filter(outside=True).exists()


@pytest.mark.parametrize(("seconds", "line"), [(61, [2]), (59, []), (-7_139, []), (-7_141, [2])])
def test_only_times_within_reach_are_taken(mina, seconds, line):
    text = f"a value=1 {TICK}\nb value=1 {TICK + seconds}"
    if line:
        assert lines(mina, text, precision="s") == line
    else:
        assert push(mina, text, precision="s").taken == 2


def test_a_counter_counts_and_stays_one(mina):
    text = '[{"name": "deploys", "value": 2, "kind": "counter"}]'
    push(mina, text)
    push(mina, text)
    recording.record(now=NOW)
    assert samples() == [("deploys", TICK, 2, 4, 2)]
    assert Series.objects.get(outside=True).kind == "counter"
    push(mina, '{"deploys": 1}')
    recording.record(now=NOW)
    assert lines(mina, '[{"name": "deploys", "value": 1, "kind": "gauge"}]') == [1]


def test_series_of_two_people_are_two(mina):
    teo = factories.make_person("teo")
    for actor in (mina, teo):
        push(actor, "load 1")
    assert set(Series.objects.values_list("key", flat=True)) == {f"person/{who.pk}/load" for who in (mina, teo)}


def test_nobody_makes_series_without_end(mina, monkeypatch):
    monkeypatch.setattr(pushing, "SERIES_MOST", 3)
    push(mina, "a 1\nb 1\nc 1")
    with pytest.raises(Refused) as refused:
        push(mina, "a 2\nd 1")
    assert refused.value.code == "quota_full"
    assert push(mina, "a 2\nb 2").taken == 2
    assert Series.objects.filter(outside=True).count() == 3


def test_nobody_pushes_more_at_once_than_anybody_reads(mina):
    with pytest.raises(Refused) as refused:
        push(mina, "\n".join(f"m{number} 1" for number in range(2_001)))
    assert refused.value.code == "too_large"


def test_a_push_says_what_it_passed_over(mina):
    result = push(mina, 'disk free=3i,state="ok"')
    assert (result.taken, result.ignored) == (1, 1)


def test_names_and_units_follow_the_last_word(mina):
    push(mina, '[{"name": "load", "value": 1, "unit": "s"}]')
    push(mina, '[{"name": "load", "value": 1, "unit": "ms", "title": "Load"}]')
    push(mina, '{"load": 1}')
    series = Series.objects.get(outside=True)
    assert (series.unit, series.title) == ("ms", "Load")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", [True, False], ids=["new-series", "known-series"])
def test_the_same_push_three_times_at_once_counts_once(first):
    mina = factories.make_person("mina")
    text = "\n".join(f"m{number % 7},n={number} value={number} {TICK - number}" for number in range(40))
    if not first:
        push(mina, text.replace(f" {TICK}", f" {TICK - 300}"), precision="s", now=NOW)
        Flush.objects.all().delete()
    start = threading.Barrier(3)

    def one() -> int:
        start.wait()
        try:
            return push(mina, text, precision="s").taken
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as threads:
        taken = sorted(future.result() for future in [threads.submit(one) for _ in range(3)])
    assert taken == [0, 0, 40]
    recording.record(now=NOW)
    assert {row[2] for row in samples()} == {1}


def test_a_series_that_is_deleted_takes_what_waits_along(mina):
    push(mina, "load 1\nother 2")
    Series.objects.get(name="load").delete()
    recording.record(now=NOW + timedelta(seconds=1))
    assert [row[0] for row in samples()] == ["other"]
