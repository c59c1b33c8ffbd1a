"""Buckets and figures: cases that Python and TypeScript share, and laws that hold for any samples."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard import series
from dashboard.shapes import AGGREGATES, RANGES

VECTORS = json.loads((Path(__file__).parent / "series_vectors.json").read_text())


@pytest.mark.parametrize("case", VECTORS["figures"], ids=lambda case: case["says"])
def test_a_curve_is_what_the_shared_vectors_say(case):
    curve = series.figures(
        case["buckets"],
        case["aggregate"],
        case["step"],
        counter=case["counter"],
        start=case["start"],
        end=case["end"],
        gaps=case["gaps"],
    )
    assert [list(figure) for figure in curve] == case["curve"]


@pytest.mark.parametrize("case", VECTORS["folds"], ids=lambda case: case["says"])
def test_buckets_become_longer_as_the_shared_vectors_say(case):
    assert series.fold(case["buckets"], case["step"]) == case["folded"]


measured = st.lists(
    st.tuples(st.integers(0, 6_000), st.integers(-1_000, 1_000)), min_size=1, max_size=60, unique_by=lambda one: one[0]
)


def seconds_of(samples):
    return [[at, 1, value, value, value, value] for at, value in sorted(samples)]


@given(measured)
def test_to_fold_twice_is_to_fold_once(samples):
    buckets = seconds_of(samples)
    for step, longer in ((10, 60), (60, 3600), (10, 3600), (600, 7200)):
        assert series.fold(series.fold(buckets, step), longer) == series.fold(buckets, longer)


@given(measured)
def test_a_fold_loses_nothing(samples):
    buckets, values = seconds_of(samples), [value for _, value in samples]
    for step in (10, 60, 3600):
        folded = series.fold(buckets, step)
        assert sum(bucket[1] for bucket in folded) == len(values)
        assert sum(bucket[2] for bucket in folded) == sum(values)
        assert (min(bucket[3] for bucket in folded), max(bucket[4] for bucket in folded)) == (min(values), max(values))
        assert folded[-1][5] == sorted(samples)[-1][1]


@given(measured, st.sampled_from(AGGREGATES))
def test_figures_stay_within_the_range_and_in_order(samples, aggregate):
    for counter in (True, False):
        curve = series.figures(seconds_of(samples), aggregate, 1, counter=counter, start=3_000, end=3_900)
        times = [at for at, _ in curve]
        assert times == sorted(set(times))
        assert all(3_000 <= at <= 3_900 for at in times)


@settings(deadline=None)
@given(measured)
def test_what_happened_in_a_minute_is_the_same_at_each_fine_step(samples):
    buckets = seconds_of((at, abs(value)) for at, value in samples)
    fine = dict(series.figures(buckets, "per_minute", 1, counter=True, start=0, end=6_100))
    coarse = dict(series.figures(series.fold(buckets, 10), "per_minute", 10, counter=True, start=0, end=6_100))
    assert {at: fine[at + 9] for at in coarse} == coarse


@pytest.mark.parametrize("length", RANGES)
def test_each_range_of_a_board_has_its_step(length):
    now = 1_800_000_000
    assert series.step_of(now - length, now, now=now) == series.STEPS[length]
    assert length / series.STEPS[length] <= series.BUCKETS_MOST


@pytest.mark.parametrize(
    ("start", "end", "step"),
    [
        (-60, 0, 1),
        (-7_000, -6_000, 1),
        (-90_000, -89_000, 10),
        (-86_400 * 10, -86_400 * 10 + 900, 60),
        (-86_400 * 30, -86_400 * 30 + 900, 3_600),
        (-86_400 * 729, 0, 43_200),
    ],
)
def test_a_free_range_has_the_smallest_step_that_is_still_kept(start, end, step):
    now = 1_800_000_000
    assert series.step_of(now + start, now + end, now=now) == step


def test_an_aggregate_or_a_step_that_is_none_is_refused():
    with pytest.raises(ValueError, match="no aggregate 'median'"):
        series.figure([0, 1, 1, 1, 1, 1], "median", 1)
    with pytest.raises(ValueError, match="step"):
        series.resolution_of(0)
