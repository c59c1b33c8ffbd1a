"""Where Markdown is code: there a text is left alone.

Called by mapping. Pure. Blocks are found as the page finds them; code within a line by its backticks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

_BLOCKS: Final = MarkdownIt("commonmark").disable("inline")
_SIMPLE_BLOCKS: Final = ["paragraph", "list", "blockquote", "fence", "code"]
_SIMPLE_SIGNS: Final = ["backticks", "escape", "entity", "link", "image", "newline", "reference"]
_READINGS: Final = (
    MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]),
    # Mattermost's server knows fewer signs: no headings, no rules, no emphasis, no HTML.
    MarkdownIt("zero").enable([*_SIMPLE_BLOCKS, *_SIMPLE_SIGNS]),
)
"""How a text may be read; what is code in all of them is code."""
# It begins where a run does: from each of 16,000 backslashes anew it would take a second.
_TICKS: Final = re.compile(r"(?<!\\)(\\*)(`+)")
_RUN: Final = re.compile(r"`+")
_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n")
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
"""With its end; a form feed or a line separator ends none, in Markdown."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of a text, from `start` up to and without `end`; `fence` is what opens and ends them, if anything does."""

    start: int
    end: int
    fence: str


def code_blocks(text: str) -> list[Block]:
    """The blocks of code, in order."""
    return [
        Block(token.map[0], token.map[1], token.markup)
        for token in _BLOCKS.parse(text)
        if token.type in {"fence", "code_block"} and token.map
    ]


def lines_of(text: str) -> list[str]:
    """The lines that Markdown sees, each with its end."""
    return _LINE.findall(text)


def spoken(text: str) -> Iterator[str]:
    """All that is words in any way to read a text, piece by piece, with its entities and escapes as signs."""
    for reading in _READINGS:
        for token in reading.parse(text):
            if token.type == "inline":
                yield from _spoken(token.children or [])


def _spoken(tokens: Sequence[Token]) -> Iterator[str]:
    words: list[str] = []
    for token in tokens:
        if token.type == "text":
            words.append(token.content)
            continue
        yield "".join(words)
        words = []
        yield from _spoken(token.children or [])
    yield "".join(words)


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """A text with everything changed that is no code; `change` sees each piece between."""
    if "`" not in text and "~~~" not in text and "    " not in text and "\t" not in text:
        return change(text)
    lines = lines_of(text)
    done: list[str] = []
    at = 0
    for block in code_blocks(text):
        done.append(_outside_spans("".join(lines[at : block.start]), change))
        done.append("".join(lines[block.start : block.end]))
        at = block.end
    done.append(_outside_spans("".join(lines[at:]), change))
    return "".join(done)


def _outside_spans(text: str, change: Callable[[str], str]) -> str:
    done: list[str] = []
    at = 0
    for start, end in _spans(text):
        done.extend((change(text[at:start]), text[start:end]))
        at = end
    done.append(change(text[at:]))
    return "".join(done)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Code within lines: as many backticks at its end as at its beginning, within one paragraph."""
    at = 0
    while opening := _TICKS.search(text, at):
        start = opening.start(2)
        if len(opening[1]) % 2:
            at = start + 1
            continue
        closing = _closing(text, opening.end(), len(opening[2]))
        if closing is None:
            at = opening.end()
        else:
            yield start, closing
            at = closing


def _closing(text: str, at: int, ticks: int) -> int | None:
    paragraph = _PARAGRAPH.search(text, at)
    end = paragraph.start() if paragraph else len(text)
    for run in _RUN.finditer(text, at, end):
        if len(run[0]) == ticks:
            return run.end()
    return None
