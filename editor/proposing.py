"""Edits given by the exact text that they replace: found in a document, and made into changes of whole lines.

Called by the services of suggestions and of direct edits. What is refused says what to do in words that a language
model can use. Pure: never touches Django, a database or a clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from editor.difference import Edit as Replacement
from editor.difference import line_edits
from editor.units import BadChange, Units, clean_text, from_units, is_low_half, to_units
from realtime.protocol import Refused

EDITS_MOST: Final = 50
EDIT_CHARS: Final = 65_536
"""Longest quote, and longest text, of one edit."""
NOTE_CHARS: Final = 200
SHOWN_CHARS: Final = 80
PLACES_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace a text that stands in the document by another.

    Attributes:
        quote: exactly as it stands there, blanks and line ends too; empty only for a document without text.
        text: what shall stand there; empty deletes.
        near: a line, counted from 1, that tells several places apart; None where the quote stands once.
        note: why, in a few words.
    """

    quote: str
    text: str
    near: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """An edit at its place: code units of the document, what stands there and what shall."""

    start: int
    end: int
    quote: Units
    text: Units
    note: str

    def trimmed(self) -> Found:
        """Without what both have at their beginning and end, so that carets there stay where they are.

        Lines that are only added or only go are whole lines, where that can be chosen.
        """
        from_front = self._trimmed(behind_first=False)
        if self.quote[from_front.start - self.start - 1 : from_front.start - self.start] == "\n":
            return from_front
        from_behind = self._trimmed(behind_first=True)
        return from_behind if from_behind.start == self.start else from_front

    def _trimmed(self, *, behind_first: bool) -> Found:
        most = min(len(self.quote), len(self.text))
        if behind_first:
            behind = _same(self.quote[::-1], self.text[::-1], most)
            front = _same(self.quote, self.text, most - behind)
        else:
            front = _same(self.quote, self.text, most)
            behind = _same(self.quote[::-1], self.text[::-1], most - front)
        # Never between the two halves of one character.
        while front and any(is_low_half(units[front : front + 1] or " ") for units in (self.quote, self.text)):
            front -= 1
        while behind and any(is_low_half(units[len(units) - behind]) for units in (self.quote, self.text)):
            behind -= 1
        quote = Units(self.quote[front : len(self.quote) - behind])
        text = Units(self.text[front : len(self.text) - behind])
        return Found(self.start + front, self.end - behind, quote, text, self.note)


def _same(one: str, other: str, most: int) -> int:
    return next((index for index in range(most) if one[index] != other[index]), most)


def find_edits(document: str, edits: Sequence[Edit]) -> list[Found]:
    """The edits at their places, in the order of the document.

    Raises:
        Refused: `invalid` for none, for a quote that is missing or stands more than once, for two that overlap, and for
            one that changes nothing; `too_large`.
    """
    if not edits:
        raise Refused("invalid", "There are no edits.", field="edits")
    if len(edits) > EDITS_MOST:
        raise Refused("too_large", f"At most {EDITS_MOST} edits at once; make the first ones now.", field="edits")
    units = to_units(document)
    found = sorted((_find(units, edit, number) for number, edit in enumerate(edits, 1)), key=lambda one: one.start)
    for before, after in pairwise(found):
        if after.start < before.end:
            told = f"Two edits overlap at line {_line(units, after.start)}. Join them into one edit."
            raise Refused("invalid", told, field="edits")
    return found


def _find(document: Units, edit: Edit, number: int) -> Found:
    quote, text = _clean(edit.quote, number, "quote"), _clean(edit.text, number, "text")
    if quote == text:
        raise Refused("invalid", f"Edit {number} changes nothing: its text is its quote.", field="edits")
    note = " ".join(edit.note.split())[:NOTE_CHARS]
    if not quote:
        if document:
            told = f"Edit {number} quotes nothing. Quote the lines beside which to insert, and repeat them in the text."
            raise Refused("invalid", told, field="edits")
        return Found(0, 0, quote, text, note)
    places = list(_places(document, quote))
    if not places:
        raise Refused("invalid", _missing(document, quote, number), field="edits")
    if len(places) > 1 and edit.near is None:
        lines = ", ".join(str(_line(document, place)) for place in places[:PLACES_SHOWN])
        told = (
            f"The quote of edit {number} stands {len(places)} times, at lines {lines}. Quote more lines around it, "
            "or say near which line."
        )
        raise Refused("invalid", told, field="edits")
    near = edit.near or 0
    start = min(places, key=lambda place: abs(_line(document, place) - near))
    return Found(start, start + len(quote), quote, text, note)


def _clean(text: str, number: int, what: str) -> Units:
    if len(text) > EDIT_CHARS:
        raise Refused(
            "too_large", f"The {what} of edit {number} is longer than {EDIT_CHARS:,} characters.", field="edits"
        )
    try:
        return to_units(clean_text(text))
    except BadChange as error:
        raise Refused("invalid", f"The {what} of edit {number} is no text: {error.reason}.", field="edits") from error


def _places(document: Units, quote: Units) -> Iterator[int]:
    start = document.find(quote)
    while start >= 0:
        yield start
        start = document.find(quote, start + len(quote))


def _line(document: Units, position: int) -> int:
    return document.count("\n", 0, position) + 1


def _missing(document: Units, quote: Units, number: int) -> str:
    """Why there is no such text; where only blanks differ, the lines as they stand."""
    wanted = [line.strip() for line in quote.strip("\n").split("\n")]
    lines = document.split("\n")
    bare = [line.strip() for line in lines]
    for first in range(len(lines) - len(wanted) + 1):
        if bare[first : first + len(wanted)] == wanted and any(wanted):
            told = from_units(Units("\n".join(lines[first : first + len(wanted)])))
            return (
                f"The quote of edit {number} is not in the document, but lines {first + 1} to {first + len(wanted)} "
                f"differ from it in white space only. They are:\n{told}"
            )
    shown = from_units(quote) if len(quote) <= SHOWN_CHARS else f"{from_units(quote)[:SHOWN_CHARS]}…"
    return (
        f"The quote of edit {number} is not in the document: {shown!r}. Read the document again and quote its text "
        "exactly, with its indentation."
    )


def as_hunks(document: str, found: Sequence[Found]) -> list[Found]:
    """The same changes as whole lines: what touches one line is one change, what leaves lines between is two."""
    units = to_units(document)
    pieces, position = [], 0
    for one in found:
        pieces += [units[position : one.start], one.text]
        position = one.end
    after = from_units(Units("".join([*pieces, units[position:]])))
    return [_hunk(units, replacement, found) for replacement in line_edits(document, after)]


def _hunk(units: Units, replacement: Replacement, found: Sequence[Found]) -> Found:
    start, end, text = replacement
    notes = [one.note for one in found if one.start <= end and start <= one.end and one.note]
    return Found(start, end, Units(units[start:end]), to_units(text), "; ".join(dict.fromkeys(notes))[:NOTE_CHARS])
