"""Samples are read as they were recorded: fine and folded, what changed since a tick, and when nobody recorded."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard import flushed, series
from dashboard.flushed import Flushed
from dashboard.models import Flush, Process, Sample, Series
from dashboard.selectors import samples
from dashboard.services import pruning, recording

pytestmark = [pytest.mark.stack, pytest.mark.django_db]

NOW = datetime(2026, 3, 1, 12, 52, 45, 250_000, tzinfo=UTC)
TICK = int(NOW.timestamp())


def tick(ago=0, number=0, **said):
    """A second of the recorder, so long ago."""
    moment = NOW - timedelta(seconds=ago)
    if said:
        Flush.objects.create(
            process="web-1", number=number or TICK - ago, at=moment, data=flushed.encode(Flushed(**said))
        )
    return recording.record(now=moment)


def id_of(key):
    return Series.objects.get(key=key).pk


def test_a_fine_range_brings_its_seconds_and_those_of_the_minute_before():
    for ago in (100, 70, 30, 5, 0):
        tick(ago, counters={"deliveries": ago + 1})
    deliveries = id_of("site/deliveries")
    view = samples.samples_of(series_ids=[deliveries], start=TICK - 20, end=TICK + 1, step=1)
    assert [(bucket[0] - TICK, bucket[2]) for bucket in view.series[deliveries]] == [
        (-70, 71),
        (-30, 31),
        (-5, 6),
        (0, 1),
    ]
    assert (view.tick, view.start, view.end, view.step) == (TICK, TICK - 20, TICK + 1, 1)


def test_after_a_tick_only_what_may_have_changed_is_read_unless_the_clock_was_put_back():
    for ago in (50, 40, 5, 0):
        tick(ago, counters={"deliveries": 1})
    deliveries = id_of("site/deliveries")

    def seen(since):
        view = samples.samples_of(series_ids=[deliveries], start=TICK - 900, end=TICK + 1, step=1, since=since)
        return [bucket[0] - TICK for bucket in view.series[deliveries]]

    assert seen(TICK - 1) == [-5, 0]
    assert seen(TICK - 30) == [-40, -5, 0]
    assert seen(TICK + 3_600) == seen(None) == [-50, -40, -5, 0]


def test_where_nobody_recorded_is_a_gap_and_a_short_rest_is_none():
    for ago in (200, 195, 190, 100, 95, 94, 93, 20, 6, 1, 0):
        tick(ago)
    gaps = samples.gaps_of(start=TICK - 300, end=TICK, step=1)
    assert [[at - TICK for at in gap] for gap in gaps] == [[-300, -200], [-189, -100], [-92, -20]]
    assert samples.gaps_of(start=TICK - 250, end=TICK - 210, step=1) == [[TICK - 250, TICK - 210]]
    assert samples.gaps_of(start=TICK - 190, end=TICK - 110, step=1) == [[TICK - 189, TICK - 110]]
    assert samples.gaps_of(start=TICK - 99, end=TICK - 93, step=1) == []
    assert samples.gaps_of(start=TICK - 3_600 * 4, end=TICK, step=3_600)[0][0] == TICK - 3_600 * 4


def test_before_anything_was_recorded_all_is_a_gap():
    assert samples.gaps_of(start=100, end=200, step=1) == [[100, 200]]
    assert samples.gaps_of(start=200, end=200, step=1) == []
    assert samples.last_tick() == 0


def test_the_newest_of_each_series_is_the_minute_before_the_last_tick():
    for ago in (90, 50, 10, 0):
        tick(ago, counters={"deliveries": ago + 1}, gauges={"sockets": ago})
    deliveries, sockets = id_of("site/deliveries"), id_of("site/sockets")
    found = samples.latest(series_ids=[deliveries, sockets])
    assert found[deliveries][1:] == [3, 63, 1, 51, 1]
    assert found[sockets][5] == 0
    assert samples.latest(series_ids=[]) == {}


measured = st.lists(
    st.tuples(st.integers(0, 7_000), st.integers(-50, 50)), min_size=1, max_size=30, unique_by=lambda one: one[0]
)


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(measured, st.sampled_from([20, 60, 120, 600, 3_600, 7_200]))
def test_what_the_database_folds_is_what_the_pure_module_folds(handed, step):
    Sample.objects.all().delete()
    Series.objects.filter(key="person/1/any").delete()
    outside = Series.objects.create(key="person/1/any", scope="person", name="any", outside=True)
    recording.hand_over(points=[(outside.pk, (TICK - ago) * 1000, float(value)) for ago, value in handed])
    recording.record(now=NOW)
    start = TICK - 8_000 - (TICK - 8_000) % step
    fine = samples.samples_of(series_ids=[outside.pk], start=start, end=TICK + 1, step=1).series[outside.pk]
    folded = samples.samples_of(series_ids=[outside.pk], start=start, end=TICK + 1, step=step).series[outside.pk]
    assert folded == series.fold(fine, step)


def test_samples_past_their_time_go_and_the_others_stay(monkeypatch):
    monkeypatch.setattr(pruning, "ROWS", 3)
    now = recording.database_now()
    outside = Series.objects.create(key="person/1/any", scope="person", name="any", outside=True)
    at = int(now.timestamp())
    rows = []
    for resolution, kept in series.KEPT.items():
        ages = (10, kept - 60, kept + 60, kept + 120, kept + 180, kept + 240)
        rows += [sample(outside, resolution, at - age) for age in ages]
    Sample.objects.bulk_create(rows)
    Process.objects.create(name="gone", number=1, at=now - timedelta(days=2))
    Process.objects.create(name="here", number=1, at=now)
    said = io.StringIO()
    call_command("prune_samples", dry_run=True, stdout=said)
    assert said.getvalue().count("4 samples of") == 4
    assert Sample.objects.count() == len(rows)
    assert pruning.prune_samples() == dict.fromkeys(series.KEPT, 4)
    assert pruning.prune_samples() == dict.fromkeys(series.KEPT, 0)
    assert Sample.objects.count() == 8
    assert [process.name for process in Process.objects.all()] == ["here"]


def sample(outside, resolution, at):
    return Sample(
        series=outside, resolution=resolution, at=at, count=1, total=1, low=1, high=1, last=1, last_ms=at * 1000
    )
