"""The edits that make one text into another, line by line, in pieces that every socket can take.

Called by services that restore a version, put a whole text in place, take edits back or propose some. Pure: never
touches Django, a database or a clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate
from typing import Final

from editor.changes import ChangeSet
from editor.units import to_units

MATCHED_LINES: Final = 4_000
"""Lines compared one with another; where more differ they are replaced as a whole."""
PIECE_CHARS: Final = 65_536
"""New text of one change set: the frame that carries it must fit into the window of a socket."""

Edit = tuple[int, int, str]
"""(start, stop, text): in code units of the old text, and what comes there."""


def difference(old: str, new: str) -> list[ChangeSet]:
    """Change sets, one after the other, that make `new` out of `old`: a few dozen at most, none for the same text."""
    return in_pieces(len(to_units(old)), line_edits(old, new))


def line_edits(old: str, new: str) -> list[Edit]:
    """What differs, as replacements of whole lines, in order; none touches the next."""
    return _edits(lines_with_ends(old), lines_with_ends(new))


def in_pieces(length: int, edits: Sequence[Edit]) -> list[ChangeSet]:
    """Replacements in a document of so many code units, as change sets that follow each other."""
    made = []
    for piece in _pieces(edits):
        change = ChangeSet.from_edits(length, piece)
        length = change.length_after
        made.append(change)
    return made


def _pieces(edits: Sequence[Edit]) -> Iterator[list[Edit]]:
    """The edits of each change set, from the end of the text to its beginning: what is done moves nothing to do."""
    piece: list[Edit] = []
    chars = 0
    for start, stop, text in reversed(edits):
        if piece and chars + len(text) > PIECE_CHARS:
            yield piece[::-1]
            piece, chars = [], 0
        if len(text) > PIECE_CHARS:
            yield from ([part] for part in _cut(start, stop, text))
        else:
            piece.append((start, stop, text))
            chars += len(text)
    if piece:
        yield piece[::-1]


def lines_with_ends(text: str) -> list[str]:
    """Lines with their line feeds; nothing else ends a line."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines


def _edits(old: Sequence[str], new: Sequence[str]) -> list[Edit]:
    ends = list(accumulate((len(to_units(line)) for line in old), initial=0))
    return [(ends[first], ends[last], "".join(new[begin:end])) for first, last, begin, end in line_blocks(old, new)]


def line_blocks(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """(old first, old behind last, new first, new behind last) of the lines that differ, in order, counted from 0."""
    front = _common(old, new)
    behind = _common(old[front:][::-1], new[front:][::-1])
    found = _blocks(old[front : len(old) - behind], new[front : len(new) - behind])
    return [(front + first, front + last, front + begin, front + end) for first, last, begin, end in found]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines are the same at the beginning."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _blocks(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """(old first, old last, new first, new last) of what differs, in order."""
    if max(len(old), len(new)) > MATCHED_LINES:
        return [(0, len(old), 0, len(new))]
    matcher = SequenceMatcher(None, old, new, autojunk=True)
    return [codes[1:] for codes in matcher.get_opcodes() if codes[0] != "equal"]


def _cut(start: int, stop: int, text: str) -> Iterator[Edit]:
    """One edit in pieces: the first replaces, those after it are put behind it."""
    yield start, stop, text[:PIECE_CHARS]
    for index in range(PIECE_CHARS, len(text), PIECE_CHARS):
        start += len(to_units(text[index - PIECE_CHARS : index]))
        yield start, start, text[index : index + PIECE_CHARS]
