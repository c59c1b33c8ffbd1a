"""What texts cost in tokens, guessed, and how they are cut to fit: in their middle, with a mark.

Called by assistant.prompts. Pure: never touches Django or a database.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

LETTERS_A_TOKEN: Final = 3.6
"""Of Latin letters and blanks; figures and signs, of which code is full, make shorter tokens. Measured with the demo
model, whose tokens are shorter than those of large ones."""
SIGNS_A_TOKEN: Final = 1.7
SMALLEST: Final = 12
"""Tokens: of a text that is cut shorter than that nothing is left that would help anybody."""


def cost(text: str) -> int:
    """About how many tokens a text takes, rather too many."""
    return math.ceil(_weight(text))


def _weight(text: str) -> float:
    letters = sum(map(text.count, " abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    if text.isascii():
        return letters / LETTERS_A_TOKEN + (len(text) - letters) / SIGNS_A_TOKEN
    plain = sum(character < "\x80" for character in text)
    latin = sum("\x80" <= character < "\u0250" for character in text)
    return letters / LETTERS_A_TOKEN + (plain - letters + latin) / SIGNS_A_TOKEN + (len(text) - plain - latin)


def cut(text: str, most: int) -> str:
    """The text, or its beginning and its end with a mark between; empty when even that does not fit.

    Args:
        text: any.
        most: tokens.
    """
    if cost(text) <= most:
        return text
    if most < SMALLEST:
        return ""
    low, high = 0, len(text)
    while low < high:  # the most characters that fit
        middle = (low + high + 1) // 2
        if cost(_without_middle(text, middle)) <= most:
            low = middle
        else:
            high = middle - 1
    return _without_middle(text, low) if low else ""


def _without_middle(text: str, kept: int) -> str:
    """Two thirds of what is kept are from the beginning."""
    front = kept * 2 // 3
    behind = kept - front
    return f"{text[:front]} {mark(len(text) - kept)} {text[len(text) - behind :]}"


def mark(characters: int) -> str:
    """What stands where something was left out."""
    return f"[… {characters:,} characters left out …]"


def cut_around(lines: Sequence[str], line: int, most: int) -> str:
    """Lines around one of them, as many as fit, with marks for those before and behind; `line` is counted from 0."""
    first = last = line
    left = most - 2 * cost(mark(10**9)) - 4 - cost(lines[line])
    if left < 0:
        return cut(lines[line], most)
    above, below = True, True
    while above or below:
        if above:
            above = first > 0 and cost(lines[first - 1]) + 1 <= left
            if above:
                first -= 1
                left -= cost(lines[first]) + 1
        if below:
            below = last + 1 < len(lines) and cost(lines[last + 1]) + 1 <= left
            if below:
                last += 1
                left -= cost(lines[last]) + 1
    before = [mark(sum(len(one) + 1 for one in lines[:first]))] if first else []
    behind = [mark(sum(len(one) + 1 for one in lines[last + 1 :]))] if last + 1 < len(lines) else []
    return "\n".join([*before, *lines[first : last + 1], *behind])
