"""When a rule fires and when it is over again, and how that is said in words.

Called by services.alerts with the figures and the clock. Pure: never touches Django, a database, a clock or a socket.
A figure of None is a figure that nobody knows: it is neither over nor fine, so nothing begins and nothing ends with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

AGAIN_SECONDS: Final = 600
"""Who fires again so soon after it was over goes on in the same message."""
MINUTE_MESSAGES: Final = 5
"""New messages of rules in one room within a minute; the others wait and are counted."""
TOLD_EVERY: Final = ((60, 5), (600, 30))
"""(seconds since it fired, seconds between two changes of its message); later on SELDOM."""
SELDOM: Final = 60

_RATES: Final = {"per_minute": "per min", "per_second": "per s"}
_STEPS: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


class Turn(Enum):
    """What happens to a rule at a moment."""

    NOTHING = "nothing"
    FIRES = "fires"
    ENDS = "ends"


@dataclass(frozen=True, slots=True)
class Condition:
    """What a rule waits for: figures beyond the threshold, until they are back at `clear`, each for so many seconds."""

    threshold: float
    above: bool = True
    clear: float | None = None
    for_seconds: float = 0

    def is_over(self, value: float) -> bool:
        """Whether a figure is beyond the threshold."""
        return value > self.threshold if self.above else value < self.threshold

    def is_back(self, value: float) -> bool:
        """Whether a figure that was beyond it counts as fine again."""
        end = self.threshold if self.clear is None else self.clear
        return value <= end if self.above else value >= end


@dataclass(frozen=True, slots=True)
class State:
    """What a rule remembers: whether it fires, and since when the figures say that this should change."""

    firing: bool = False
    since: float | None = None


def step(
    state: State, condition: Condition, *, now: float, value: float | None, unbroken: float = 0
) -> tuple[State, Turn]:
    """Goes on by one figure.

    Args:
        state: of the figure before.
        condition: of the rule, as it is now.
        now: of the figure, in seconds.
        value: the figure; None: nobody knows.
        unbroken: since when figures were recorded without a gap; what was before does not count as lasting.
    """
    if value is None or not (condition.is_back(value) if state.firing else condition.is_over(value)):
        return replace(state, since=None), Turn.NOTHING
    since = now if state.since is None or state.since > now else max(state.since, min(unbroken, now))
    if now - since < condition.for_seconds:
        return replace(state, since=since), Turn.NOTHING
    return State(firing=not state.firing), Turn.ENDS if state.firing else Turn.FIRES


def is_worse(condition: Condition, value: float, than: float) -> bool:
    """Whether a figure is further beyond than another."""
    return value > than if condition.above else value < than


def pause_of(fired_seconds: float) -> int:
    """How long after its last change a message of an alert may change again."""
    return next((pause for age, pause in TOLD_EVERY if fired_seconds < age), SELDOM)


# In words


def figure_words(value: float, unit: str) -> str:
    """A figure as people read it: `184 ms`, `0.2%`, `1.5 GB`."""
    text = _short(value, thousands=unit in {"bytes", ""} and abs(value) >= 1e4)
    if unit == "%":
        return f"{text}%"
    if unit == "bytes":
        return f"{text}B" if text[-1].isalpha() else f"{text} bytes"
    return f"{text} {unit}".strip()


def _short(value: float, *, thousands: bool) -> str:
    if thousands:
        for size, letter in _STEPS:
            if abs(value) >= size:
                return f"{_digits(value / size)} {letter}"
    return _digits(value)


def _digits(value: float) -> str:
    """Three digits that count, and no noughts behind the point."""
    places = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:.{places}f}" if abs(value) >= 0.01 or not value else f"{value:.2g}"
    text = text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    return "0" if text == "-0" else text


def unit_of(unit: str, aggregate: str) -> str:
    """The unit of figures that were made of a series so: `per min`, `bytes per s`."""
    return f"{unit} {_RATES[aggregate]}".strip() if aggregate in _RATES else unit


def length_words(seconds: float) -> str:
    """How long something lasts: `45 s`, `2 min`, `3 h 20 min`, `2 d`."""
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 120:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} d"


def title_of(name: str, condition: Condition, unit: str) -> str:
    """What a rule is called that was given no title."""
    return f"{name} {'above' if condition.above else 'below'} {figure_words(condition.threshold, unit)}"
