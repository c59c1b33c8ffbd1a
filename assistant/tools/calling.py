"""Calls a tool for a run: looks whether it may be used now, checks what the model gave, and answers in words.

Called by the runner through assistant.tools. Never raises for what a model or a person did; faults of ours are raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import msgspec

from assistant.given import SUMMARY, Context
from assistant.tools import declared, reading, writing
from assistant.tools.declared import TOOLS, names_for, read_arguments, schema_of
from assistant.tools.work import ToolResult, Work, clip, work_of
from assistant.tools.writing import Writing
from realtime import threads
from realtime.protocol import Refused

PAUSE_SECONDS: Final = 0.12
"""Between two pieces of an edit, so that people can follow it."""
SHOWN_CHARS: Final = 60
CHANGES: Final = ("propose_edit", "edit_document")
_READS: Final[dict[str, Callable[[Work, Any], ToolResult]]] = {
    "search_messages": reading.search_messages,
    "read_thread": reading.read_thread,
    "read_document": reading.read_document,
    "list_people": reading.list_people,
    "read_metrics": reading.read_metrics,
}
_WRITES: Final[dict[str, Callable[[Work, Any], ToolResult]]] = {
    "propose_edit": writing.propose_edit,
    "remember": writing.remember,
}
_ACTIVITIES: Final = {
    "search_messages": "Searches this room",
    "read_thread": "Reads a thread",
    "read_document": "Reads {name}",
    "propose_edit": "Suggests changes of {name}",
    "edit_document": "Edits {name}",
    "list_people": "Looks who is here",
    "read_metrics": "Reads figures",
    "remember": "Keeps a note",
}


def offered(*, context: Context) -> list[dict[str, Any]]:
    """The tools that a run may use, as the chat completions API has them; none for summaries and the demo model."""
    if context.kind == SUMMARY or context.demo:
        return []
    names = names_for(
        may_edit=context.may_edit,
        may_write=context.may_write,
        metrics=context.metrics,
        remembers=context.direct and not context.memory_off,
    )
    return [schema_of(name) for name in names]


def activity_of(name: str, arguments: str | Mapping[str, Any]) -> str:
    """What the room is told while a call is done; names no document but those that the model named."""
    told = _ACTIVITIES.get(name, "")
    document = ""
    if "{name}" in told:
        document = str(_plain(arguments).get("name" if name == "read_document" else "document") or "")
    shown = " ".join(document.split())[:SHOWN_CHARS]
    return told.format(name=shown or "a document")


def _plain(arguments: str | Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(arguments, str):
        return arguments
    try:
        found = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def call(*, run_id: UUID, name: str, arguments: str | Mapping[str, Any]) -> ToolResult:
    """Calls a tool, all at once; for threads of the database. `execute` lets people see long edits grow.

    Args:
        run_id: the run.
        name: of the tool, as the model gave it.
        arguments: JSON, or what was read of it.
    """
    try:
        work, given = _begin(run_id, name, arguments)
        if not isinstance(given, declared.EditDocument):
            return _named(name, arguments, (_READS | _WRITES)[name](work, given))
        plan = writing.plan_edits(work, given)
    except Refused as refused:
        return _refusal(name, arguments, refused)
    told: Refused | None = None
    try:
        while plan.pieces:
            writing.write_next(work, plan)
    except Refused as refused:
        told = refused
    writing.hide_caret(work, plan)
    return _named(name, arguments, writing.written(work, plan, told))


async def execute(
    *,
    run_id: UUID,
    name: str,
    arguments: str | Mapping[str, Any],
    wrote: list[int],
    tell: Callable[[str], None] = lambda text: None,
) -> ToolResult:
    """Calls a tool on the loop: reads and writes on their threads, and edits piece after piece.

    Args:
        run_id: the run.
        name: of the tool, as the model gave it.
        arguments: JSON, or what was read of it.
        wrote: takes the ids of documents that are written to, also where the call is broken off in its middle.
        tell: hears what is done, before it is.
    """
    tell(activity_of(name, arguments))
    if name != "edit_document":
        line = threads.read if name in _READS else threads.write
        result = await line(call, run_id=run_id, name=name, arguments=arguments)
        wrote += result.wrote
        return result
    try:
        work, plan = await threads.read(_plan, run_id, arguments)
    except Refused as refused:
        return _refusal(name, arguments, refused)
    return _named(name, arguments, await _write_in_pieces(work, plan, wrote))


def _plan(run_id: UUID, arguments: str | Mapping[str, Any]) -> tuple[Work, Writing]:
    work, given = _begin(run_id, "edit_document", arguments)
    assert isinstance(given, declared.EditDocument)
    return work, writing.plan_edits(work, given)


async def _write_in_pieces(work: Work, plan: Writing, wrote: list[int]) -> ToolResult:
    told: Refused | None = None
    wrote.append(plan.document.id)  # before the first piece: a stop may come while it is stored
    try:
        while plan.pieces:
            await threads.write(writing.write_next, work, plan)
            if plan.pieces:
                await asyncio.sleep(PAUSE_SECONDS)
    except Refused as refused:
        told = refused
        if not plan.begun:
            wrote.remove(plan.document.id)
    finally:
        writing.hide_caret(work, plan)  # also where somebody stopped the run
    return writing.written(work, plan, told)


def _begin(run_id: UUID, name: str, arguments: str | Mapping[str, Any]) -> tuple[Work, declared.Arguments]:
    """What a call stands on, read anew for each.

    Raises:
        Refused: for a run that is over, an asker who may not be answered, an unknown tool and wrong arguments.
    """
    work = work_of(run_id)
    if name not in TOOLS:
        raise Refused("invalid", f"There is no tool “{name[:SHOWN_CHARS]}”. There are: {', '.join(work.names)}.")
    if name not in work.names:
        instead = " Use propose_edit." if name == "edit_document" and "propose_edit" in work.names else ""
        raise Refused("forbidden", f"The tool {name} may not be used here.{instead}")
    return work, read_arguments(TOOLS[name], arguments)


def _refusal(name: str, arguments: str | Mapping[str, Any], refused: Refused) -> ToolResult:
    title = f"{name[:SHOWN_CHARS]} was refused: {refused.message}"
    return _named(name, arguments, ToolResult(f"Refused: {refused.message}", title, refused=True))


def _named(name: str, arguments: str | Mapping[str, Any], result: ToolResult) -> ToolResult:
    content = clip(result.content)
    return replace(
        result,
        content=content,
        title=result.title[:200],
        activity=activity_of(name, arguments),
        detail=_detail(name, arguments, content if result.refused or name in CHANGES else ""),
    )


def _detail(name: str, arguments: str | Mapping[str, Any], words: str) -> str:
    if name == "remember":  # what is forgotten must not stand in a log
        return words
    read = _plain(arguments)
    given = arguments if isinstance(arguments, str) and not read else msgspec.json.encode(read).decode()
    return clip("\n\n".join(part for part in (given, words) if part))
