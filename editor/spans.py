"""Spans of a text that a discussion or a suggestion is about: moved along with edits, told as lines, compared with
what was said.

Called by the selectors and services of both. Pure: never touches Django, a database or a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from editor import authority
from editor.authority import Accepted
from editor.changes import ChangeSet
from editor.units import Units

QUOTE_UNITS: Final = 8_000
"""Longest text that a message can be bound to, some 200 lines."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines, counted from 1.

    Attributes:
        units: their text, without the line end of the last.
    """

    first: int
    last: int
    units: Units


def move_span(start: int, stop: int, changes: Iterable[ChangeSet]) -> tuple[int, int]:
    """As `authority.map_span`, at once where an edit is not near: many spans are moved past many edits."""
    for change in changes:
        if stop < change.start or change.is_empty:
            continue
        if start > change.stop:
            grown = change.length_after - change.length_before
            start, stop = start + grown, stop + grown
        else:
            start, stop = authority.map_span(start, stop, (change,))
    return start, stop


def move_watched(start: int, stop: int, updates: Iterable[Accepted]) -> tuple[int, int, int | None]:
    """As `move_span`, and who was the last to write within it or to delete from it; None for nobody."""
    writer = None
    for update in updates:
        if touches(update.changes, start, stop):
            writer = update.author
        start, stop = move_span(start, stop, (update.changes,))
    return start, stop, writer


def touches(change: ChangeSet, start: int, stop: int) -> bool:
    """Whether a change deletes something of a span, or writes within it; not what it writes at its edges."""
    if stop <= change.start or start >= change.stop:
        # An insertion has no width: one within the span lies between these two.
        return start < change.start == change.stop < stop
    return any(begin < stop and end > start for begin, end, _, _, _ in change.ranges())


def lines_of(text: Units, start: int, stop: int) -> Lines:
    """The lines that a span touches; one that ends with a line end does not touch the next line."""
    begin = text.rfind("\n", 0, start) + 1
    inside = max(start, stop - 1) if stop > start else start
    end = text.find("\n", inside)
    end = len(text) if end < 0 else end
    first = text.count("\n", 0, begin) + 1
    units = Units(text[begin:end])
    return Lines(first, first + units.count("\n"), units)


def lines_changed(said: str, now: Lines) -> tuple[int, int] | None:
    """First and last of the lines of now that are others than were said; None when they are the same.

    Where lines are only missing, it is the line that follows them.
    """
    before, after = said.split("\n"), now.units.split("\n")
    if before == after:
        return None
    most = min(len(before), len(after))
    front = next((index for index in range(most) if before[index] != after[index]), most)
    behind = next((index for index in range(most - front) if before[-1 - index] != after[-1 - index]), most - front)
    first = min(front, len(after) - 1)
    return now.first + first, now.first + max(first, len(after) - 1 - behind)
