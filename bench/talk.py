"""A day of talk to be said again: who says what, on which side of a bridge, and what becomes of it afterwards.

Called by bench.bridge. The talk comes from files of JSON lines (line, time, author, body, reply_to), which are no part
of this project. Knows neither side.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

EDITED, DELETED, REACTED, TAKEN_BACK = 0.05, 0.02, 0.06, 0.3
"""How many lines are changed, deleted and reacted to, and how many reactions are taken back."""
EMOJI = {"+1": "👍", "tada": "🎉", "eyes": "👀", "rocket": "🚀"}
_TAG = re.compile(r"^(.*) ·(\d+)$", re.DOTALL)


class TalkUnreadable(Exception):
    """A file of talk is not what it should be; the text says where."""


@dataclass(frozen=True, slots=True)
class Touch:
    """A reaction: by whom, on which side, and whether it is taken back again."""

    author: str
    here: bool
    emoji: str
    taken_back: bool


@dataclass(slots=True)
class Line:
    """One line of the talk.

    Attributes:
        number: counts through all files; it stands at the end of what is said, so that each is told from the others.
        reply_to: the number of the line that is answered.
        here: whether its author is on our side.
        change: what becomes of it: `edit`, `delete` or nothing.
    """

    number: int
    author: str
    body: str
    reply_to: int | None
    here: bool = True
    change: str = ""
    touches: list[Touch] = field(default_factory=list)

    def text(self) -> str:
        """As it is said."""
        return f"{self.body} ·{self.number}"

    def final(self) -> str:
        """As it stands in the end."""
        return f"{self.body} (corrected) ·{self.number}" if self.change == "edit" else self.text()


@dataclass(slots=True)
class Done:
    """What happened.

    Attributes:
        said: when each line was said, on the machine's clock.
        roots: under which line each was said, for those in threads.
        beside: lines said outside of the thread they belong to, because its root was not there yet.
        lost: what could not be done, in words.
        cuts: when which cut was made.
        touched: reactions that stay: the line, who, the emoji's name, and whether it was done here.
    """

    said: dict[int, float] = field(default_factory=dict)
    roots: dict[int, int] = field(default_factory=dict)
    beside: set[int] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)
    cuts: list[tuple[float, str]] = field(default_factory=list)
    touched: set[tuple[int, str, str, bool]] = field(default_factory=set)


def number_of(text: str) -> int | None:
    """Which line a text is."""
    found = _TAG.match(text)
    return int(found[2]) if found else None


def read_talk(paths: Sequence[Path], *, most: int = 0) -> list[Line]:
    """The lines of all files, one after the other; at most so many.

    Raises:
        TalkUnreadable: a file is missing, or a line is none.
    """
    lines: list[Line] = []
    for path in paths:
        known: dict[int, int] = {}
        try:
            rows = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise TalkUnreadable(f"{path}: {error.strerror}") from error
        for at, row in enumerate(rows, 1):
            if most and len(lines) >= most:
                return lines
            try:
                told = json.loads(row)
                author, body = str(told["author"]), str(told["body"]).strip()
                number, reply_to = int(told["line"]), told["reply_to"]
            except (ValueError, KeyError, TypeError) as error:
                raise TalkUnreadable(f"{path}, line {at}: {error!r}") from error
            known[number] = len(lines)
            lines.append(Line(len(lines), author, body, known.get(reply_to)))
    return lines


def share_out(lines: Sequence[Line], *, seed: int) -> None:
    """Puts each author on one of the sides, half of the lines on each, and decides what becomes of which line."""
    chance = random.Random(seed)
    said = Counter(line.author for line in lines)
    sides: dict[str, bool] = {}
    more_here = 0
    for author, count in sorted(said.items(), key=lambda one: (-one[1], one[0])):
        sides[author] = more_here <= 0
        more_here += count if sides[author] else -count
    answered = {line.reply_to for line in lines}
    people = sorted(sides)
    for line in lines:
        line.here = sides[line.author]
        if chance.random() < EDITED:
            line.change = "edit"
        elif chance.random() < REACTED:
            by = chance.choice(people)
            line.touches.append(Touch(by, sides[by], chance.choice(list(EMOJI)), chance.random() < TAKEN_BACK))
        elif line.number not in answered and chance.random() < DELETED:
            line.change = "delete"


def thread_of(line: Line, lines: Sequence[Line]) -> int | None:
    """The root of the line's thread: threads have one level on both sides."""
    root = line.reply_to
    while root is not None and (above := lines[root].reply_to) is not None:
        root = above
    return root
