"""What tests may turn: how the imitated server misbehaves, and how old it says it is.

Called by the routes, which ask it before and after each request, and by FakeMattermost, which sets it. Never touches
state that a real server would keep.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from tests.fakes.mattermost.shapes import Clock

DEFAULT_VERSION: Final = "6.7.0"
RESUMES_SINCE: Final = (6, 0)
NEWER_SINCE: Final = (7, 0)
"""From here on: reactions 201, `file_ids` always there, `omit_connection_id`, `multiple_channels_viewed`."""


@dataclass(slots=True)
class Fault:
    """Something that goes wrong with the next requests that fit `where` (part of "METHOD /path")."""

    kind: str
    where: str = ""
    times: int = 1
    status: int = 500
    code: str = "app.something.app_error"

    def fits(self, method: str, path: str) -> bool:
        """Whether this request is one of those meant."""
        return self.where in f"{method} {path}"


class Limiter:
    """A rate limit for each remote address: a bucket of `burst` + 1 that fills at `per_second`."""

    def __init__(self, clock: Clock, *, per_second: float, burst: int) -> None:
        self._clock, self._per_second, self.burst = clock, per_second, burst
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, address: str) -> tuple[bool, dict[str, str]]:
        """Takes one request from an address; whether it may pass, and the headers that say how much is left."""
        now = self._clock.seconds()
        level, at = self._levels.get(address, (self.burst + 1.0, now))
        level = min(self.burst + 1.0, level + (now - at) * self._per_second)
        passes = level >= 1
        level -= 1 if passes else 0
        self._levels[address] = (level, now)
        full_in = (self.burst + 1 - level) / self._per_second
        headers = {
            "X-Ratelimit-Limit": str(self.burst + 1),
            "X-Ratelimit-Remaining": str(int(level)),
            "X-Ratelimit-Reset": str(int(full_in) + 1),
        }
        if not passes:
            headers["Retry-After"] = str(int((1 - level) / self._per_second) + 1)
        return passes, headers


@dataclass(slots=True)
class Script:
    """Everything that can be switched. The server's state is elsewhere and outlives all of it."""

    random: random.Random
    version: str = DEFAULT_VERSION
    echo_first: float = 1 / 3
    """How often the event of a post is on its way before the answer to its request."""
    echoed_first: list[bool] = field(default_factory=list)
    """How it was with each post so far."""
    hardened: bool = False
    overrides: bool = True
    """EnablePostUsernameOverride."""
    bots_allowed: bool = True
    """EnableBotAccountCreation."""
    tokens_allowed: bool = True
    """EnableUserAccessTokens."""
    slow_seconds: float = 0.0
    auth_seconds: float = 5.0
    file_bytes_most: int = 0
    refused_emoji: set[str] = field(default_factory=set)
    """Names that newer versions do not know."""
    limiter: Limiter | None = None
    faults: deque[Fault] = field(default_factory=deque)
    answering: asyncio.Event = field(default_factory=asyncio.Event)
    pending_collisions: int = 0

    @property
    def version_numbers(self) -> tuple[int, int]:
        """Major and minor."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)

    @property
    def resumes(self) -> bool:
        """Whether this version keeps what a socket missed."""
        return self.version_numbers >= RESUMES_SINCE

    @property
    def newer(self) -> bool:
        """Whether this version speaks as those after 6.x do."""
        return self.version_numbers >= NEWER_SINCE

    def next_fault(self, method: str, path: str, kinds: set[str]) -> Fault | None:
        """The first fault of these kinds that is meant for this request; it is used up."""
        for fault in self.faults:
            if fault.kind in kinds and fault.fits(method, path):
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None
