"""Texts as the browser counts them: strings in which every character is one UTF-16 code unit.

Called by the algebra, and by services where a document enters or leaves memory. Pure: never touches Django, a database,
a clock or a socket.

Both sides have to count alike, so a document is made of what CodeMirror makes of it: CR LF and CR are line breaks and
become LF when a text comes in as a whole; everything else, U+2028, U+2029, U+0085, VT and FF included, is a character
within its line. Hence texts are split at LF alone, never by `str.splitlines`.
"""

from __future__ import annotations

import re
from typing import Final, NewType

Units = NewType("Units", str)
"""A text in code units: a character outside the basic plane is two surrogate halves. Never leaves memory."""

_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")
_LINE_BREAK: Final = re.compile("\r\n?")
_NOT_IN_A_LINE: Final = re.compile("[\0\n\r\ud800-\udfff]")


class BadChange(ValueError):
    """A change set, or a text, that cannot be taken.

    Attributes:
        reason: a sentence without its full stop, for the error frame and the log.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class TooLarge(BadChange):
    """A change set, a push or a document over its limit."""


def clean_text(text: str) -> str:
    """The text as a document holds it: every line break is LF.

    Raises:
        BadChange: it holds NUL, which PostgreSQL cannot store, or half of a UTF-16 pair.
    """
    if "\r" in text:
        text = _LINE_BREAK.sub("\n", text)
    if "\0" in text:
        raise BadChange("a document cannot hold NUL characters")
    if not text.isascii():
        _utf16(text)
    return text


def to_units(text: str) -> Units:
    """Code units of a text; free where all of it is in the basic plane.

    Raises:
        BadChange: it holds half of a UTF-16 pair.
    """
    if text.isascii() or len(_utf16(text)) == 2 * len(text):
        return Units(text)
    return Units(_ASTRAL.sub(_halves, text))


def from_units(units: Units) -> str:
    """The text of code units, with real characters outside the basic plane.

    Raises:
        BadChange: a half stands alone.
    """
    if units.isascii():
        return units
    try:
        units.encode("utf-16-le")
    except UnicodeEncodeError:
        pairs = units.encode("utf-16-le", "surrogatepass")
    else:
        return units
    try:
        return pairs.decode("utf-16-le")
    except UnicodeDecodeError as error:
        raise BadChange("half of a character stands alone") from error


def line_to_units(line: str) -> str:
    """Code units of one line of an insertion.

    Raises:
        BadChange: it holds a line break, NUL or half of a UTF-16 pair.
    """
    found = _NOT_IN_A_LINE.search(line)
    if found:
        raise BadChange(f"a line cannot hold the character U+{ord(found[0]):04X}")
    return to_units(line)


def is_high_half(unit: str) -> bool:
    """Whether it must be followed by a low half."""
    return "\ud800" <= unit <= "\udbff"


def is_low_half(unit: str) -> bool:
    """Whether it must follow a high half."""
    return "\udc00" <= unit <= "\udfff"


def _utf16(text: str) -> bytes:
    try:
        return text.encode("utf-16-le")
    except UnicodeEncodeError as error:
        raise BadChange(f"half of a character stands alone at {error.start}") from error


def _halves(found: re.Match[str]) -> str:
    offset = ord(found[0]) - 0x10000
    return chr(0xD800 + (offset >> 10)) + chr(0xDC00 + (offset & 0x3FF))
