"""The tools as a model sees them: names, what they are for, and the shape of their arguments.

Called by the rest of assistant.tools. Pure: never touches Django or a database; whether a tool may be used is decided
where it is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from realtime.protocol import Refused

ARGUMENTS_CHARS: Final = 200_000
Words = Annotated[str, Meta(min_length=1, max_length=300)]
Name = Annotated[str, Meta(min_length=1, max_length=120)]
LineNumber = Annotated[int, Meta(ge=1, le=10_000_000)]
T = TypeVar("T", bound="Arguments")


class Arguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Arguments of a tool; the docstring is what the model reads."""


class SearchMessages(Arguments, frozen=True, kw_only=True):
    """Search the messages of this room. All words must occur; from:username, before:2026-01-31 and after: narrow it."""

    query: Annotated[str, Meta(min_length=1, max_length=300, description="A few words, best the rare ones.")]


class ReadThread(Arguments, frozen=True, kw_only=True):
    """Read a message of this room with its thread, or with the messages around it when it has none."""

    message: Annotated[
        str, Meta(min_length=1, max_length=300, description="The number behind the # of a message, or its link.")
    ]


class ReadDocument(Arguments, frozen=True, kw_only=True):
    """Read lines of a document of this room as it is now, with line numbers."""

    name: Annotated[str, Meta(min_length=1, max_length=120, description="The document's name.")]
    from_line: LineNumber = 1
    to_line: LineNumber | None = None


class EditGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One replacement."""

    quote: Annotated[
        str,
        Meta(
            max_length=65_536,
            description="Text that stands in the document, exactly, without line numbers. To insert, quote the line "
            "beside which to insert and repeat it in the text. Empty only for an empty document.",
        ),
    ]
    text: Annotated[str, Meta(max_length=65_536, description="What shall stand there instead; empty deletes it.")]
    near: Annotated[LineNumber | None, Meta(description="A line number, if the quote stands there several times.")] = (
        None
    )
    note: Annotated[str, Meta(max_length=200, description="Why, in a few words.")] = ""


Edits = Annotated[list[EditGiven], Meta(min_length=1, max_length=50)]


class ProposeEdit(Arguments, frozen=True, kw_only=True):
    """Suggest changes of a document of this room. People accept or reject each; nothing changes before."""

    document: Annotated[str, Meta(min_length=1, max_length=120, description="The document's name.")]
    edits: Edits
    title: Annotated[str, Meta(max_length=200, description="What the change is for, in a line.")] = ""


class EditDocument(Arguments, frozen=True, kw_only=True):
    """Change a document of this room yourself, when you were asked to. Everybody sees it at once and can revert it."""

    document: Annotated[str, Meta(min_length=1, max_length=120, description="The document's name.")]
    edits: Edits


class ListPeople(Arguments, frozen=True, kw_only=True):
    """List who is in this room, with their roles."""


class ReadMetrics(Arguments, frozen=True, kw_only=True):
    """Read figures that this room's boards show."""

    query: Annotated[str, Meta(min_length=1, max_length=300, description="Which series, and over what time.")]


class Remember(Arguments, frozen=True, kw_only=True):
    """Keep a note about the person for later sessions, when they ask for it or state a lasting wish."""

    text: Annotated[str, Meta(min_length=1, max_length=500, description="One sentence about the person.")]


TOOLS: Final[dict[str, type[Arguments]]] = {
    "search_messages": SearchMessages,
    "read_thread": ReadThread,
    "read_document": ReadDocument,
    "propose_edit": ProposeEdit,
    "edit_document": EditDocument,
    "list_people": ListPeople,
    "read_metrics": ReadMetrics,
    "remember": Remember,
}


def names_for(*, may_edit: bool, may_write: bool, metrics: bool, remembers: bool) -> list[str]:
    """The tools of a run, by what its room and its asker allow; each call asks again."""
    wanted = {
        "propose_edit": may_write,
        "edit_document": may_write and may_edit,
        "read_metrics": metrics,
        "remember": remembers,
    }
    return [name for name in TOOLS if wanted.get(name, True)]


def schema_of(name: str) -> dict[str, Any]:
    """A tool as the chat completions API wants it declared, without references: small servers know none."""
    kind = TOOLS[name]
    [root], parts = msgspec.json.schema_components([kind], ref_template="{name}")
    parameters = _inline(root, parts)
    parameters.pop("description", None)
    parameters.setdefault("properties", {})
    description = " ".join((kind.__doc__ or "").split())
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def _inline(value: Any, parts: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        if "$ref" in value:
            return _inline(parts[value["$ref"]], parts)
        return {key: _inline(one, parts) for key, one in value.items() if key != "title" or not isinstance(one, str)}
    return [_inline(one, parts) for one in value] if isinstance(value, list) else value


def read_arguments(kind: type[T], arguments: str | Mapping[str, Any]) -> T:
    """What a model gave, checked.

    Raises:
        Refused: `invalid` with words that the model can act on.
    """
    if isinstance(arguments, str) and len(arguments) > ARGUMENTS_CHARS:
        raise Refused("too_large", "The arguments are too long. Make smaller calls.")
    try:
        if isinstance(arguments, str):
            return msgspec.json.decode(arguments or "{}", type=kind, strict=False)
        return msgspec.convert(dict(arguments), kind, strict=False)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Refused("invalid", f"The arguments do not fit: {str(error)[:300]}. Correct them.") from error
