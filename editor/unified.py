"""What two texts differ in, as people read it: lines that went, lines that came, and some that stay around them.

Called by the selector that shows a revert before it is done. Pure: never touches Django, a database or a clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from editor.difference import line_blocks, lines_with_ends
from editor.shapes import Difference, DifferenceLine, DifferencePart

CONTEXT_LINES: Final = 3
LINES_MOST: Final = 2_000
"""Shown; what is behind is only counted."""

Block = tuple[int, int, int, int]


def unified(before: str, after: str) -> Difference:
    """The difference of two texts, in parts with lines that stay around what changes."""
    # A line end at the end of a text begins no line that people would count.
    old, new = ([line for line in lines_with_ends(text) if line] for text in (before, after))
    blocks = line_blocks(old, new)
    added, removed = sum(end - begin for _, _, begin, end in blocks), sum(last - first for first, last, _, _ in blocks)
    parts: list[DifferencePart] = []
    shown, whole = 0, True
    for group in _groups(blocks):
        lines = list(_lines(old, new, group))
        if shown + len(lines) > LINES_MOST:
            parts.append(DifferencePart(lines=lines[: LINES_MOST - shown]))
            whole = False
            break
        shown += len(lines)
        parts.append(DifferencePart(lines=lines))
    return Difference(added=added, removed=removed, parts=[part for part in parts if part.lines], whole=whole)


def _groups(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Blocks whose lines around them meet belong together."""
    group: list[Block] = []
    for block in blocks:
        if group and block[0] - group[-1][1] > 2 * CONTEXT_LINES:
            yield group
            group = []
        group.append(block)
    if group:
        yield group


def _lines(old: Sequence[str], new: Sequence[str], group: Sequence[Block]) -> Iterator[DifferenceLine]:
    at = max(0, group[0][0] - CONTEXT_LINES)
    shift = group[0][2] - group[0][0]
    for first, last, begin, end in group:
        yield from (_stays(old, index, shift) for index in range(at, first))
        yield from (
            DifferenceLine(sign="-", old=index + 1, new=None, text=_bare(old[index])) for index in range(first, last)
        )
        yield from (
            DifferenceLine(sign="+", old=None, new=index + 1, text=_bare(new[index])) for index in range(begin, end)
        )
        at, shift = last, end - last
    yield from (_stays(old, index, shift) for index in range(at, min(len(old), at + CONTEXT_LINES)))


def _stays(old: Sequence[str], index: int, shift: int) -> DifferenceLine:
    return DifferenceLine(sign=" ", old=index + 1, new=index + shift + 1, text=_bare(old[index]))


def _bare(line: str) -> str:
    return line.removesuffix("\n")
