"""An example for every shape of the API, made of its fields, so that none can be forgotten or grow wrong.

Used by the description and the documentation page. Pure: never touches Django, a database or a clock.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import NODEFAULT, inspect

WORDS: Final[dict[str, Any]] = {
    "id": 12,
    "room": 12,
    "user": 7,
    "users": 7,
    "author": 7,
    "members": 8,
    "member_count": 5,
    "as_of_seq": 482,
    "seq": 482,
    "last_read_seq": 480,
    "version": 391,
    "length": 1024,
    "position": 65536,
    "limit": 50,
    "scopes": "rooms:read",
    "permissions": "post",
    "hint": "collab_7Qm2v",
    "name": "general",
    "display_name": "Mina Okafor",
    "slug": "general",
    "url": "/rooms/general/",
    "purpose": "What everybody should know",
    "kind": "public",
    "role": "member",
    "body": "The build is **green** again.",
    "html": "<p>The build is <strong>green</strong> again.</p>",
    "text": "print('hello')\n",
    "language": "python",
    "emoji": "👍",
    "code": "not_found",
    "message": "There is nothing here, or you may not see it.",
    "request_id": "5c1f7f1e0a0b4f0c9f6f0f4f3b1f9f10",
    "client_id": "7-k3f9",
    "state": "online",
    "excerpt": "The build is green again.",
}
"""What stands in a field of this name."""
UUID: Final = "0199b3a4-7c1e-7f52-a1d3-5b8f2c9e4d10"
TIME: Final = "2026-11-20T09:41:00Z"


def example_of(kind: Any, *, whole: bool) -> Any:
    """An example of a type as plain values.

    Args:
        kind: a struct or what stands in its fields.
        whole: with the fields that may be absent, as answers have them.
    """
    return _example(inspect.type_info(kind), "", whole)


def _example(kind: Any, name: str, whole: bool) -> Any:
    match kind:
        case inspect.Metadata():
            return _example(kind.type, name, whole)
        case inspect.StructType():
            return _struct(kind, whole)
        case inspect.UnionType():
            first = next(one for one in kind.types if not isinstance(one, inspect.NoneType))
            return _example(first, name, whole)
        case inspect.ListType():
            return [_example(kind.item_type, name, whole)]
        case inspect.DictType():
            return {str(_example(kind.key_type, "id", whole)): _example(kind.value_type, name, whole)}
        case inspect.LiteralType():
            return kind.values[0]
        case _:
            return _plain(kind, name)


def _plain(kind: Any, name: str) -> Any:
    match kind:
        case inspect.UUIDType():
            return UUID
        case inspect.DateTimeType():
            return TIME
        case inspect.BoolType():
            return name in {"more", "joined", "has_before"}
        case inspect.IntType():
            word = WORDS.get(name, 1)
            return word if isinstance(word, int) else 1
        case inspect.FloatType():
            return 1.5
        case inspect.StrType():
            word = WORDS.get(name, "")
            return word if isinstance(word, str) else ""
        case _:
            return [5, [0, "more"]]


def _struct(kind: inspect.StructType, whole: bool) -> dict[str, Any]:
    if whole and kind.cls.__name__ == "PersonView":
        return {"id": 7, "name": "mina", "display_name": "Mina Okafor", "kind": "human", "avatar_url": None}
    found: dict[str, Any] = {}
    for field in kind.fields:
        if field.required:
            found[field.encode_name] = _example(field.type, field.name, whole)
        elif whole and field.default is not NODEFAULT:
            found[field.encode_name] = msgspec.to_builtins(field.default)
        elif whole:
            found[field.encode_name] = msgspec.to_builtins(field.default_factory())
    return found
