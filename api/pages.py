"""The documentation of the API as plain values for its page: the same declarations that the description is made of.

Called by the views. Never asks the database.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from accounts.scopes import SCOPES
from api import openapi
from api.answering import status_of
from api.declared import ENDPOINTS, Endpoint
from api.examples import UUID, example_of
from api.reading import KEY
from chat import markdown
from realtime.protocol import ERROR_CODES

_BOUNDS: Final = {"minimum": "from {}", "maximum": "to {}", "maxLength": "at most {} characters", "format": "{}"}
_WRAPPED: Final = re.compile(r"(?<!\n)\n(?![\n-])")
_MOST: Final = 2**31
"""Bounds above it are the database's, and say nothing to people."""


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter or a field of a body."""

    name: str
    where: str
    type: str
    required: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One address on the page."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    scope_words: str
    rows: list[Row]
    curl: str
    status: str
    answer: str
    refusals: list[tuple[int, str, str]]


def about() -> str:
    """What holds for every address, as HTML."""
    return _html(openapi.ABOUT)


def _html(text: str) -> str:
    """Markdown whose lines are wrapped for the source: only lists and empty lines begin a line."""
    return markdown.render(_WRAPPED.sub(" ", text)).html


@lru_cache(maxsize=8)
def tags(server: str) -> list[tuple[str, str, list[Card]]]:
    """(name, words, addresses) of each matter."""
    found = []
    for tag, words in openapi.TAGS.items():
        cards = [_card(one, server) for one in ENDPOINTS if one.tag == tag]
        if cards:
            found.append((tag, words, cards))
    return found


def _card(endpoint: Endpoint, server: str) -> Card:
    status = f"{endpoint.status} {HTTPStatus(endpoint.status).phrase}"
    shown = endpoint.answer is not None and not endpoint.sends_file
    return Card(
        name=endpoint.name,
        method=endpoint.method,
        path=endpoint.template,
        summary=endpoint.summary,
        description=_html(endpoint.description) if endpoint.description else "",
        scope=endpoint.scope,
        scope_words=SCOPES.get(endpoint.scope, "Any token"),
        rows=_rows(endpoint, openapi.description(server)),
        curl=_curl(endpoint, server),
        status=status,
        answer=_json(example_of(endpoint.answer, whole=True)) if shown else "",
        refusals=[(status_of(code), code, ERROR_CODES[code]) for code in openapi.codes_of(endpoint)],
    )


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _rows(endpoint: Endpoint, whole: dict[str, Any]) -> list[Row]:
    operation = whole["paths"][endpoint.template][endpoint.method.lower()]
    rows = [Row(one["name"], one["in"], _type(one["schema"]), one["required"]) for one in operation["parameters"]]
    if endpoint.body is not None and "requestBody" in operation:
        schema = whole["components"]["schemas"].get(endpoint.body.__name__, {})
        needed = schema.get("required", [])
        rows += [Row(name, "body", _type(kind), name in needed) for name, kind in schema.get("properties", {}).items()]
    return rows


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(kind) for kind in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    told = [schema.get("type", "anything")]
    for name, words in _BOUNDS.items():
        bound = schema.get(name)
        if bound is not None and not (isinstance(bound, int) and bound > _MOST):
            told.append(words.format(bound))
    return ", ".join(told)


def _curl(endpoint: Endpoint, server: str) -> str:
    path = re.sub(r"{\w*emoji}", "%F0%9F%91%8D", endpoint.template)
    path = re.sub(r"{(message_id|file_id|upload_id)}", UUID, path)
    address = server + re.sub(r"{\w+}", "12", path)
    method = "" if endpoint.method == "GET" else f"-X {endpoint.method} "
    lines = [f'curl {method}-H "Authorization: Bearer $TOKEN"']
    if endpoint.once:
        lines.append(f'-H "{KEY}: $(uuidgen)"')
    if endpoint.takes_file:
        lines.append("--data-binary @report.pdf")
        address += "?name=report.pdf"
    if endpoint.formats:
        kind, shape = next(iter(endpoint.formats.items()))
        lines.append(f"-H 'Content-Type: {kind}' -d '{json.dumps(shape['example'])}'")
    if endpoint.sends_file:
        lines.append("-O")
    if endpoint.body is not None:
        body = json.dumps(example_of(endpoint.body, whole=False), ensure_ascii=False)
        lines.append("-H 'Content-Type: application/json' -d '" + body.replace("'", r"'\''") + "'")
    return " \\\n  ".join([*lines, address])
