"""The description of the API (OpenAPI 3.1), made of what is declared: addresses, parameters, bodies, every refusal.

Called by the views. Never says anything that the declarations do not.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, Final

import msgspec

from accounts.scopes import SCOPES
from api.answering import status_of
from api.declared import ANY_TOKEN, ENDPOINTS, WORD_CHARS, Endpoint
from api.examples import UUID, example_of
from api.reading import KEY
from api.shapes import Health, Problem
from realtime.protocol import ERROR_CODES

REF: Final = "#/components/schemas/{name}"
EVERYWHERE: Final = ("unauthenticated", "forbidden", "banned", "rate_limited", "invalid", "internal")
"""Codes that every address may answer."""
TAGS: Final = {
    "Account": "Who you are, your tokens, other people.",
    "Rooms": "Found, made, changed, joined and left.",
    "Members": "Who is in a room, and as what.",
    "Webhooks": "Secret addresses through which other programs speak in a room.",
    "Messages": "Read page by page, sent, changed, deleted, reacted to.",
    "Files": "Uploaded and attached to messages.",
    "Search": "Over everything that you may see.",
    "Documents": "Texts that a room writes together, at any version.",
    "Numbers": "Pushed by other programs, shown on boards.",
    "Health": "Whether the API answers.",
}
ABOUT: Final = """Rooms, messages, documents and numbers for scripts.

Send a token as `Authorization: Bearer collab_…`; tokens are made on the account page, and staff makes those of bots.
What a token opens is what its owner may do, as far as its scopes reach. What you may not see answers like what does
not exist.

- **Repeat safely**: a POST with an `Idempotency-Key` is fulfilled once; its repeat gets the same answer for a day.
- **Pages**: the `Link` header names the next page. Cursors stay good while others write.
- **Refusals** are JSON with `code`, `message`, `field`, `retry_after` and `request_id`.
- **Rates** are counted for each token; 429 carries `Retry-After`.
- **ETag**: send it back as `If-None-Match`, and what has not changed is answered 304."""
NO_NUL: Final = "^[^\\u0000]*$"
_INT: Final = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
_PATH: Final[dict[str, dict[str, Any]]] = {
    "int": _INT,
    "uuid": {"type": "string", "format": "uuid", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
    "str": {"type": "string", "minLength": 1, "maxLength": WORD_CHARS},
}


def codes_of(endpoint: Endpoint) -> list[str]:
    """Every code that an address may answer, by status."""
    codes = {*EVERYWHERE, *endpoint.refuses}
    if endpoint.parameters:
        codes.add("not_found")
    if endpoint.body is not None or endpoint.takes_file or endpoint.formats:
        codes.add("too_large")
    if endpoint.once:
        codes.add("conflict")
    return sorted(codes, key=lambda code: (status_of(code), code))


def problem_of(code: str) -> dict[str, Any]:
    """An example of a refusal."""
    waits = {"retry_after": 1.5} if status_of(code) == 429 else {}
    found: dict[str, Any] = example_of(Problem, whole=True)
    return found | {"code": code, "message": ERROR_CODES[code], "lines": None} | waits


@cache
def _types() -> list[Any]:
    bodies = [one.body for one in ENDPOINTS if one.body is not None]
    answers = [one.answer for one in ENDPOINTS if one.answer is not None and not one.sends_file]
    queries = [one.query for one in ENDPOINTS]
    return list(dict.fromkeys([Problem, Health, *bodies, *answers, *queries]))


@cache
def _schemas() -> tuple[dict[Any, dict[str, Any]], dict[str, Any]]:
    schemas, components = msgspec.json.schema_components(_types(), ref_template=REF)
    return dict(zip(_types(), schemas, strict=True)), components


@lru_cache(maxsize=8)
def description(server: str) -> dict[str, Any]:
    """The whole document.

    Args:
        server: address of the API, without a slash at the end.
    """
    components = dict(_schemas()[1])
    for query in {one.query for one in ENDPOINTS}:
        components.pop(query.__name__, None)
    paths: dict[str, dict[str, Any]] = {"/health": {"get": _health()}}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.template, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Collab",
            "version": "1",
            "summary": "Rooms and documents for scripts.",
            "description": ABOUT,
        },
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "tags": [{"name": name, "description": words} for name, words in TAGS.items() if _is_used(name)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": _scopes()}},
        },
    }


def _is_used(tag: str) -> bool:
    return tag == "Health" or any(one.tag == tag for one in ENDPOINTS)


def _scopes() -> str:
    return "Scopes: " + "; ".join(f"`{scope}`: {words}" for scope, words in SCOPES.items())


def _health() -> dict[str, Any]:
    return {
        "operationId": "health",
        "tags": ["Health"],
        "summary": "Whether the API answers; needs no token.",
        "security": [],
        "responses": {"200": _told("The API answers.", Health)},
    }


def _told(words: str, kind: Any) -> dict[str, Any]:
    content = {"schema": _schemas()[0][kind], "example": example_of(kind, whole=True)}
    return {"description": words, "content": {"application/json": content}}


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    scope = f"Scope: `{endpoint.scope}`." if endpoint.scope != ANY_TOKEN else "Any token."
    found = {
        "operationId": endpoint.name,
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "description": f"{endpoint.description}\n\n{scope}".strip(),
        "x-scope": endpoint.scope,
        "parameters": [*_path(endpoint), *_query(endpoint), *_key(endpoint)],
        "responses": _responses(endpoint),
    }
    if endpoint.takes_file:
        bytes_of_file = {"type": "string", "format": "binary", "minLength": 1}
        content = {"application/octet-stream": {"schema": bytes_of_file}}
        found["requestBody"] = {"required": True, "content": content}
    if endpoint.formats:
        found["requestBody"] = {"required": True, "content": endpoint.formats}
    if endpoint.body is not None:
        content = {"schema": _schemas()[0][endpoint.body], "example": example_of(endpoint.body, whole=False)}
        found["requestBody"] = {"required": True, "content": {"application/json": content}}
    return found


def _path(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "in": "path", "required": True, "schema": _PATH[one.kind], "example": _sample(one.kind)}
        for one in endpoint.parameters
    ]


def _sample(kind: str) -> Any:
    return {"int": 12, "uuid": UUID, "str": "👍"}[kind]


def _query(endpoint: Endpoint) -> list[dict[str, Any]]:
    schema = _schemas()[1].get(endpoint.query.__name__, {})
    needed = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": _without_nul(_without_null(given))}
        for name, given in schema.get("properties", {}).items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is absent or has a value: null cannot be written in an address."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    if not kinds:
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf" and value is not None}
    return {**rest, **kinds[0]}


def _without_nul(schema: dict[str, Any]) -> dict[str, Any]:
    """A text of an address holds no NUL; see reading.check_text."""
    free = schema.get("type") == "string" and not {"enum", "pattern", "format"} & schema.keys()
    return {**schema, "pattern": NO_NUL} if free else schema


def _key(endpoint: Endpoint) -> list[dict[str, Any]]:
    if not endpoint.once:
        return []
    words = "Your name of this wish: its repeat is fulfilled once."
    schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]{1,255}$"}
    return [{"name": KEY, "in": "header", "required": False, "description": words, "schema": schema}]


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if endpoint.answer is None:
        found[str(endpoint.status)] = {"description": "Done."}
    elif endpoint.sends_file:
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        found[str(endpoint.status)] = {"description": endpoint.summary, "content": content}
    else:
        found[str(endpoint.status)] = _told(endpoint.summary, endpoint.answer)
        if endpoint.gives:
            found[str(endpoint.status)]["links"] = _links(endpoint)
        if endpoint.once == "cid":
            found["200"] = _told("It was done before, with the same key.", endpoint.answer)
    for code in codes_of(endpoint):
        response = found.setdefault(str(status_of(code)), _refusal())
        content = response["content"]["application/json"]
        content["examples"][code] = {"summary": ERROR_CODES[code], "value": problem_of(code)}
    return found


def _links(endpoint: Endpoint) -> dict[str, Any]:
    """Where one can go on with what was made."""
    own = {one.name: f"$request.path.{one.name}" for one in endpoint.parameters}
    known = own | {name: f"$response.body#{pointer}" for name, pointer in endpoint.gives.items()}
    found = {}
    for other in ENDPOINTS:
        needed = {one.name for one in other.parameters}
        if needed <= known.keys() and needed & endpoint.gives.keys():
            parameters = {name: known[name] for name in sorted(needed)}
            found[other.name] = {"operationId": other.name, "parameters": parameters}
    return found


def _refusal() -> dict[str, Any]:
    content = {"schema": {"$ref": REF.format(name="Problem")}, "examples": {}}
    return {"description": "Refused.", "content": {"application/json": content}}
