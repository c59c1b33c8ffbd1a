"""What all formats become: numbers with a name, and lines that cannot be read.

Made by the readers of each format. Pure. A name is one of dashboard.models.Series: letters, digits and _ . : / - after
a letter; labels become parts of it, and what cannot stand in it is replaced, with a few characters of a hash, so that
two names never become one.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from dashboard.series import is_countable

NAME_CHARS: Final = 120
NUMBERS_MOST: Final = 2_000
BAD_MOST: Final = 20
"""Lines that are named in an answer; whoever sends more rubbish than that mends these first."""
HASH_CHARS: Final = 6
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.:/-]*")
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9_.:-]")


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """One number.

    Attributes:
        line: where it stands, from 1; in JSON the how-manieth it is.
        at_ms: when it was measured, in milliseconds since 1970; None: now.
        unit: what the figure is in; title: for people. Empty: nothing is said about it.
        kind: gauge (a state) or counter (an amount that happened); empty: as the series is, or a gauge.
    """

    line: int
    name: str
    value: float
    at_ms: int | None = None
    unit: str = ""
    title: str = ""
    kind: str = ""


class BadLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that cannot be taken, and why."""

    line: int
    message: str


class Parsed(msgspec.Struct, kw_only=True):
    """All that was read.

    Attributes:
        ignored: what is none of our numbers, and no mistake: texts, NaN and infinity, buckets of histograms.
    """

    numbers: list[Number] = []
    bad: list[BadLine] = []
    ignored: int = 0

    def add(self, number: Number) -> None:
        """Takes a number, if it is one that can be stored.

        Raises:
            TooMany: there are NUMBERS_MOST.
            ValueError: it is too large for any sum.
        """
        if not math.isfinite(number.value):
            self.ignored += 1
            return
        if not is_countable(number.value):
            raise ValueError(f"{number.name} is beyond what can be summed up: 1e100 at most")
        if len(self.numbers) == NUMBERS_MOST:
            raise TooMany
        self.numbers.append(number)

    def blame(self, line: int, error: object) -> None:
        """Notes a line that cannot be taken."""
        if len(self.bad) < BAD_MOST:
            self.bad.append(BadLine(line=line, message=str(error)[:200]))


class PushResult(msgspec.Struct, frozen=True, kw_only=True):
    """`POST /api/v1/metrics`: what was made of the numbers.

    Attributes:
        taken: are news.
        repeated: were known already, by their series and second.
        ignored: are none: texts, NaN and infinity, buckets of histograms.
    """

    taken: int
    repeated: int
    ignored: int


class TooMany(Exception):
    """More than NUMBERS_MOST numbers at once."""


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without those that are empty. Only a newline ends one."""
    for number, line in enumerate(text.split("\n"), 1):
        if line := line.strip(" \t\r"):
            yield number, line


def check_name(name: str) -> str:
    """The name, as somebody gave it.

    Raises:
        ValueError: no series can be called so.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"{name[:40]!r} is no name: letters, digits and _ . : / - after a letter")
    if len(name) > NAME_CHARS:
        raise ValueError(f"a name has {NAME_CHARS} characters at most")
    return name


def made_name(base: str, labels: Mapping[str, str], field: str = "") -> str:
    """A name of a metric, its labels in their order, and a field: `requests/code:200/method:get`.

    Raises:
        ValueError: it does not begin with a letter.
    """
    parts = [base, *(f"{key}:{value}" for key, value in sorted(labels.items())), *([field] if field else [])]
    name = "/".join(_FOREIGN.sub("-", part) for part in parts)
    if name != "/".join(parts) or any("/" in part for part in parts) or len(name) > NAME_CHARS:
        digest = hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:HASH_CHARS]
        name = f"{name[: NAME_CHARS - HASH_CHARS - 1]}-{digest}"
    return check_name(name)
