"""Times as people write them: "in 20m", "at 14:30", "tomorrow at 9:00", "on 2026-12-24", "on friday".

Called by the slash command that keeps reminders. Pure: never touches Django, a database or a clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from realtime.protocol import Refused

MORNING: Final = time(9, 0)
"""When a day is named without a time."""
FARTHEST: Final = timedelta(days=366)

HOW: Final = 'Say when and what: "in 20m …", "at 14:30 …", "tomorrow at 9:00 …", "on friday …", "on 2026-12-24 …".'
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_UNIT: Final = r"(?:w(?:eeks?)?|d(?:ays?)?|h(?:ours?|rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)"
_SPAN: Final = rf"\d{{1,6}}\s*{_UNIT}"
_IN: Final = re.compile(rf"in\s+((?:{_SPAN})(?:\s*(?:and\s+)?{_SPAN})*)(?:\s+|$)", re.IGNORECASE)
_ONE: Final = re.compile(rf"(\d{{1,6}})\s*({_UNIT})", re.IGNORECASE)
_CLOCK: Final = r"(\d{1,2})[:.](\d{2})"
_AT: Final = re.compile(rf"at\s+{_CLOCK}(?:\s+|$)", re.IGNORECASE)
_DAY: Final = re.compile(
    rf"(?:on\s+)?(today|tomorrow|{'|'.join(_DAYS)}|\d{{4}}-\d{{2}}-\d{{2}})(?:\s+at\s+{_CLOCK})?(?:\s+|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be told, and when."""

    at: datetime
    text: str


def parse_wish(text: str, *, now: datetime) -> Wish:
    """Reads a time and what follows it.

    Args:
        text: for example `in 20m look at the build`.
        now: in the person's own time zone, whose clock they mean.

    Raises:
        Refused: `invalid` with a sentence that says what is missing.
    """
    rest = re.sub(r"^me\s+", "", text.strip(), flags=re.IGNORECASE)
    at, end = _time_of(rest, now)
    what = re.sub(r"^to\s+", "", rest[end:].strip(), flags=re.IGNORECASE)
    if not what:
        raise Refused("invalid", f"Say what to remind you of. {HOW}", field="text")
    if at <= now:
        raise Refused("invalid", "That time is over already.", field="text")
    if at - now > FARTHEST:
        raise Refused("invalid", "A reminder is at most a year ahead.", field="text")
    return Wish(at, what)


def _time_of(text: str, now: datetime) -> tuple[datetime, int]:
    """The time at the beginning of a text, and where it ends."""
    if found := _IN.match(text):
        seconds = sum(int(count) * _UNITS[unit[0].lower()] for count, unit in _ONE.findall(found[1]))
        return now + timedelta(seconds=min(seconds, 10 * FARTHEST.total_seconds())), found.end()
    if found := _AT.match(text):
        today = _on(now, 0, _clock(found[1], found[2]))
        return (today if today > now else _on(now, 1, _clock(found[1], found[2]))), found.end()
    if found := _DAY.match(text):
        clock = MORNING if found[2] is None else _clock(found[2], found[3])
        return _on(now, _days_to(found[1].lower(), now), clock), found.end()
    raise Refused("invalid", HOW, field="text")


def _days_to(day: str, now: datetime) -> int:
    if day in _DAYS:
        # The next one of that name: on a Friday, "friday" is in a week.
        return (_DAYS.index(day) - now.weekday() - 1) % 7 + 1
    if day in {"today", "tomorrow"}:
        return int(day == "tomorrow")
    try:
        return (datetime.fromisoformat(day).date() - now.date()).days
    except ValueError:
        raise Refused("invalid", f"There is no day {day}.", field="text") from None


def _clock(hours: str, minutes: str) -> time:
    try:
        return time(int(hours), int(minutes))
    except ValueError:
        raise Refused("invalid", f"There is no time {hours}:{minutes}.", field="text") from None


def _on(now: datetime, days: int, clock: time) -> datetime:
    try:
        return datetime.combine(now.date() + timedelta(days=days), clock, tzinfo=now.tzinfo)
    except OverflowError:
        raise Refused("invalid", "A reminder is at most a year ahead.", field="text") from None
