"""The state machine of rules and its words, over any figures and any clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.alerting import (
    Condition,
    State,
    Turn,
    figure_words,
    length_words,
    pause_of,
    step,
    title_of,
)

TWO_MINUTES = Condition(threshold=120, for_seconds=120)


def walked(condition, figures, *, every=1, start=1000.0, state=None):
    """(moment, turn) of every turn that is one."""
    state, told = state or State(), []
    for number, value in enumerate(figures):
        now = start + number * every
        state, turn = step(state, condition, now=now, value=value)
        if turn is not Turn.NOTHING:
            told.append((now - start, turn))
    return told, state


def test_a_rule_fires_after_its_time_and_ends_after_its_time():
    told, state = walked(TWO_MINUTES, [184.0] * 200 + [80.0] * 200)
    assert told == [(120, Turn.FIRES), (320, Turn.ENDS)]
    assert state == State()


def test_a_peak_that_is_shorter_fires_nothing():
    assert walked(TWO_MINUTES, ([184.0] * 119 + [80.0]) * 5)[0] == []


def test_the_threshold_itself_is_not_beyond():
    assert walked(Condition(threshold=120), [120.0] * 5)[0] == []
    assert walked(Condition(threshold=120, above=False), [120.0] * 5)[0] == []
    assert walked(Condition(threshold=120, above=False), [119.9])[0] == [(0, Turn.FIRES)]


def test_between_threshold_and_clear_nothing_changes():
    """Figures that swing around the threshold fire once and do not flap."""
    condition = Condition(threshold=120, clear=100)
    assert walked(condition, [121.0, 119.0, 121.0, 101.0] * 20 + [100.0])[0] == [(0, Turn.FIRES), (80, Turn.ENDS)]
    below = Condition(threshold=10, clear=20, above=False)
    assert walked(below, [9.0, 11.0, 19.0, 20.0])[0] == [(0, Turn.FIRES), (3, Turn.ENDS)]


def test_no_figure_neither_ends_what_fires_nor_lets_anything_begin():
    firing = State(firing=True)
    assert walked(TWO_MINUTES, [None] * 1000, state=firing) == ([], firing)
    assert walked(TWO_MINUTES, [None] * 1000) == ([], State())
    assert walked(TWO_MINUTES, [184.0] * 100 + [None] + [184.0] * 119)[0] == []


def test_what_was_before_a_gap_does_not_count():
    waiting = State(since=1000.0)
    assert step(waiting, TWO_MINUTES, now=1200.0, value=184.0)[1] is Turn.FIRES
    state, turn = step(waiting, TWO_MINUTES, now=1200.0, value=184.0, unbroken=1190.0)
    assert (state, turn) == (State(since=1190.0), Turn.NOTHING)


def test_a_clock_put_back_begins_to_count_again():
    state, turn = step(State(since=5000.0), TWO_MINUTES, now=1000.0, value=184.0)
    assert (state, turn) == (State(since=1000.0), Turn.NOTHING)


FIGURES = st.lists(st.one_of(st.none(), st.floats(0, 200)), max_size=200)


@given(FIGURES, st.integers(0, 20), st.booleans(), st.one_of(st.none(), st.floats(0, 200)))
def test_turns_alternate_and_each_had_its_time(figures, for_seconds, above, clear):
    condition = Condition(threshold=100, above=above, clear=clear, for_seconds=for_seconds)
    told, state = walked(condition, figures)
    assert [turn for _, turn in told] == [Turn.FIRES, Turn.ENDS] * (len(told) // 2) + [Turn.FIRES] * (len(told) % 2)
    assert state.firing == bool(len(told) % 2)
    for at, turn in told:
        lasted = figures[int(at) - for_seconds : int(at) + 1]
        judge = condition.is_over if turn is Turn.FIRES else condition.is_back
        assert len(lasted) == for_seconds + 1
        assert all(value is not None and judge(value) for value in lasted)


@given(FIGURES, st.integers(0, 20), st.integers(0, 200))
def test_who_takes_over_goes_on_where_the_other_was(figures, for_seconds, cut):
    """What is remembered is all there is: a rule is judged alike by one recorder and by two after each other."""
    condition = Condition(threshold=100, clear=90, for_seconds=for_seconds)
    whole, end = walked(condition, figures)
    cut = min(cut, len(figures))
    first, state = walked(condition, figures[:cut])
    second, after = walked(condition, figures[cut:], start=1000.0 + cut, state=state)
    assert [*first, *((at + cut, turn) for at, turn in second)] == whole
    assert after == end


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (184.0, "ms", "184 ms"),
        (0.2, "%", "0.2%"),
        (0.0, "", "0"),
        (-0.001, "ms", "-0.001 ms"),
        (12.34, "", "12.3"),
        (1_234.0, "ms", "1234 ms"),
        (12_345.0, "", "12.3 k"),
        (1_500_000_000.0, "bytes", "1.5 GB"),
        (100.0, "bytes", "100 bytes"),
        (1000.0, "", "1000"),
    ],
    ids=str,
)
def test_figures_are_read_by_people(value, unit, words):
    assert figure_words(value, unit) == words


def test_lengths_and_titles_are_words():
    assert [length_words(seconds) for seconds in (45, 120, 7199, 12000, 200000)] == [
        "45 s", "2 min", "119 min", "3 h 20 min", "2 d",
    ]  # fmt: skip
    assert title_of("Delivery p95", TWO_MINUTES, "ms") == "Delivery p95 above 120 ms"
    assert title_of("Disk", Condition(threshold=5, above=False), "%") == "Disk below 5%"


def test_a_message_changes_less_often_the_longer_it_fires():
    assert [pause_of(age) for age in (0, 59, 60, 599, 600, 90_000)] == [5, 5, 30, 30, 60, 60]
