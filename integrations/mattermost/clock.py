"""How far a server's clock is ahead of ours, learned from the Date of its answers.

Called by integrations.mattermost.rest with each answer. Date has whole seconds: an answer with the Date D, asked for at
A and there at B by our clock, was written between D and D + 1 s by theirs, so that they are ahead by something between
D - B and D + 1 s - A. Each answer narrows that, as far as the way there and back is short; where two contradict, a
clock was put, and it begins anew. Pure.
"""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

_SECOND_MS: Final = 1_000
_DRIFT_MS: Final = 5
"""By which each answer widens what was known: clocks run apart."""


class Clock:
    """What is known of one server's clock."""

    def __init__(self) -> None:
        self._low: float | None = None
        self._high = 0.0

    @property
    def ahead_ms(self) -> int | None:
        """How far it is ahead; None before the first answer."""
        return None if self._low is None else round((self._low + self._high) / 2)

    def note(self, date: str, *, asked_ms: float, came_ms: float) -> None:
        """Takes an answer into account.

        Args:
            date: its header; one that is none tells nothing.
            asked_ms: when it was asked for, by our clock.
            came_ms: when it was there.
        """
        told_ms = _read(date)
        if told_ms is None:
            return
        low, high = told_ms - came_ms, told_ms + _SECOND_MS - asked_ms
        if self._low is not None:
            narrow = max(low, self._low - _DRIFT_MS), min(high, self._high + _DRIFT_MS)
            low, high = narrow if narrow[0] <= narrow[1] else (low, high)
        self._low, self._high = low, high


def _read(date: str) -> float | None:
    try:
        told = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    return (told if told.tzinfo is not None else told.replace(tzinfo=UTC)).timestamp() * _SECOND_MS
