"""Makes the prompt of a run out of its context: what fits into a budget of tokens, the most important first.

Called by the runner. What people wrote in messages, documents and file names is fenced and called data, so that a
sentence in it is no instruction. Pure: never touches Django, a database, the network or a clock.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assistant import wording
from assistant.cutting import cost, cut, cut_around
from assistant.given import SUMMARY, Context, Opened, Said
from chat.shapes import SourceView

MESSAGE_COST: Final = 4
"""Tokens that a message takes besides its words."""
LABEL_CHARS: Final = 80
BRIEF_TOKENS: Final = 1_500
"""With less, the rules are a few sentences."""
LEAST_TOKENS: Final = 200
_CALLED: Final = re.compile(r"\A\s*@[\w.-]+[\s:,]*")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is sent to the model, and what it was made from.

    Attributes:
        messages: as the chat completions API has them.
        sources: what of the context is in it, with links.
        log: (kind, title, detail) for the run log.
        input_tokens: an estimate that is rather too high.
    """

    messages: list[dict[str, Any]]
    sources: list[SourceView]
    log: list[tuple[str, str, str]]
    input_tokens: int


def build(context: Context, *, budget_tokens: int) -> Prompt:
    """The prompt for a run.

    Args:
        context: what may be given.
        budget_tokens: how much all messages together may take, at least 200; tools are on top.
    """
    budget_tokens = max(LEAST_TOKENS, budget_tokens)
    return _Builder(context, budget_tokens, brief=budget_tokens < BRIEF_TOKENS).build()


@dataclass(slots=True)
class _Builder:
    """One prompt on its way: the important parts take their share of the budget before the others."""

    context: Context
    left: int
    brief: bool
    sources: list[SourceView] = field(default_factory=list)
    log: list[tuple[str, str, str]] = field(default_factory=list)

    def build(self) -> Prompt:
        whole = self.left
        self.left -= 3 * MESSAGE_COST  # of the rules, the data and the question
        summary = self.context.kind == SUMMARY
        system = wording.rules(self.context, brief=self.brief)
        self.left -= cost(system)
        question = "" if summary else self._question(self.left * 2 // 3)
        system += self._prompts(self.left // 3)
        task = wording.summary_task(self.context) if summary else question
        if summary:
            self.left -= cost(task)
        parts = {name: make() for name, make in self._makers()}
        turns = self._turns()
        # Parts were made in the order of their importance; they are shown in the order in which one reads.
        data = "\n\n".join(text for text in (parts[name] for name in wording.SHOWN if name in parts) if text)
        messages: list[dict[str, Any]] = [{"role": "system", "content": system}]
        if data and self.context.demo:  # to a small model two turns of a person are two questions
            messages[0]["content"] += f"\n\n{data}"
        elif data:
            messages.append({"role": "user", "content": data})
        messages += turns
        messages.append({"role": "user", "content": task})
        self.log.insert(0, ("prompt", f"Prompt of about {whole - self.left:,} tokens", system))
        return Prompt(messages, self.sources, self.log, whole - self.left)

    def _makers(self) -> list[tuple[str, Any]]:
        """What makes each part, the most important first."""
        if self.context.kind == SUMMARY:
            return [("edited", self._edited), ("messages", self._messages)]
        return [
            ("selection", self._selection),
            ("quoted", self._quoted),
            ("thread", self._thread),
            ("room", self._room),
            ("notes", self._notes),
            ("pins", self._pins),
            ("messages", self._messages),
            ("document", self._document),
        ]

    # What is instruction

    def _question(self, most: int) -> str:
        said = self.context.question
        assert said is not None
        text = said.text.strip() or "(no words)"
        if said.files:
            text += f"\n[attached: {', '.join(map(_line, said.files))}]"
        if self.context.demo:
            text = _CALLED.sub("", text) or text
        elif not self.context.direct:
            text = f"{self._name(said)} asks you:\n\n{text}"
        return self._take(text, most)

    def _prompts(self, most: int) -> str:
        """What staff and the room wrote for it; each may be cut, the rules before them never are."""
        given = self.context.prompts
        return "".join(self._take(f"\n\n{title}:\n{words}", most // len(given)) for title, words in given)

    # What is data

    def _selection(self) -> str:
        document = self.context.document
        if document is None or document.selected is None:
            return ""
        chosen = document.selected
        where = _lines(chosen.first_line, chosen.last_line)
        title = f"Chosen in the document “{_line(document.name)}”, {where}"
        part = self._fenced(title, _numbered(chosen.text, chosen.first_line), self.left * 2 // 5)
        if part:
            self._source("document", f"{document.name}, {where}", document.url)
        return part

    def _quoted(self) -> str:
        said = self.context.quoted
        if said is None:
            return ""
        part = self._fenced("The message that the question answers", self._told(said), self.left // 3)
        if part:
            self._source("message", self._label(said), said.url)
        return part

    def _thread(self) -> str:
        said = self.context.thread
        if not said or self._has_turns:
            return ""
        # What a thread began with explains the rest: it is kept when the middle is left out.
        first, rest = said[0], said[1:]
        head = self._told(first)
        part, used = self._transcript("The thread of the question", rest, self.left // 2, before=head)
        if part:
            others = f" and {used} replies" if used > 1 else " and a reply" if used else ""
            self._source("message", f"Thread of {self._label(first)}{others}", first.url)
        return part

    def _room(self) -> str:
        if self.context.demo:
            return ""
        lines = [line for line in wording.room_lines(self.context, brief=self.brief) if line]
        part = self._fenced("The room", "\n".join(lines), self.left // 6)
        if part:
            self.log.append(("context", "The room and its people", part))
        return part

    def _notes(self) -> str:
        if not self.context.notes:
            return ""
        part, used = self._newest("Your notes about the person", list(self.context.notes), self.left // 5)
        if part:
            many = "A note" if used == 1 else f"{used} notes"
            # The run log can be read by others: the notes themselves are not in it.
            self._source("memory", f"{many} of {self.context.asker}", "")
        return part

    def _pins(self) -> str:
        if not self.context.pins:
            return ""
        lines = [self._told(said) for said in reversed(self.context.pins)]
        part, used = self._newest("Pinned in the room", lines, self.left // 4)
        for said in self.context.pins[:used]:
            self._source("pin", f"Pinned: {self._label(said)}", said.url)
        return part

    def _messages(self) -> str:
        if self._has_turns:
            return ""
        share = 1 if self.context.kind == SUMMARY else 2
        most = self.left if self.context.document is None else self.left * share // (share + 1)
        title = "Messages to summarise" if self.context.kind == SUMMARY else "The last messages of the room"
        part, used = self._transcript(title, self.context.recent, most)
        self._tell_of(self.context.recent[len(self.context.recent) - used :])
        return part

    def _tell_of(self, said: Sequence[Said]) -> None:
        if len(said) == 1:
            self._source("message", self._label(said[0]), said[0].url)
        elif said:
            first, last = self._time(said[0].at), self._time(said[-1].at)
            when = first if first == last else f"{first}–{last}"
            self._source("message", f"{len(said)} messages, {when}", said[0].url)

    def _document(self) -> str:
        document = self.context.document
        if document is None or not document.text:
            return ""
        title = f"The document “{_line(document.name)}” ({document.language or 'text'}), version {document.version}"
        most = self.left - cost(self._fence(title, "")) - MESSAGE_COST
        text, whole = _excerpt(document, most)
        if not text:
            return ""
        part = self._fenced(title, text, self.left)
        if part:
            label = document.name if whole else f"{document.name}, in part"
            self._source("document", label, document.url)
        return part

    def _edited(self) -> str:
        lines = [wording.edited_line(number, one) for number, one in enumerate(self.context.edited, 1)]
        if not lines:
            return ""
        part = self._fenced("Documents that were edited meanwhile", "\n".join(lines), self.left // 5)
        for one in self.context.edited if part else ():
            self._source("document", f"{one.name}, +{one.added} −{one.removed}", one.url)
        return part

    # A person's own session is a talk, not a transcript

    @property
    def _has_turns(self) -> bool:
        return self.context.direct and self.context.kind != SUMMARY

    def _turns(self) -> list[dict[str, Any]]:
        if not self._has_turns:
            return []
        said = [*self.context.recent, *self.context.thread]
        turns: list[dict[str, Any]] = []
        used: list[Said] = []
        for one in reversed(said):
            text = cut(self._clean(one.text), max(0, self.left // 3 - MESSAGE_COST))
            price = cost(text) + MESSAGE_COST
            if not text or price > self.left:
                break
            self.left -= price
            turns.insert(0, {"role": "assistant" if one.mine else "user", "content": text})
            used.insert(0, one)
        self._tell_of(used)
        return turns

    # Pieces

    def _take(self, text: str, most: int) -> str:
        taken = cut(text, min(most, self.left))
        self.left -= cost(taken)
        return taken

    def _fence(self, title: str, text: str) -> str:
        if self.context.demo:
            return f"{title}:\n{text}"
        fence = self.context.fence
        return f"<data-{fence}> {self._clean(title)}\n{text}\n</data-{fence}>"

    def _fenced(self, title: str, text: str, most: int) -> str:
        """Data with its title, cut in its middle; empty when hardly anything would be left of it."""
        if self.brief:
            most = min(most, self.left // 2)
        empty = cost(self._fence(title, "")) + 1
        inside = cut(self._clean(text), min(most, self.left) - empty)
        if not inside:
            return ""
        part = self._fence(title, inside)
        self.left -= cost(part) + 1
        return part

    def _transcript(self, title: str, said: Sequence[Said], most: int, before: str = "") -> tuple[str, int]:
        return self._newest(title, [self._told(one) for one in said], most, before=before)

    def _newest(self, title: str, texts: Sequence[str], most: int, before: str = "") -> tuple[str, int]:
        """As many of the last texts as fit, in their order, and how many these are."""
        most = min(most, self.left) - cost(self._fence(title, wording.LEFT_OUT)) - 2
        kept: list[str] = []
        if before:
            before = cut(self._clean(before), max(0, most // 2))
            most -= cost(before) + 1
        for text in reversed(texts):
            piece = cut(self._clean(text), max(0, min(most, max(most // 3, 40)) - 1))
            if not piece:
                break
            most -= cost(piece) + 1
            kept.insert(0, piece)
        if not kept and not before:
            return "", 0
        gap = [wording.LEFT_OUT] if len(kept) < len(texts) else []
        part = self._fence(title, "\n".join([*([before] if before else []), *gap, *kept]))
        self.left -= cost(part) + 1
        return part, len(kept)

    def _clean(self, text: str) -> str:
        """Text that cannot end its fence, even if the word of the fence were guessed."""
        while self.context.fence in text:
            text = text.replace(self.context.fence, "")
        return text

    def _told(self, said: Said) -> str:
        files = f" [attached: {', '.join(map(_line, said.files))}]" if said.files else ""
        place = "" if self.context.demo else f"[#{said.seq}] {self._time(said.at)} "
        return f"{place}{self._name(said)}: {said.text.strip()}{files}"

    def _name(self, said: Said) -> str:
        return "You" if said.mine else _line(said.author)

    def _label(self, said: Said) -> str:
        return f"{_line(said.author)}, {self._time(said.at)}"

    def _time(self, at: datetime) -> str:
        return wording.moment(at, now=self.context.now, zone=zone_of(self.context.zone))

    def _source(self, kind: str, label: str, url: str) -> None:
        """Names what was given. The text itself is not copied: who deletes a message deletes it from the log too."""
        self.sources.append(SourceView(kind=kind, label=label[:200], url=url))
        self.log.append(("context", label[:200], ""))


def shorten(messages: Sequence[dict[str, Any]], *, budget_tokens: int) -> list[dict[str, Any]]:
    """A talk with tools that grew too long: what the oldest calls answered is left out, the calls themselves stay."""
    found = list(messages)
    left = budget_tokens - sum(cost(str(one.get("content") or "")) + MESSAGE_COST for one in found)
    for place, one in enumerate(found):
        if left >= 0:
            break
        if one["role"] == "tool" and one["content"] != wording.ANSWER_LEFT_OUT:
            found[place] = one | {"content": wording.ANSWER_LEFT_OUT}
            left += cost(one["content"]) - cost(wording.ANSWER_LEFT_OUT)
    return found


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _excerpt(document: Opened, most: int) -> tuple[str, bool]:
    """The document with line numbers, and whether it is whole; a long one around what was chosen."""
    numbered = _numbered(document.text, 1)
    if cost(numbered) <= most:
        return numbered, True
    chosen = document.selected
    line = (chosen.first_line + chosen.last_line) // 2 if chosen is not None else None
    if line is None:
        return cut(numbered, most), False
    lines = numbered.split("\n")
    return cut_around(lines, min(line, len(lines)) - 1, most), False


def _numbered(text: str, first: int) -> str:
    return "\n".join(f"{number}| {line}" for number, line in enumerate(text.split("\n"), first))


def _lines(first: int, last: int) -> str:
    return f"line {first}" if first == last else f"lines {first}–{last}"


def _line(text: str) -> str:
    """A name in one line, whatever somebody put into it."""
    return " ".join(text.split())[:LABEL_CHARS]
