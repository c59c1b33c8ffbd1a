"""The edits that make one text into another, line by line, in pieces that every socket can take.

Called by the service that restores a version. Pure: never touches Django, a database or a clock.
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
    length = len(to_units(old))
    made = []
    for edits in _pieces(_edits(_lines(old), _lines(new))):
        change = ChangeSet.from_edits(length, edits)
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


def _lines(text: str) -> list[str]:
    """Lines with their line feeds; nothing else ends a line."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines


def _edits(old: Sequence[str], new: Sequence[str]) -> list[Edit]:
    same_before = _common(old, new)
    same_after = _common(old[same_before:][::-1], new[same_before:][::-1])
    ends = list(accumulate((len(to_units(line)) for line in old), initial=0))
    edits = []
    for first, last, begin, end in _blocks(
        old[same_before : len(old) - same_after], new[same_before : len(new) - same_after]
    ):
        start, stop = ends[same_before + first], ends[same_before + last]
        edits.append((start, stop, "".join(new[same_before + begin : same_before + end])))
    return edits


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
