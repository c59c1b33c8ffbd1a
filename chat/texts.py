"""What people may write: checks and tidying of bodies, names and emoji.

Called by services and consumers before anything is stored. Pure: never touches Django or a database.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from chat.shapes import BesideView
from realtime.protocol import BODY_CHARS, Refused

NAME_CHARS: Final = 80
PURPOSE_CHARS: Final = 250
SLUG_CHARS: Final = 60
EXCERPT_CHARS: Final = 140
ALERT: Final = "Alert"
"""Who says what the site itself says in a room, for whoever reads without a page."""
EMOJI_CHARS: Final = 32

# What JavaScript's \s matches, so that the page makes the same excerpt of an edited message.
_SPACE: Final = re.compile(r"[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_RESERVED_SLUG: Final = re.compile(r"d-.*")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS: Final = frozenset({"\u200c", "\u200d"})
"""Needed to write Persian and Indic names and some emoji."""

_PICTURE: Final = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf\u23e9-\u23f3\u23f8-\u23fa"
    "\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030"
    "\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
_PART: Final = f"{_PICTURE}(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?"
_EMOJI: Final = re.compile(
    f"(?:{_PART}(?:\u200d{_PART})*"
    "|[\U0001f1e6-\U0001f1ff]{2}"
    "|[0-9#*]\ufe0f?\u20e3"
    "|\U0001f3f4[\U000e0020-\U000e007e]{1,16}\U000e007f)"
)


ANSWER_CHARS: Final = 25_000
"""An answer of the assistant may be longer than what people write; a conversation that is imported may have some."""


def clean_body(body: str, *, may_be_empty: bool = False, most: int = BODY_CHARS) -> str:
    """The text with line feeds as line ends; nothing else is taken away.

    Args:
        body: as it was written.
        may_be_empty: files go with it; what is blank becomes empty.
        most: how many characters it may have.

    Raises:
        Refused: `invalid` when it is blank or holds NUL or half a surrogate pair, `too_large` when it is too long.
    """
    _check_storable(body, "body")
    text = body.replace("\r\n", "\n").replace("\r", "\n")
    if not _SPACE.sub("", text):
        if may_be_empty:
            return ""
        raise Refused("invalid", "There is nothing in this message.", field="body")
    if len(text) > most:
        told = f"A message has at most {most:,} characters; this one has {len(text):,}."
        raise Refused("too_large", told, field="body")
    return text


def _check_storable(text: str, field: str) -> None:
    if "\x00" in text:
        raise Refused("invalid", "A text cannot hold the NUL character.", field=field)
    if _SURROGATE.search(text):
        raise Refused("invalid", "A text cannot hold half of a surrogate pair.", field=field)


def check_beside(beside: BesideView | None) -> None:
    """Whether what an author had open can be anything at all; what it is, the app of the topic knows.

    Raises:
        Refused: `invalid` with field beside.
    """
    if beside is None or beside.start is None is beside.end:
        return
    if beside.start is None or beside.end is None or not beside.start < beside.end:
        raise Refused("invalid", "A range has a start and, after it, an end.", field="beside")


def clean_line(text: str, *, field: str, most: int, least: int = 0) -> str:
    """A single line in NFC with single spaces: a room's name or purpose.

    Raises:
        Refused: `invalid` when it is too short or holds control or invisible characters, `too_large` when too long.
    """
    _check_storable(text, field)
    tidy = " ".join(unicodedata.normalize("NFC", text).split())
    if len(tidy) < least:
        raise Refused("invalid", f"The {field} is missing.", field=field)
    if len(tidy) > most:
        raise Refused("too_large", f"The {field} has at most {most} characters.", field=field)
    if any(unicodedata.category(char) in _HIDDEN and char not in _JOINERS for char in tidy):
        raise Refused("invalid", f"The {field} cannot hold control or invisible characters.", field=field)
    return tidy


def clean_slug(slug: str) -> str:
    """The part of a room's address.

    Raises:
        Refused: `invalid` unless it is small letters, digits and single dashes.
    """
    if len(slug) > SLUG_CHARS or not _SLUG.fullmatch(slug) or _RESERVED_SLUG.fullmatch(slug):
        told = f"Use up to {SLUG_CHARS} small letters, digits and single dashes; do not begin with d-."
        raise Refused("invalid", told, field="slug")
    return slug


def slug_of(name: str) -> str:
    """A slug made from a name; `room` when the name has no Latin letter or digit."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[: SLUG_CHARS - 10].strip("-")
    return slug if slug and not _RESERVED_SLUG.fullmatch(slug) else f"room-{slug}".rstrip("-")


def clean_emoji(emoji: str) -> str:
    """One emoji: a picture with skin tone or joined parts, a flag or a keycap.

    Raises:
        Refused: `invalid`.
    """
    if len(emoji) > EMOJI_CHARS or not _EMOJI.fullmatch(emoji):
        raise Refused("invalid", "A reaction is one emoji.", field="emoji")
    return emoji


def excerpt(body: str) -> str:
    """The beginning of a text in one line, at most 140 characters."""
    return _SPACE.sub(" ", body).strip(" ")[:EXCERPT_CHARS]
