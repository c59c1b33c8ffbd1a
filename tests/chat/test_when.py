"""Times as people write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from chat.when import parse_wish
from realtime.protocol import Refused

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 20, 14, 30, tzinfo=PARIS)
"""A Friday."""


@pytest.mark.parametrize(
    ("text", "at", "what"),
    [
        ("in 20m look at the build", "2026-11-20T14:50", "look at the build"),
        ("me in 2 hours to call Mina", "2026-11-20T16:30", "call Mina"),
        ("in 1h30m tea", "2026-11-20T16:00", "tea"),
        ("in 1 hour and 15 minutes tea", "2026-11-20T15:45", "tea"),
        ("in 3 days ship", "2026-11-23T14:30", "ship"),
        ("IN 1W ship", "2026-11-27T14:30", "ship"),
        ("at 16:05 stand up", "2026-11-20T16:05", "stand up"),
        ("at 9:00 stand up", "2026-11-21T09:00", "stand up"),
        ("tomorrow stand up", "2026-11-21T09:00", "stand up"),
        ("tomorrow at 10:15 stand up", "2026-11-21T10:15", "stand up"),
        ("today at 23:59 sleep", "2026-11-20T23:59", "sleep"),
        ("on monday plan", "2026-11-23T09:00", "plan"),
        ("friday at 8:00 plan", "2026-11-27T08:00", "plan"),
        ("on 2026-12-24 at 18:00 eat", "2026-12-24T18:00", "eat"),
    ],
)
def test_writer_says_when_and_what(text: str, at: str, what: str) -> None:
    wish = parse_wish(text, now=NOW)
    assert wish.at == datetime.fromisoformat(at).replace(tzinfo=PARIS)
    assert wish.text == what


def test_a_time_is_that_of_the_persons_own_clock() -> None:
    assert parse_wish("at 16:00 tea", now=NOW).at.astimezone(UTC).hour == 15
    assert parse_wish("on 2027-07-01 at 16:00 tea", now=NOW).at.astimezone(UTC).hour == 14


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Say when"),
        ("soon tea", "Say when"),
        ("in 20 apples", "Say when"),
        ("in 20m", "Say what"),
        ("tomorrow", "Say what"),
        ("at 25:00 tea", "no time 25:00"),
        ("at 12:60 tea", "no time 12:60"),
        ("on 2026-02-30 tea", "no day 2026-02-30"),
        ("on 2026-11-19 tea", "over already"),
        ("today at 8:00 tea", "over already"),
        ("in 0m tea", "over already"),
        ("in 999999w tea", "at most a year"),
        ("on 9999-12-31 tea", "at most a year"),
    ],
)
def test_writer_is_told_what_is_missing(text: str, told: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_wish(text, now=NOW)
    assert told in refused.value.message
