"""The marks of a summary, [#12] for a message and [@1] for a document, made links: each sentence to its source.

Called by the runner when a summary ends. Only marks of what the summary was given become links; all others are left
out, whoever made the model write them. Pure: never touches Django or a database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from assistant.given import Context, Said
from assistant.prompts import zone_of
from assistant.wording import moment
from chat import markdown

NAME_CHARS: Final = 40
_MARKS: Final = re.compile(r"[ \t]*\[((?:[#@]\d{1,18})(?:\s*[,;]?\s*[#@]\d{1,18})*)\](?:\([^)\n]*\))?")
_ONE: Final = re.compile(r"[#@]\d{1,18}")
_SIGN: Final = re.compile(r"([\\`*_{}\[\]<>()#+.!|~@:\-])")


def summary_html(*, text: str, context: Context) -> str:
    """Safe HTML of a summary with its marks as links; whom it names by @ is not addressed."""
    linked = link_marks(text, marks_of(context))
    return markdown.place_mentions(markdown.render(linked), {}, everyone=False)


def marks_of(context: Context) -> dict[str, tuple[str, str]]:
    """(label, address) by mark, of all that the summary is of."""
    messages = {f"#{one.seq}": (_label(context, one), one.url) for one in context.recent}
    documents = {f"@{number}": (one.name, one.url) for number, one in enumerate(context.edited, 1)}
    return messages | documents


def link_marks(text: str, marks: Mapping[str, tuple[str, str]]) -> str:
    """Markdown with links in the place of marks; unknown ones are taken out."""

    def link(match: re.Match[str]) -> str:
        found = dict.fromkeys(mark for mark in _ONE.findall(match[1]) if mark in marks)
        return "".join(f" [{_escape(marks[mark][0])}]({marks[mark][1]})" for mark in found)

    return _MARKS.sub(link, text)


def _label(context: Context, said: Said) -> str:
    name = " ".join(said.author.split())[:NAME_CHARS]
    return f"{name}, {moment(said.at, now=context.now, zone=zone_of(context.zone))}"


def _escape(label: str) -> str:
    return _SIGN.sub(r"\\\1", label)
