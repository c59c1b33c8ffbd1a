"""The pieces of a model's answer, put together from the fragments of a chat completions stream.

Called by assistant.backends with each fragment; runs work with the pieces. Knows no SDK and no network, and believes
no server: what does not have the shape of a fragment is a fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from assistant.faults import failure

CHARS_A_TOKEN_MOST: Final = 64
"""No answer has that many characters for each token: whoever sends more does not keep to the limit."""
CALLS_MOST: Final = 16
_CHARS_A_TOKEN: Final = 4
_DENSE_FROM: Final = 0x2E80
"""From here on, in CJK, emoji and the like, a character is about a token of its own."""


@dataclass(frozen=True, slots=True)
class TextPiece:
    """The next words of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class CallPiece:
    """A whole call of a tool; whether there is such a tool, and whether it may be used, is not known here."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UsagePiece:
    """What the answer took. `estimated`: counted by us, because the provider did not say."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int
    estimated: bool


@dataclass(frozen=True, slots=True)
class EndPiece:
    """The end: `stop`, `tool_calls`, or `length` when the answer was cut at its limit."""

    reason: str


Piece = TextPiece | CallPiece | UsagePiece | EndPiece


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _Call(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct):
    index: int | None = None
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Details(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None


class _Fragment(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None


@dataclass(slots=True)
class _Growing:
    id: str
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class Assembly:
    """One answer on its way.

    Attributes:
        input_tokens: an estimate of what was sent, for providers that do not count.
        chars_most: how much may come.
    """

    input_tokens: int
    chars_most: int
    begun: bool = False
    finish: str = ""
    _chars: int = 0
    _output_tokens: float = 0
    _half: str = ""
    _calls: list[_Growing] = field(default_factory=list)
    _usage: _Usage | None = None

    def take(self, fragment: object) -> Iterator[TextPiece]:
        """Takes a fragment of the stream and gives the words in it.

        Raises:
            BackendFailed: garbled, or too_much.
        """
        try:
            read = msgspec.convert(fragment, _Fragment, from_attributes=True)
        except msgspec.ValidationError as error:
            raise failure("garbled", detail=f"A fragment of the stream has another shape: {error}") from None
        self._usage = read.usage or self._usage
        for choice in read.choices or []:
            if not choice.index:
                yield from self._take_choice(choice)

    def _take_choice(self, choice: _Choice) -> Iterator[TextPiece]:
        delta = choice.delta or _Delta()
        said = delta.content or delta.refusal
        if said:
            self._count(said)
            text, self._half = _whole(self._half + said)
            if text:
                yield TextPiece(text)
        for call in delta.tool_calls or []:
            self._grow(call)
        self.finish = choice.finish_reason or self.finish

    def _count(self, text: str) -> None:
        self.begun = True
        self._chars += len(text)
        self._output_tokens += _weight(text)
        if self._chars > self.chars_most:
            raise failure("too_much", detail=f"More than {self.chars_most} characters came.")

    def _grow(self, call: _Call) -> None:
        growing = self._place(call)
        function = call.function or _Function()
        growing.name += function.name or ""
        growing.arguments += function.arguments or ""
        self._count(f"{function.name or ''}{function.arguments or ''}")

    def _place(self, call: _Call) -> _Growing:
        # Servers number calls as they like: all with 0, or not at all; a new id is always a new call.
        known = self._calls[call.index] if call.index is not None and 0 <= call.index < len(self._calls) else None
        if known is None and call.index is None and self._calls:
            known = self._calls[-1]
        if known is not None and call.id and call.id != known.id:
            known = next((one for one in self._calls if one.id == call.id), None)
        if known is None:
            if len(self._calls) == CALLS_MOST:
                raise failure("too_much", detail=f"More than {CALLS_MOST} calls of tools came.")
            known = _Growing(call.id or f"call_{len(self._calls)}")
            self._calls.append(known)
        return known

    def close(self) -> Iterator[Piece]:
        """Gives what the end of a stream gives: the last words, the calls, the usage, the end.

        Raises:
            BackendFailed: cut, empty, spent, filtered or bad_call.
        """
        if self._half:
            yield TextPiece("\ufffd")
            self._half = ""
        if self.finish == "content_filter":
            raise failure("filtered", detail="finish_reason: content_filter")
        if not self.begun:
            raise failure("spent" if self.finish == "length" else "empty", detail=f"finish_reason: {self.finish!r}")
        if not self.finish:
            raise failure("cut", detail="The stream ended without a finish_reason.")
        for call in self._calls:
            yield CallPiece(call.id, call.name, _arguments(call))
        yield self.usage()
        yield EndPiece("tool_calls" if self._calls else "length" if self.finish == "length" else "stop")

    def usage(self) -> UsagePiece:
        """What has been used so far: the provider's count, or ours."""
        told = self._usage or _Usage()
        read, written = max(0, told.prompt_tokens or 0), max(0, told.completion_tokens or 0)
        if not read and not written:
            return UsagePiece(self.input_tokens, max(1, round(self._output_tokens)), 0, True)
        cached = (told.prompt_tokens_details or _Details()).cached_tokens or 0
        return UsagePiece(read, written, min(max(0, cached), read), False)


def _arguments(call: _Growing) -> dict[str, Any]:
    try:
        found = json.loads(call.arguments or "{}")
    except ValueError as error:
        raise failure("bad_call", detail=f"{call.name}: {error}: {call.arguments[:200]}") from None
    except RecursionError:
        raise failure("bad_call", detail=f"{call.name}: nested too deeply") from None
    if not isinstance(found, dict) or not call.name:
        raise failure("bad_call", detail=f"{call.name or 'without a name'}: {call.arguments[:200]}")
    return found


def _whole(text: str) -> tuple[str, str]:
    """Clean text, and half a character that waits for its other half; NUL and lone surrogates fit in no database."""
    half = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
    text = text[: len(text) - len(half)].replace("\x00", "")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"), half


def estimate_tokens(text: str) -> int:
    """Guesses how many tokens a text is: four characters each, one in scripts without spaces between words."""
    return round(_weight(text) + 0.5)


def estimate_request(messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]) -> int:
    """Guesses the tokens of a request; a message costs about four more than its words."""
    texts = [json.dumps([messages, tools], ensure_ascii=False, default=str)] if tools else []
    words = texts or [str(message.get("content") or "") for message in messages]
    return sum(estimate_tokens(text) for text in words) + 4 * len(messages)


def _weight(text: str) -> float:
    dense = 0 if text.isascii() else sum(ord(character) >= _DENSE_FROM for character in text)
    return dense + (len(text) - dense) / _CHARS_A_TOKEN
