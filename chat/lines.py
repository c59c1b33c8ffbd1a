"""A conversation as JSON lines, `line time author body reply_to beside pinned`: read, checked, dated and written.

Called by import_room and export_room. Pure: never touches Django, a database or a clock.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import msgspec

from accounts.texts import clean_display_name
from chat import texts
from chat.shapes import BesideView
from realtime.protocol import Refused

PROBLEMS_TOLD: Final = 20
MOST_LINE: Final = 2_147_483_647
"""As large as the database's column."""
RUNNING_BEHIND: Final = timedelta(hours=1)
"""A step back by less is somebody's clock; by more, midnight has passed."""

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message of a conversation.

    Attributes:
        line: its number; rising, not always by one.
        time: HH:MM, or a whole moment as RFC 3339.
        reply_to: the number of the line that it answers.
        beside: what its author had open; means something only where that is.
        pinned: the room keeps it at hand.
    """

    line: int
    time: str
    author: str
    body: str
    reply_to: int | None = None
    beside: BesideView | None = None
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class DatedLine:
    """A line and when it was said."""

    line: Line
    at: datetime


class LinesWrong(Exception):
    """The text is no conversation.

    Attributes:
        problems: a sentence for each fault, at most 20 and one that counts the rest.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        rest = len(problems) - PROBLEMS_TOLD
        self.problems = [*problems[:PROBLEMS_TOLD], *([f"And {rest} more."] if rest > 0 else [])]
        super().__init__("\n".join(self.problems))


def parse(content: bytes) -> list[Line]:
    """All lines of a file, checked as a whole: whoever imports them meets no surprise in the middle.

    Raises:
        LinesWrong.
    """
    lines: list[Line] = []
    problems: list[str] = []
    decoder = msgspec.json.Decoder(Line)
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            line = decoder.decode(raw)
            _check(line, after=lines[-1].line if lines else -1)
        except (msgspec.DecodeError, UnicodeError, RecursionError, Refused, ValueError) as error:
            told = error.message if isinstance(error, Refused) else str(error)
            problems.append(f"Line {number} of the file: {told}")
        else:
            lines.append(line)
    if not lines and not problems:
        problems.append("There are no lines in this file.")
    if problems:
        raise LinesWrong(problems)
    return lines


def _check(line: Line, *, after: int) -> None:
    """Raises: ValueError and Refused, with a sentence."""
    if not after < line.line <= MOST_LINE:
        raise ValueError(f"`line` is {line.line} and must be above {after}.")
    if line.reply_to is not None and not 0 <= line.reply_to <= MOST_LINE:
        raise ValueError(f"`reply_to` cannot be {line.reply_to}.")
    if not _CLOCK.fullmatch(line.time):
        _moment(line.time)
    if not line.author or clean_display_name(line.author) != line.author:
        raise ValueError("`author` is empty or has blanks around or inside it that would be lost.")
    texts.clean_body(line.body, most=texts.ANSWER_CHARS)
    texts.check_beside(line.beside)


def _moment(text: str) -> datetime:
    """Raises: ValueError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"`time` is {text[:40]!r} and must be HH:MM, or date, time and offset.") from error
    if moment.tzinfo is None or "T" not in text:
        raise ValueError(f"`time` is {text[:40]!r} and lacks its offset; a Z at the end is UTC.")
    return moment.astimezone(UTC)


def needs_day(lines: Iterable[Line]) -> bool:
    """Whether some line says only HH:MM."""
    return any(_CLOCK.fullmatch(line.time) for line in lines)


def give_dates(lines: Sequence[Line], day: date) -> list[DatedLine]:
    """When each line was said, in UTC, if the first clock time is on `day`; past midnight the next day begins."""
    dated: list[DatedLine] = []
    last: datetime | None = None
    for line in lines:
        clock = _CLOCK.fullmatch(line.time)
        if clock is None:
            dated.append(DatedLine(line, _moment(line.time)))
            continue
        at = datetime.combine(day if last is None else last.date(), time(int(clock[1]), int(clock[2])), UTC)
        if last is not None and last - at > RUNNING_BEHIND:
            at += timedelta(days=1)
        elif last is not None and at - last > timedelta(days=1) - RUNNING_BEHIND:
            # 23:59 after 00:00: the late clock is still on the day before.
            at -= timedelta(days=1)
        dated.append(DatedLine(line, at))
        last = at
    return dated


def day_in_name(name: str) -> date | None:
    """The date in a file's name, as in `channel-2005-02-06.jsonl`."""
    for match in re.finditer(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)", name):
        try:
            return date.fromisoformat(match[0])
        except ValueError:
            continue
    return None


def dump(lines: Iterable[Line]) -> Iterator[str]:
    """Each line as JSON text, without its line end."""
    for line in lines:
        written = msgspec.to_builtins(line)
        if line.beside is None:
            del written["beside"]
        if not line.pinned:
            del written["pinned"]
        yield json.dumps(written, ensure_ascii=False)
