"""Finds the words that were asked for inside a text: to mark them, to cut an excerpt, to say how well it fits.

Called by chat.selectors.search and by the search of other apps. Pure; it makes no HTML, the page builds elements.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise
from typing import Final

from chat.search import words
from chat.search.asking import Term
from chat.search.words import Place
from chat.shapes import SearchPiece

EXCERPT_CHARS: Final = 320
LEAD_CHARS: Final = 90
"""How much stands before the first marked word of a long text."""
_BLOCKS: Final = frozenset(
    {
        "blockquote",
        "br",
        "dd",
        "div",
        "dt",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "p",
        "pre",
        "td",
        "th",
        "tr",
    }
)
_CODE: Final = frozenset({"code", "pre"})
_NORMAL_WORDS: Final = 20
"""In a text of this length a hit counts half as much as in a very short one, roughly."""

_SPACE: Final = re.compile(r"\s+")

Span = tuple[int, int]


def hits(places: Sequence[Place], term: Term) -> Iterator[Span]:
    """Where a term stands in the tokens of a text, in characters."""
    *rest, last = term.tokens
    count = len(term.tokens)
    for index in range(len(places) - count + 1):
        end = places[index + count - 1]
        if not (end.token.startswith(last) if term.prefix else end.token == last):
            continue
        if all(places[index + offset].token == token for offset, token in enumerate(rest)):
            # Only a character of a script without spaces may begin with a single one, and is marked alone.
            yield places[index].start, end.start + 1 if term.prefix and len(last) == 1 else end.end


def spans(text: str, terms: Sequence[Term]) -> list[Span]:
    """The places to be marked, in order and apart from one another."""
    found = sorted(
        span
        for column in (list(words.places(text)), list(words.parts(text)))
        for term in terms
        for span in hits(column, term)
    )
    merged: list[Span] = []
    for start, end in found:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def holds_all(text: str, terms: Sequence[Term]) -> bool:
    """Whether every term stands in the text, and no excluded one."""
    columns = (list(words.places(text)), list(words.parts(text)))
    return all(any(any(hits(column, term)) for column in columns) != term.exclude for term in terms)


def fitness(text: str, terms: Sequence[Term]) -> float:
    """How well a text fits: whole words before beginnings, often before once, near one another, short before long."""
    places = list(words.places(text))
    starts: list[int] = []
    total = 0.0
    for term in terms:
        found = [start for start, _ in hits(places, term)]
        if not found:
            continue
        whole = any(True for _ in hits(places, Term(term.tokens, prefix=False)))
        total += (2.0 if whole else 1.0) * (1 + math.log(len(found)))
        starts.append(found[0])
    if len(starts) > 1:
        total += 2 / (1 + (max(starts) - min(starts)) / 40)
    return total / math.sqrt(1 + len(places) / _NORMAL_WORDS)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text that is code or is not."""

    text: str
    code: bool = False


class _Reader(HTMLParser):
    """Takes the words out of HTML that the server made; a line's or block's end is a space."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.runs: list[Run] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._code += tag in _CODE
        if tag in _BLOCKS:
            self._add(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._add(" ")
        self._code -= tag in _CODE

    def handle_data(self, data: str) -> None:
        self._add(data)

    def _add(self, data: str) -> None:
        text = _SPACE.sub(" ", data)
        if text.startswith(" ") and (not self.runs or self.runs[-1].text.endswith(" ")):
            text = text[1:]
        if text:
            self.runs.append(Run(text, bool(self._code)))


def runs_of(html: str) -> list[Run]:
    """What can be read in the HTML of a message, in one line."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    runs = reader.runs
    if runs and runs[-1].text.endswith(" "):
        runs[-1] = Run(runs[-1].text[:-1], runs[-1].code)
    return runs


def excerpt(runs: Sequence[Run], terms: Sequence[Term]) -> list[SearchPiece]:
    """A text with its words marked; of a long one the part around the first of them."""
    text = "".join(run.text for run in runs)
    found = spans(text, terms)
    first, last = _window(text, found[0][0] if found else 0)
    bounds = {first, last} | {edge for span in found for edge in span}
    starts = [0]
    for run in runs:
        starts.append(starts[-1] + len(run.text))
    edges = sorted(edge for edge in bounds | set(starts) if first <= edge <= last)
    pieces: list[SearchPiece] = [SearchPiece(text="… ")] if first else []
    for start, end in pairwise(edges):
        code = runs[bisect_right(starts, start) - 1].code
        mark = any(span[0] <= start < span[1] for span in found)
        _join(pieces, SearchPiece(text=text[start:end], mark=mark, code=code))
    return [*pieces, SearchPiece(text=" …")] if last < len(text) else pieces


def _window(text: str, at: int) -> Span:
    """The part of a text that is shown, cut where words end."""
    if len(text) <= EXCERPT_CHARS:
        return 0, len(text)
    first = max(0, at - LEAD_CHARS)
    if first:
        space = text.find(" ", first, at)
        first = space + 1 if space >= 0 else first
    last = min(len(text), first + EXCERPT_CHARS)
    if last < len(text):
        space = text.rfind(" ", max(first, at) + 1, last)
        last = space if space > first else last
    return first, last


def _join(pieces: list[SearchPiece], piece: SearchPiece) -> None:
    last = pieces[-1] if pieces else None
    if last is not None and (last.mark, last.code) == (piece.mark, piece.code):
        pieces[-1] = SearchPiece(text=last.text + piece.text, mark=last.mark, code=last.code)
    elif piece.text:
        pieces.append(piece)


def plain(text: str, terms: Sequence[Term]) -> list[SearchPiece]:
    """A short text without HTML, such as a name, with its words marked."""
    return excerpt([Run(" ".join(text.split()))], terms)
