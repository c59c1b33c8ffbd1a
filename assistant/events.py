"""What one may ask of runs over the chat's socket, and what a person alone hears of them.

What everybody in a room sees of an answer is declared in chat.events (run.changed, run.delta): it is a message.
Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta

from realtime.protocol import Command, Event, Result, Struct

Text = Annotated[str, Meta(max_length=8000)]


class RunResult(Struct, frozen=True, kw_only=True):
    """The run that the command is about, and how far it is."""

    run: UUID
    state: str
    duplicate: bool = False


class StopRun(Command, frozen=True, kw_only=True):
    """Stop a run; what it wrote stays. Whoever may write in the room may stop it; a second time changes nothing."""

    type: ClassVar[str] = "run.stop"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = RunResult
    run: UUID


class RepeatRun(Command, frozen=True, kw_only=True):
    """Ask the same question again, with what the room knows by now; the earlier answer can still be read."""

    type: ClassVar[str] = "run.repeat"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = RunResult
    cid: UUID
    message: UUID


class SummariseUnread(Command, frozen=True, kw_only=True):
    """Summarise what was said and changed after `since` (a seq of the room), for oneself only."""

    type: ClassVar[str] = "summary.ask"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = RunResult
    cid: UUID
    since: Annotated[int, Meta(ge=0, le=2**63 - 1)]


class SummaryChanged(Event, frozen=True, kw_only=True):
    """A summary that the person asked for is ready, or will not be; state as of a run."""

    type: ClassVar[str] = "summary.changed"
    topic: ClassVar[str] = "user"
    run: UUID
    room: int
    state: str
    html: str = ""
    problem: str = ""


class AssistantChanged(Event, frozen=True, kw_only=True):
    """The room's choice about the assistant changed; pages read `GET /api/rooms/<id>/assistant/` again."""

    type: ClassVar[str] = "assistant.changed"
    topic: ClassVar[str] = "room"
    enabled: bool


class AskRefused(Event, frozen=True, kw_only=True):
    """Why nobody answers a message in which its author called the assistant; the author alone is told.

    `code` is assistant_unavailable, assistant_quota, assistant_busy or another of the error codes.
    """

    type: ClassVar[str] = "assistant.refused"
    topic: ClassVar[str] = "user"
    durable: ClassVar[bool] = False
    room: int
    message: UUID
    code: str
    words: str
    retry_after: float | None = None
