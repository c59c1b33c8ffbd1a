"""A server's clock is known from the Date of its answers, each of which has whole seconds only."""

from email.utils import formatdate

import pytest

from integrations.mattermost.clock import Clock

NOW_MS = 1_795_000_000_000


def answered(clock, at_ms, *, ahead_ms, there_ms=20, back_ms=20):
    """An answer to what was asked at a moment of our clock, by a server whose clock is ahead."""
    written_ms = at_ms + there_ms + ahead_ms
    date = formatdate(written_ms // 1_000, usegmt=True)
    clock.note(date, asked_ms=at_ms, came_ms=at_ms + there_ms + back_ms)


@pytest.mark.parametrize("ahead_ms", [0, 12_345, -86_400_250])
def test_few_answers_tell_how_far_it_is_ahead(ahead_ms):
    clock = Clock()
    assert clock.ahead_ms is None
    for at in range(0, 4_000, 230):
        answered(clock, NOW_MS + at, ahead_ms=ahead_ms)
    assert clock.ahead_ms == pytest.approx(ahead_ms, abs=150)


def test_one_answer_tells_it_to_the_second():
    clock = Clock()
    answered(clock, NOW_MS, ahead_ms=5_000)
    assert clock.ahead_ms == pytest.approx(5_000, abs=550)


def test_clock_that_was_put_is_learned_anew():
    clock = Clock()
    for at in range(0, 4_000, 230):
        answered(clock, NOW_MS + at, ahead_ms=0)
    for at in range(10_000, 14_000, 230):
        answered(clock, NOW_MS + at, ahead_ms=60_000)
    assert clock.ahead_ms == pytest.approx(60_000, abs=150)


def test_slow_answer_tells_less_and_spoils_nothing():
    clock = Clock()
    for at in range(0, 4_000, 230):
        answered(clock, NOW_MS + at, ahead_ms=0)
    answered(clock, NOW_MS + 5_000, ahead_ms=0, there_ms=9_000, back_ms=10)
    assert clock.ahead_ms == pytest.approx(0, abs=150)


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2026"])
def test_date_that_is_none_tells_nothing(date):
    clock = Clock()
    clock.note(date, asked_ms=NOW_MS, came_ms=NOW_MS + 20)
    assert clock.ahead_ms is None
