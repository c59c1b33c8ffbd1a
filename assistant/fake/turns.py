"""What the scripted provider does with one request: a turn, written in Python, in a JSON script or in a message.

Called by assistant.fake.server. Pure: never touches a socket.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

MARKER: Final = re.compile(r"\[fake:([a-z-]+)(?:=([^\]]*))?\]")
MARKERS: Final = (
    "say=TEXT, call=TOOL {JSON}, fail=STATUS, retry-after=SECONDS, wait=SECONDS, drip=SECONDS, finish=REASON, "
    "no-usage, cut-after=CHARS, reset-after=CHARS, garble-after=CHARS, hang-after=CHARS"
)


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call of a tool. Arguments that are a string go out as they are: they may be broken JSON."""

    name: str
    arguments: dict[str, Any] | str = {}


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One answer.

    Attributes:
        say: the words, sent in pieces.
        calls: tools to call after the words.
        fail: an HTTP status to refuse with; then code, message and retry_after stand in the refusal.
        location: where a refusal of 3xx points to.
        page: an HTML page instead of an answer.
        raw: lines of a stream, sent as they are instead of an answer.
        wait_seconds: before anything is sent; drip_seconds: between the pieces.
        then: what happens after after_chars characters of the words; hold waits for FakeOpenAI.release().
        usage: whether it says how many tokens were used.
        finish: the finish_reason, if another than stop or tool_calls; "-" sends none.
        when: answers every request whose last message is a person's and has this text in it.
        after_tool: answers every request whose last message is the result of this tool.
    """

    say: str = ""
    calls: tuple[Call, ...] = ()
    fail: int = 0
    code: str = ""
    message: str = ""
    retry_after: float | str | None = None
    location: str = ""
    page: str = ""
    raw: str = ""
    wait_seconds: float = 0
    drip_seconds: float = 0
    then: Literal["", "cut", "reset", "garble", "hang", "hold"] = ""
    after_chars: int = 0
    usage: bool = True
    finish: str = ""
    when: str = ""
    after_tool: str = ""

    @property
    def is_rule(self) -> bool:
        return bool(self.when or self.after_tool)


class BadScriptError(ValueError):
    """A script or marker that cannot be read; the text says why."""


def read_script(text: str) -> list[Turn]:
    """Reads a JSON list of turns, with the fields of Turn.

    Raises:
        BadScriptError: with the place and the cause.
    """
    try:
        return msgspec.json.decode(text, type=list[Turn])
    except msgspec.MsgspecError as error:
        raise BadScriptError(f"The script is no list of turns: {error}") from None


def marked(text: str) -> Turn | None:
    """Reads the markers in a person's message; None if there are none.

    Raises:
        BadScriptError: for a marker that there is not.
    """
    fields: dict[str, Any] = {}
    for name, value in MARKER.findall(text):
        fields.update(_field(name, value))
    if not fields:
        return None
    if fields.get("then") or "fail" not in fields:
        fields.setdefault("say", "" if "calls" in fields else echoed(MARKER.sub("", text)))
    try:
        return msgspec.convert(fields, Turn, strict=False)
    except msgspec.ValidationError as error:
        raise BadScriptError(f"A marker cannot be read: {error}. There are {MARKERS}.") from None


def _field(name: str, value: str) -> dict[str, Any]:
    plain = {"say": "say", "fail": "fail", "retry-after": "retry_after", "finish": "finish"}
    if name in plain:
        return {plain[name]: value}
    if name in {"wait", "drip"}:
        return {f"{name}_seconds": value}
    if name.endswith("-after") and name.removesuffix("-after") in {"cut", "reset", "garble", "hang"}:
        return {"then": name.removesuffix("-after"), "after_chars": value}
    if name == "no-usage":
        return {"usage": False}
    if name == "call":
        tool, _, arguments = value.partition(" ")
        return {"calls": [{"name": tool, "arguments": _arguments(arguments)}]}
    raise BadScriptError(f"There is no marker {name}; there are {MARKERS}.")


def _arguments(text: str) -> dict[str, Any] | str:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return text
    return found if isinstance(found, dict) else text


def echoed(text: str) -> str:
    """What is answered without a script: nobody shall take it for a model's."""
    said = " ".join(text.split())
    return f"I am the scripted stand-in for a model, and understand nothing. I was sent: {said[-400:]}"


def last_words(messages: Sequence[Mapping[str, Any]]) -> tuple[str, str, str]:
    """Role and text of the last message, and which tool it is the result of."""
    last = messages[-1]
    content = last.get("content") or ""
    if isinstance(content, list):
        content = " ".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return str(last.get("role")), str(content), _tool_of(messages)


def _tool_of(messages: Sequence[Mapping[str, Any]]) -> str:
    wanted = messages[-1].get("tool_call_id")
    for message in messages:
        for call in message.get("tool_calls") or []:
            if wanted is not None and call.get("id") == wanted:
                return str(call["function"]["name"])
    return ""


def fitting_rule(rules: Sequence[Turn], messages: Sequence[Mapping[str, Any]]) -> Turn | None:
    """The first rule that says it answers such a request."""
    role, text, tool = last_words(messages)
    for rule in rules:
        if rule.when and role == "user" and rule.when in text:
            return rule
        if rule.after_tool and rule.after_tool == tool:
            return rule
    return None
