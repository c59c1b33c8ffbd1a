"""The operation algebra: change sets as CodeMirror writes them, applied, composed, inverted and mapped over each other.

Called by the authority, by services and selectors of documents and by whoever makes an edit without a browser.
Pure: never touches Django, a database, a clock or a socket. Results equal those of @codemirror/state to the letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Any, Final, overload

from editor import merging
from editor.merging import KEEP, Builder
from editor.units import (
    BadChange,
    TooLarge,
    Units,
    clean_text,
    from_units,
    is_high_half,
    is_low_half,
    line_to_units,
    to_units,
)

DOCUMENT_UNITS: Final = 1_048_576
"""Longest document, in UTF-16 code units, as the browser counts: 1 to 3 MiB of UTF-8."""

SECTIONS: Final = 10_000
"""Most sections (kept, deleted or replaced runs) of one update."""

Json = list[int | list[int | str]]
"""`n` keeps n units, `[n]` deletes n, `[n, "line", "line"…]` puts these lines in the place of n."""


class MapMode(IntEnum):
    """When a position counts as deleted: never, deleted around it, before it, after it."""

    SIMPLE = 0
    TRACK_DEL = 1
    TRACK_BEFORE = 2
    TRACK_AFTER = 3


class ChangeSet:
    """What turns one document into the next. Immutable.

    Attributes:
        sections: pairs (length before, length after), the second KEEP for a run that stays; in canonical form: no
            empty runs, no two runs next to each other that are both kept, both deleted or both inserted.
        inserted: the new text of each section, "" where there is none.
        length_before, length_after: of the documents, in code units.
        start, stop: where in the document before the first change begins and the last one ends.
    """

    __slots__ = ("inserted", "length_after", "length_before", "sections", "start", "stop")

    sections: Final[tuple[int, ...]]
    inserted: Final[tuple[str, ...]]
    length_before: Final[int]
    length_after: Final[int]
    start: Final[int]
    stop: Final[int]

    def __init__(
        self, sections: tuple[int, ...], inserted: tuple[str, ...], length_before: int, length_after: int
    ) -> None:
        """For this module and tests; others take `from_json`, `from_edits` or `empty`."""
        self.sections = sections
        self.inserted = inserted
        self.length_before = length_before
        self.length_after = length_after
        self.start = sections[0] if sections and sections[1] == KEEP else 0
        self.stop = length_before - sections[-2] if sections and sections[-1] == KEEP else length_before

    # Made and written

    @classmethod
    def empty(cls, length: int) -> ChangeSet:
        """The change set that changes nothing in a document of `length` units."""
        return cls((length, KEEP), ("",), length, length) if length else cls((), (), 0, 0)

    @classmethod
    def from_edits(cls, length: int, edits: Iterable[tuple[int, int, str]]) -> ChangeSet:
        """Replacements (start, stop, text) in a document of `length` units.

        Args:
            length: of the document, in code units.
            edits: positions in the document before, in code units, ascending, not overlapping; texts as people write
                them (line breaks of any kind become LF).

        Raises:
            BadChange: positions out of order or out of the document, or a text that may not stand in a document.
        """
        builder, position = Builder(), 0
        for start, stop, text in edits:
            if not position <= start <= stop <= length:
                raise BadChange(f"an edit from {start} to {stop} does not fit behind {position} of {length}")
            units = to_units(clean_text(text))
            builder.add(start - position, KEEP)
            builder.add(stop - start, len(units), units)
            position = stop
        builder.add(length - position, KEEP)
        return _change_set(builder.parts(), length)

    @classmethod
    def from_json(cls, value: Any, *, length: int | None = None) -> ChangeSet:
        """Read what a client sent or a row holds.

        Only the canonical form is taken, which is all that CodeMirror writes: clients map over what they wrote, so
        the server must not tidy it up. Hence `from_json(value).to_json() == value`.

        Args:
            value: decoded JSON of any shape.
            length: what the document before should have, in code units, if known.

        Raises:
            BadChange: with a sentence that says what is wrong.
            TooLarge: more than SECTIONS sections, or longer than a document may be.
        """
        if type(value) is not list:
            raise BadChange("a change set is a list")
        if len(value) > SECTIONS:
            raise TooLarge(f"a change set has at most {SECTIONS} sections")
        sections: list[int] = []
        inserted: list[str] = []
        before = after = 0
        for part in value:
            size, added, text = _read_part(part)
            if sections and ((added <= 0 and sections[-1] == added) or (size == 0 and sections[-2] == 0)):
                raise BadChange("sections of one kind stand next to each other")
            sections += (size, added)
            inserted.append(text)
            before += size
            after += size if added < 0 else added
        if before > DOCUMENT_UNITS or after > max(before, DOCUMENT_UNITS):
            raise TooLarge(f"a document has at most {DOCUMENT_UNITS} code units")
        if length is not None and before != length:
            raise BadChange(f"it is for a document of {before} code units, not of {length}")
        return cls(tuple(sections), tuple(inserted), before, after)

    def to_json(self) -> Json:
        """As CodeMirror writes it; texts are real characters, split at LF alone."""
        sections, parts = self.sections, list[int | list[int | str]]()
        for index, text in enumerate(self.inserted):
            size, added = sections[2 * index], sections[2 * index + 1]
            if added < 0:
                parts.append(size)
            elif added:
                parts.append([size, *from_units(Units(text)).split("\n")])
            else:
                parts.append([size])
        return parts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ChangeSet):
            return NotImplemented
        return self.sections == other.sections and self.inserted == other.inserted

    def __hash__(self) -> int:
        return hash((self.sections, self.inserted))

    def __repr__(self) -> str:
        return f"ChangeSet({self.to_json()})"

    @property
    def _parts(self) -> tuple[tuple[int, ...], tuple[str, ...]]:
        return self.sections, self.inserted

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing."""
        return len(self.sections) == 0 or (len(self.sections) == 2 and self.sections[1] == KEEP)

    def ranges(self) -> Iterator[tuple[int, int, int, int, str]]:
        """Each changed run as (start, stop) before, (start, stop) after, and its new text in code units.

        Runs that touch come one by one.
        """
        before = after = 0
        sections = self.sections
        for index, text in enumerate(self.inserted):
            size, added = sections[2 * index], sections[2 * index + 1]
            width = size if added < 0 else added
            if added >= 0:
                yield before, before + size, after, after + width, text
            before += size
            after += width

    # Applied

    def apply(self, text: Units) -> Units:
        """The document after, from the document before.

        Raises:
            BadChange: the lengths differ, or half of a character would be left alone.
        """
        if len(text) != self.length_before:
            raise BadChange(f"it is for a document of {self.length_before} code units, not of {len(text)}")
        pieces, position, sections = list[str](), 0, self.sections
        for index, new in enumerate(self.inserted):
            size, added = sections[2 * index], sections[2 * index + 1]
            piece = text[position : position + size] if added < 0 else new
            if piece:
                pieces.append(piece)
            position += size
        if not text.isascii():
            _refuse_lone_halves(pieces)
        return Units("".join(pieces))

    def invert(self, text: Units) -> ChangeSet:
        """What undoes it.

        Args:
            text: the document before this change set.
        """
        if len(text) != self.length_before:
            raise BadChange(f"it is for a document of {self.length_before} code units, not of {len(text)}")
        sections, inserted, position = list[int](), list[str](), 0
        for index in range(0, len(self.sections), 2):
            size, added = self.sections[index], self.sections[index + 1]
            sections += (size, added) if added < 0 else (added, size)
            inserted.append(text[position : position + size] if added >= 0 else "")
            position += size
        return ChangeSet(tuple(sections), tuple(inserted), self.length_after, self.length_before)

    @overload
    def map_pos(self, position: int, assoc: int = -1) -> int: ...

    @overload
    def map_pos(self, position: int, assoc: int, mode: MapMode) -> int | None: ...

    def map_pos(self, position: int, assoc: int = -1, mode: MapMode = MapMode.SIMPLE) -> int | None:
        """Where a position of the document before stands in the document after.

        Args:
            position: in code units.
            assoc: negative to stay before text that is inserted right there, positive to go behind it.
            mode: when to answer None because what stood there was deleted; never with SIMPLE.

        Raises:
            BadChange: the position is out of the document.
        """
        if not 0 <= position <= self.length_before:
            raise BadChange(f"position {position} is out of a document of {self.length_before} code units")
        before = after = 0
        for index in range(0, len(self.sections), 2):
            size, added = self.sections[index], self.sections[index + 1]
            end = before + size
            if added < 0:
                if end > position:
                    return after + position - before
                after += size
            else:
                if mode and end >= position and _is_gone(mode, before, position, end):
                    return None
                if end > position or (end == position and assoc < 0 and not size):
                    return after if position == before or assoc < 0 else after + added
                after += added
            before = end
        return after

    # Combined

    def compose(self, other: ChangeSet) -> ChangeSet:
        """This, then `other`, as one. `other` starts from the document after this."""
        if self.length_after != other.length_before:
            raise BadChange(f"{other.length_before} code units cannot follow {self.length_after}")
        if self.is_empty:
            return other
        return self if other.is_empty else _change_set(merging.compose(self._parts, other._parts), self.length_before)

    def map(self, other: ChangeSet, *, before: bool) -> ChangeSet:
        """This, so that it applies after `other`; both start from the same document.

        `a.compose(b.map(a, before=False))` and `b.compose(a.map(b, before=True))` give the same document.

        Args:
            other: what happened meanwhile.
            before: where both insert at one place, whether this one's text comes first.
        """
        size = other.length_before
        if self.length_before != size:
            raise BadChange(f"change sets for {self.length_before} and {size} code units do not meet")
        if other.is_empty:
            return self
        # Changes that do not overlap, which is nearly every pair in life, only move.
        grown = other.length_after - size
        if other.stop < self.start or (other.stop == self.start and not before):
            return self.moved(grown, 0)
        if self.stop < other.start or (self.stop == other.start and before):
            return self.moved(0, grown)
        return _change_set(merging.map_over(self._parts, other._parts, before=before), other.length_after)

    def moved(self, front: int, behind: int) -> ChangeSet:
        """The same changes in a document with so many more code units (or less) in front and behind of all of them."""
        grown = front + behind
        if self.is_empty:
            return ChangeSet.empty(self.length_before + grown)
        sections, inserted = self.sections, self.inserted
        if front:
            kept = self.start + front
            rest = sections[2:] if self.start else sections
            if bool(kept) != bool(self.start):
                inserted = ("", *inserted) if kept else inserted[1:]
            sections = (kept, KEEP, *rest) if kept else rest
        if behind:
            end = self.length_before - self.stop
            kept = end + behind
            rest = sections[:-2] if end else sections
            if bool(kept) != bool(end):
                inserted = (*inserted, "") if kept else inserted[:-1]
            sections = (*rest, kept, KEEP) if kept else rest
        return ChangeSet(sections, inserted, self.length_before + grown, self.length_after + grown)


def _change_set(parts: tuple[tuple[int, ...], tuple[str, ...]], length_before: int) -> ChangeSet:
    sections, inserted = parts
    grown = sum(
        sections[index + 1] - sections[index] for index in range(0, len(sections), 2) if sections[index + 1] >= 0
    )
    return ChangeSet(sections, inserted, length_before, length_before + grown)


def _read_part(part: Any) -> tuple[int, int, str]:
    """A section (length before, length after or KEEP, new text) from its JSON."""
    lines: list[Any] | None = None
    if type(part) is list and part:
        part, *lines = part
    if type(part) is not int:
        raise BadChange("a section is a whole number, or a list of one and of lines")
    if not 0 <= part <= DOCUMENT_UNITS:
        raise BadChange(f"a section is 0 to {DOCUMENT_UNITS} code units long")
    if lines:
        if not all(type(line) is str for line in lines):
            raise BadChange("the lines of a section are strings")
        text = "\n".join(map(line_to_units, lines))
        if text:
            return part, len(text), text
    elif part:
        return part, KEEP if lines is None else 0, ""
    raise BadChange("a section does nothing")


def _refuse_lone_halves(pieces: list[str]) -> None:
    """Each piece was whole before it was cut, so only its ends can be half of a character."""
    left = " "
    for piece in (*pieces, " "):
        if is_high_half(left[-1]) != is_low_half(piece[0]):
            raise BadChange("it cuts a character in half")
        left = piece


def _is_gone(mode: MapMode, start: int, position: int, stop: int) -> bool:
    if mode == MapMode.TRACK_DEL:
        return start < position < stop
    return start < position if mode == MapMode.TRACK_BEFORE else stop > position
