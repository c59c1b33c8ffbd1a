"""The shapes of the chat completions API, as the scripted provider sends and wants them.

Called by assistant.fake.server. Pure: never touches a socket.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from assistant.fake.turns import Turn
from assistant.pieces import estimate_request, estimate_tokens

CREATED: Final = 1_700_000_000
_PIECES: Final = re.compile(r"\S+\s*|\s+")
_TOOL_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ROLES: Final = {"system", "developer", "user", "assistant", "tool"}


def refusal(status: int, *, code: str, message: str) -> dict[str, Any]:
    """The body of an error."""
    kinds = {401: "invalid_request_error", 404: "invalid_request_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")
    said = message or f"The scripted provider answers {status}."
    return {"error": {"message": said, "type": kind, "param": None, "code": code or None}}


def listed(models: Sequence[str]) -> dict[str, Any]:
    """The body of /v1/models."""
    each = [{"id": name, "object": "model", "created": CREATED, "owned_by": "nobody"} for name in models]
    return {"object": "list", "data": each}


def pieces(text: str) -> list[str]:
    """Cuts words as a model would send them."""
    return _PIECES.findall(text)


def chunk(body: Mapping[str, Any], delta: Mapping[str, Any], *, finish: str | None = None) -> bytes:
    """One event of a stream."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return event(_envelope(body, "chat.completion.chunk") | {"choices": [choice]})


def event(data: object) -> bytes:
    """One event with any data."""
    return b"data: " + json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n\n"


def call_chunks(body: Mapping[str, Any], turn: Turn, run: int) -> Iterator[bytes]:
    """The calls of a turn in fragments: first the name, then the arguments in two halves."""
    for index, call in enumerate(turn.calls):
        text = call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)
        head = {"index": index, "id": f"call_{run}_{index}", "type": "function"}
        yield chunk(body, {"tool_calls": [head | {"function": {"name": call.name, "arguments": ""}}]})
        for half in (text[: len(text) // 2], text[len(text) // 2 :]):
            yield chunk(body, {"tool_calls": [{"index": index, "function": {"arguments": half}}]})


def finish_of(turn: Turn) -> str | None:
    """The finish_reason of a turn."""
    if turn.finish:
        return None if turn.finish == "-" else turn.finish
    return "tool_calls" if turn.calls else "stop"


def usage_of(body: Mapping[str, Any], turn: Turn) -> dict[str, Any]:
    """What a turn is said to have used."""
    read = estimate_request(body["messages"], body.get("tools") or [])
    written = estimate_tokens(turn.say) + sum(8 for _ in turn.calls)
    details = {"cached_tokens": read // 2}
    total = {"total_tokens": read + written, "prompt_tokens_details": details}
    return {"prompt_tokens": read, "completion_tokens": written, **total}


def usage_event(body: Mapping[str, Any], turn: Turn) -> bytes:
    """The last event before [DONE], for whoever asked for it."""
    return event(_envelope(body, "chat.completion.chunk") | {"choices": [], "usage": usage_of(body, turn)})


def completion(body: Mapping[str, Any], turn: Turn, run: int) -> dict[str, Any]:
    """The whole answer at once, for requests without stream."""
    calls = [
        {
            "id": f"call_{run}_{index}",
            "type": "function",
            "function": {
                "name": call.name,
                "arguments": call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments),
            },
        }
        for index, call in enumerate(turn.calls)
    ]
    message = {"role": "assistant", "content": turn.say or None, **({"tool_calls": calls} if calls else {})}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_of(turn)}
    usage = {"usage": usage_of(body, turn)} if turn.usage else {}
    return _envelope(body, "chat.completion") | {"choices": [choice], **usage}


def _envelope(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-fake", "object": kind, "created": CREATED, "model": body["model"]}


def complaint(body: object) -> str:
    """What a real provider would refuse a request for; empty when it is sound."""
    if not isinstance(body, dict) or not isinstance(body.get("model"), str) or not body["model"]:
        return "you must provide a model parameter"
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "'messages' must be a list with at least one message"
    for tool in body.get("tools") or []:
        if not _TOOL_NAME.fullmatch(str(tool.get("function", {}).get("name", ""))):
            return "Invalid 'tools': the function's name does not fit [a-zA-Z0-9_-]{1,64}"
    return _complaint_of_messages(messages)


def _complaint_of_messages(messages: Sequence[Any]) -> str:
    open_calls: list[str] = []
    for place, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            return f"Invalid 'messages[{place}]': a role is wanted"
        if message["role"] == "tool":
            if message.get("tool_call_id") not in open_calls:
                return f"Invalid 'messages[{place}]': 'tool_call_id' names no call of the message before"
            open_calls.remove(message["tool_call_id"])
            continue
        if open_calls:
            return f"Invalid 'messages[{place}]': calls of tools before it have no answer: {', '.join(open_calls)}"
        open_calls = [str(call.get("id")) for call in message.get("tool_calls") or []]
        if not open_calls and not isinstance(message.get("content"), (str, list)):
            return f"Invalid 'messages[{place}].content': a text is wanted"
    return f"calls of tools have no answer: {', '.join(open_calls)}" if open_calls else ""
