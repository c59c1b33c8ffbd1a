"""A token bucket with the clock passed in.

Called by consumers for every command; pure: knows no person, no socket and no clock of its own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """How much is allowed: `burst` at once, then `per_second` on and on."""

    burst: float
    per_second: float


class Bucket:
    """One allowance that refills with time."""

    __slots__ = ("_at", "_level", "limit")

    def __init__(self, limit: Limit, now: float) -> None:
        self.limit = limit
        self._level = limit.burst
        self._at = now

    def take(self, now: float, amount: float = 1) -> float:
        """Takes one token at `now` (seconds of any steady clock), or as many as `amount`, which is at most the burst.

        Returns:
            0.0 when there were so many, else the seconds until there will be.
        """
        self._level = min(self.limit.burst, self._level + max(0.0, now - self._at) * self.limit.per_second)
        self._at = max(self._at, now)
        if self._level >= amount:
            self._level -= amount
            return 0.0
        return (amount - self._level) / self.limit.per_second

    def full(self, now: float) -> bool:
        """Whether forgetting this bucket at `now` would change nothing."""
        return self._level + (now - self._at) * self.limit.per_second >= self.limit.burst
