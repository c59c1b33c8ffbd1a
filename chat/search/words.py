"""Cuts texts into the words that are indexed and asked for, the same ones on every database.

Called by the index, by `asking` and by `marks`. Pure: never touches Django or a database.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

TOKEN_CHARS: Final = 60
"""Longer words are known by their beginning: keys and encoded files need no more."""

# Scripts that put no space between words: Thai, Lao, Burmese, Khmer, kana and Chinese characters.
_RUN: Final = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd\u1000-\u1049\u1780-\u17d3\u3005-\u3007\u3041-\u3096\u3099-\u309f\u30a1-\u30fa"
    "\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_PICTURE: Final = "\u2600-\u27bf\U0001f300-\U0001faff"
# Signs that stand on or beside a letter and are no word characters of their own: accents, points, vowels.
_SIGN: Final = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
    "\u0900-\u0963\u0981-\u0983\u09bc-\u09e3\u0a01-\u0a03\u0a3c-\u0a51\u0a81-\u0a83\u0abc-\u0ae3\u0b3c-\u0b63"
    "\u0bbe-\u0bd7\u0c00-\u0c04\u0c3c-\u0c63\u0c81-\u0c83\u0cbc-\u0ce3\u0d00-\u0d03\u0d3b-\u0d63\u200c\u200d"
)
_WORD: Final = re.compile(f"([{_RUN}]+)|([{_PICTURE}])|(?:[^\\W_{_RUN}]|[{_SIGN}])+")
_ASCII_WORD: Final = re.compile("[A-Za-z0-9]+")
_ACCENT: Final = re.compile("[\u0300-\u036f]")
_NO_WORD: Final = re.compile(f"[\\W_](?<![{_SIGN}])")
_HUMP: Final = re.compile("[a-z0-9][A-Z]|[A-Z]{2}[a-z]")
_PART: Final = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")
_PART_CHARS: Final = 2


@dataclass(frozen=True, slots=True)
class Place:
    """A token and where it stands in the text, in characters."""

    token: str
    start: int
    end: int


def fold(word: str) -> str:
    """The word without case, accents and other forms of the same letters: `Straße` is `strasse`."""
    if word.isascii():
        return word.lower()[:TOKEN_CHARS]
    plain = _ACCENT.sub("", unicodedata.normalize("NFKD", word).casefold())
    whole = unicodedata.normalize("NFC", plain)
    return (_NO_WORD.sub("", whole) or whole)[:TOKEN_CHARS]


def places(text: str) -> Iterator[Place]:
    """The tokens of a text in order.

    A script without spaces has one for each pair of neighbours and one for the last character, so that any two or more
    characters in a row are found as a phrase, and one as a beginning.
    """
    if text.isascii():
        for match in _ASCII_WORD.finditer(text):
            yield Place(match[0].lower()[:TOKEN_CHARS], match.start(), match.end())
        return
    for match in _WORD.finditer(text):
        if match[1] is not None:
            yield from _pairs(match[1], match.start())
        elif match[2] is not None:
            yield Place(match[2], match.start(), match.end())
        elif folded := fold(match[0]):
            yield Place(folded, match.start(), match.end())


def _pairs(run: str, start: int) -> Iterator[Place]:
    folded = unicodedata.normalize("NFKC", run)
    # Half-width forms may become fewer characters; then nobody can say where each stood.
    exact = len(folded) == len(run)
    for index in range(len(folded)):
        first = start + index if exact else start
        last = start + min(index + 2, len(run)) if exact else start + len(run)
        yield Place(folded[index : index + 2], first, last)


def is_run(text: str) -> bool:
    """Whether a token comes from a script without spaces."""
    return re.fullmatch(f"[{_RUN}]+", text) is not None


def parts(text: str) -> Iterator[Place]:
    """The words inside the names of code: `mapSelection` holds `map` and `selection`."""
    if not _HUMP.search(text):
        return
    for word in _ASCII_WORD.finditer(text):
        if len(word[0]) <= TOKEN_CHARS and _HUMP.search(word[0]):
            for part in _PART.finditer(text, word.start(), word.end()):
                if len(part[0]) >= _PART_CHARS:
                    yield Place(part[0].lower(), part.start(), part.end())


def tokens(text: str) -> list[str]:
    """Only the tokens of `places`, as fast as can be: this runs for every message that is sent."""
    if text.isascii():
        return [word[:TOKEN_CHARS] for word in _ASCII_WORD.findall(text.lower())]
    return [place.token for place in places(text)]
