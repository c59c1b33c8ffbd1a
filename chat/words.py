"""Finds ruled words in a text: whole words in any case, with or without accents; `*` stands for letters of a word.

Called by chat.services.moderation.rules. Pure: never touches Django, a database or a clock, and uses no regular
expression of a person's making, so that no rule and no text makes it slow.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

FLAG: Final = "flag"
MASK: Final = "mask"
BLOCK: Final = "block"
MASKED: Final = "•"
PHRASE_CHARS: Final = 100
PHRASE_WORDS: Final = 10
STARRED_MOST: Final = 200
"""Rules whose `*` is not at the end of their first word: these are tried one by one on every word."""

_LEFT_OUT: Final = frozenset({"Mn", "Me", "Cf"})
"""Accents, and what is not seen at all and could split a word."""
_BLANKS: Final = dict.fromkeys(map(ord, "\u115f\u1160\u2800\u3164\uffa0"))
"""Letters and signs that show nothing: fillers of Korean script, the empty pattern of Braille."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is stored."""

    id: int
    phrase: str
    action: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A place of the text where a rule holds: characters from start to before end."""

    rule: Rule
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int


def words_of(phrase: str) -> list[str]:
    """The words of a phrase as they are compared; `*` stays. Empty for a phrase that holds no letter or digit."""
    parts = [_plain(part) for part in phrase.split()]
    words = ["".join(char for char in part if char == "*" or char.isalnum()) for part in parts]
    return [word for word in words if word] if any(word.strip("*") for word in words) else []


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).translate(_BLANKS)
    return "".join(char for char in decomposed if unicodedata.category(char) not in _LEFT_OUT).casefold()


def _split(text: str) -> list[_Word]:
    """The words of a text, each with its place there; a character may be none or several in comparing."""
    words: list[_Word] = []
    letters: list[str] = []
    start = end = 0
    for place, char in enumerate(text):
        plain = char.casefold() if char.isascii() else _plain(char)
        if plain == "":
            # Belongs to the letter before it, so that a mask covers it.
            end = place + 1 if letters else end
        elif plain.isalnum():
            start = start if letters else place
            letters.append(plain)
            end = place + 1
        elif letters:
            words.append(_Word("".join(letters), start, end))
            letters = []
    if letters:
        words.append(_Word("".join(letters), start, end))
    return words


def _fits(pattern: str, word: str) -> bool:
    """Whether `*` of the pattern can stand for letters, or none, so that it is the word; takes linear time."""
    first, *rest = pattern.split("*")
    if not rest:
        return word == pattern
    *middle, last = rest
    if len(word) < len(first) + len(last) or not word.startswith(first) or not word.endswith(last):
        return False
    place, limit = len(first), len(word) - len(last)
    for piece in middle:
        found = word.find(piece, place, limit)
        if found < 0:
            return False
        place = found + len(piece)
    return True


class Book:
    """The rules that hold in one room, ready to be asked. Made once for each change of the rules."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._exact: dict[str, list[tuple[Rule, list[str]]]] = defaultdict(list)
        self._prefixed: dict[str, list[tuple[Rule, list[str]]]] = defaultdict(list)
        self._starred: list[tuple[Rule, list[str]]] = []
        for rule in rules:
            self._add(rule, words_of(rule.phrase))
        self._lengths = sorted({len(prefix) for prefix in self._prefixed})

    def _add(self, rule: Rule, words: list[str]) -> None:
        if not words:
            return
        first = words[0]
        if "*" not in first:
            self._exact[first].append((rule, words))
        elif first.rstrip("*") and "*" not in first.rstrip("*"):
            self._prefixed[first.rstrip("*")].append((rule, words))
        elif len(self._starred) < STARRED_MOST:
            self._starred.append((rule, words))

    def __bool__(self) -> bool:
        """Whether there is any rule."""
        return bool(self._exact or self._prefixed or self._starred)

    def find(self, text: str) -> list[Hit]:
        """Every place where a rule holds, in the order of the text."""
        words = _split(text)
        known: dict[str, list[tuple[Rule, list[str]]]] = {}
        hits = []
        for index, word in enumerate(words):
            if word.text not in known:
                known[word.text] = list(self._beginning_with(word.text))
            for rule, pattern in known[word.text]:
                if len(pattern) == 1 or _follow(pattern, words, index):
                    hits.append(Hit(rule, word.start, words[index + len(pattern) - 1].end))
        return hits

    def _beginning_with(self, word: str) -> Iterator[tuple[Rule, list[str]]]:
        yield from self._exact.get(word, ())
        for length in self._lengths:
            if length > len(word):
                break
            yield from self._prefixed.get(word[:length], ())
        for rule, pattern in self._starred:
            if _fits(pattern[0], word):
                yield rule, pattern


def _follow(pattern: list[str], words: Sequence[_Word], index: int) -> bool:
    here = words[index : index + len(pattern)]
    return len(here) == len(pattern) and all(
        _fits(part, word.text) for part, word in zip(pattern[1:], here[1:], strict=True)
    )


def mask(text: str, hits: Iterable[Hit]) -> str:
    """The text with every letter and digit of the hits replaced; its length stays."""
    chars = list(text)
    for hit in hits:
        for place in range(hit.start, hit.end):
            if not chars[place].isspace():
                chars[place] = MASKED
    return "".join(chars)


def is_masked(stored: str, said: str) -> bool:
    """Whether `stored` is what a mask made of `said`, whatever the rules say today."""
    return len(stored) == len(said) and all(a in (b, MASKED) for a, b in zip(stored, said, strict=True))
