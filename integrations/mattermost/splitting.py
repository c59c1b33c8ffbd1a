"""Cuts a text that is too long for one post where a reader would: between paragraphs, lines or words.

Called by the bridge. Pure. Nothing is lost; code that is cut is code on both sides of the cut.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from integrations.mattermost.code import code_blocks, lines_of

POST_CHARS_MOST: Final = 16_383
"""Code points in one post of Mattermost."""
_LINKS: Final = frozenset({"\u200d", "\ufe0f"})
_TONES: Final = range(0x1F3FB, 0x1F400)
_CLUSTER_MOST: Final = 32


@dataclass(frozen=True, slots=True)
class _Fence:
    """A block between fences: where its inside is, and the lines that open and close it."""

    start: int
    end: int
    opening: str
    closing: str


def split_text(text: str, *, most: int = POST_CHARS_MOST) -> list[str]:
    """The text in parts of at most `most` characters; a short one is its only part.

    Put together they are the text again, but for the fences that a cut inside of code adds.

    Args:
        most: at least 200.
    """
    if most < 200:
        raise ValueError("a part has at least 200 characters")
    fences = _fences(text, most)
    parts: list[str] = []
    at, before = 0, ""
    while len(text) - at + len(before) > most:
        cut = _cut(text, at, at + most - len(before) - _closing_most(fences))
        inside = next((one for one in fences if one.start < cut < one.end), None)
        piece = text[at:cut]
        after = "" if inside is None else inside.closing
        if after and not piece.endswith("\n"):
            after = "\n" + after
        parts.append(before + piece + after)
        at, before = cut, "" if inside is None else inside.opening
    return [*parts, before + text[at:]]


def _closing_most(fences: list[_Fence]) -> int:
    return max((len(one.closing) + 1 for one in fences), default=0)


def _fences(text: str, most: int) -> list[_Fence]:
    lines = lines_of(text)
    starts = [0, *accumulate(len(line) for line in lines)]
    found = []
    for block in code_blocks(text):
        opening = lines[block.start]
        margin = opening.partition(block.fence)[0] if block.fence else "-"
        # In a list the opening line would begin another item; and a line that is a part itself opens nothing.
        if margin.strip(" >\t") or len(opening) > most // 4:
            continue
        last = lines[block.end - 1].strip(" >\t\r\n")
        closed = block.end - block.start > 1 and last.startswith(block.fence) and not last.strip(block.fence[0])
        end = starts[block.end - 1] if closed else starts[block.end]
        found.append(_Fence(starts[block.start + 1], end, opening, margin + block.fence))
    return found


def _cut(text: str, at: int, limit: int) -> int:
    """Where to cut before `limit`: the last good place in the second half of what fits, else the limit itself."""
    half = at + (limit - at) // 2
    for sign in ("\n\n", "\n", " "):
        found = text.rfind(sign, half, limit)
        if found >= 0:
            return found + len(sign)
    for cut in range(limit, max(limit - _CLUSTER_MOST, half), -1):
        if not _joins(text[cut - 1], text[cut]):
            return cut
    return limit


def _joins(left: str, right: str) -> bool:
    """Whether two characters are shown as one."""
    return left == "\u200d" or right in _LINKS or ord(right) in _TONES or unicodedata.combining(right) != 0
