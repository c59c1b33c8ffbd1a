"""Reads what a person typed into the search: words, phrases, exclusions, and filters such as `from:mina`.

Called by chat.selectors.search. Pure: names of people and rooms stay names here, somebody else knows them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from chat.search import words
from realtime.protocol import Refused

QUERY_CHARS: Final = 300
TERMS_MOST: Final = 12
FILTERS_MOST: Final = 12

PREFIX_CHARS: Final = 3
"""Of a word in Latin letters that may go on: of shorter ones there are so many that a large site would search for
seconds. In other scripts two letters can be a word (Korean: 검색)."""

HAS: Final = ("link", "code", "file", "image", "reaction", "pin", "thread")
NAMES: Final = ("from", "in")
DATES: Final = ("before", "after", "on", "during")
_TOKEN: Final = re.compile(r'(-?)(?:([a-z]{2,6}):)?(?:"([^"]*)(?:"|$)|([^\s"]+))', re.IGNORECASE)
_FILTER_ALONE: Final = re.compile(r"(-?)([a-z]{2,6}):(?=\s|$)", re.IGNORECASE)
_DAY: Final = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_DECEMBER: Final = 12


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand in a row. `prefix`: the last may go on; `exclude`: nothing with them is wanted."""

    tokens: tuple[str, ...]
    prefix: bool
    exclude: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """`key:value` as it was typed."""

    key: str
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of the query that means nothing, and why."""

    text: str
    message: str


@dataclass(slots=True)
class Asked:
    """A query, taken apart.

    Attributes:
        terms: all of them must be there, but for the excluded ones.
        names: filters whose values somebody must look up.
        has: what must hang on a message.
        since: not before this.
        until: before this.
    """

    terms: list[Term] = field(default_factory=list)
    names: list[Filter] = field(default_factory=list)
    has: list[str] = field(default_factory=list)
    since: datetime | None = None
    until: datetime | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked for."""
        return not (self.terms or self.names or self.has or self.since or self.until or self.problems)

    @property
    def wanted(self) -> list[Term]:
        """The terms to be found and marked."""
        return [term for term in self.terms if not term.exclude]


def parse(text: str, *, now: datetime) -> Asked:
    """Takes a query apart.

    Args:
        text: as it was typed.
        now: the present time where the person is, with its zone: days begin there.

    Raises:
        Refused: `too_large`, `invalid`.
    """
    if len(text) > QUERY_CHARS:
        raise Refused("too_large", f"A search has at most {QUERY_CHARS} characters.", field="q")
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Refused("invalid", "A search cannot hold such characters.", field="q")
    asked = Asked()
    filters = 0
    for minus, key, value, whole in _tokens(text):
        if key:
            filters += 1
            _add_filter(asked, Filter(key, value.strip(), whole), minus=bool(minus), now=now)
        else:
            _add_term(asked, whole, quoted=whole.removeprefix("-").startswith('"'), exclude=bool(minus))
    if len(asked.terms) > TERMS_MOST or filters > FILTERS_MOST:
        raise Refused("too_large", f"A search has at most {TERMS_MOST} words and {FILTERS_MOST} filters.", field="q")
    return asked


def _tokens(text: str) -> list[tuple[str, str, str, str]]:
    """(minus, key, value, whole) of each part; the key is empty for what is no filter of ours."""
    found: list[tuple[str, str, str, str]] = []
    at = 0
    while at < len(text):
        alone = _FILTER_ALONE.match(text, at)
        match = alone or _TOKEN.match(text, at)
        if match is None:
            at += 1
            continue
        key = (match[2] or "").lower()
        known = key in {*NAMES, *DATES, "has"}
        value = "" if alone else match[3] if match[3] is not None else match[4]
        found.append((match[1], key if known else "", value, match[0]))
        at = match.end()
    return found


def _add_term(asked: Asked, whole: str, *, quoted: bool, exclude: bool) -> None:
    text = whole.removeprefix("-") if exclude else whole
    found = list(words.places(text))
    if not found:
        return
    tokens = [place.token for place in found]
    run = words.is_run(tokens[-1])
    # A run of a script without spaces ends with its last character alone; asked for, it may go on.
    if run and not quoted and len(tokens) > 1 and len(tokens[-1]) == 1 and len(tokens[-2]) > 1:
        tokens.pop()
    last = tokens[-1]
    least = PREFIX_CHARS if last.isascii() else 2
    prefix = not (quoted or exclude) and (len(last) == 1 if run else len(last) >= least)
    asked.terms.append(Term(tuple(tokens), prefix, exclude))


def _add_filter(asked: Asked, told: Filter, *, minus: bool, now: datetime) -> None:
    if minus:
        asked.problems.append(Problem(told.text, "Only words can be excluded."))
    elif not told.value:
        asked.problems.append(Problem(told.text, _WANTS[told.key]))
    elif told.key in NAMES:
        asked.names.append(told)
    elif told.key == "has":
        _add_has(asked, told)
    else:
        _add_date(asked, told, now)


_WANTS: Final = {
    "from": "Whose messages? Write from: and a name, or from:me.",
    "in": "In which room? Write in: and its name.",
    "has": f"Choose one of {', '.join(HAS)}.",
    **dict.fromkeys(DATES, "Write a day such as 2026-11-22, a month, a year, today or yesterday."),
}


def _add_has(asked: Asked, told: Filter) -> None:
    value = told.value.lower()
    if value not in HAS:
        asked.problems.append(Problem(told.text, _WANTS["has"]))
    elif value not in asked.has:
        asked.has.append(value)


def _add_date(asked: Asked, told: Filter, now: datetime) -> None:
    span = _span(told.value.lower(), now.date())
    if span is None:
        asked.problems.append(Problem(told.text, _WANTS[told.key]))
        return
    first, after = (datetime.combine(day, time(), now.tzinfo) for day in span)
    since, until = {"before": (None, first), "after": (after, None)}.get(told.key, (first, after))
    asked.since = max(filter(None, [asked.since, since]), default=None)
    asked.until = min(filter(None, [asked.until, until]), default=None)


def _span(value: str, today: date) -> tuple[date, date] | None:
    """The first day that a word or a date means, and the first day after it."""
    monday = today - timedelta(days=today.weekday())
    known: dict[str, Callable[[], tuple[date, date]]] = {
        "today": lambda: (today, today + timedelta(days=1)),
        "yesterday": lambda: (today - timedelta(days=1), today),
        "week": lambda: (monday, monday + timedelta(days=7)),
        "month": lambda: _month(today.year, today.month),
        "year": lambda: (date(today.year, 1, 1), date(today.year + 1, 1, 1)),
    }
    if value in known:
        return known[value]()
    match = _DAY.fullmatch(value)
    if match is None:
        return None
    try:
        return _dated(int(match[1]), match[2], match[3])
    except (ValueError, OverflowError):
        return None


def _dated(year: int, month: str | None, day: str | None) -> tuple[date, date]:
    if month is None:
        return date(year, 1, 1), date(year + 1, 1, 1)
    if day is None:
        return _month(year, int(month))
    first = date(year, int(month), int(day))
    return first, first + timedelta(days=1)


def _month(year: int, month: int) -> tuple[date, date]:
    last = month == _DECEMBER
    return date(year, month, 1), date(year + last, 1 if last else month + 1, 1)
