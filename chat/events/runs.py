"""Answers of the assistant as a room sees them: one durable event for every turn, and what flows between.

Exported by chat.events. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from chat.shapes import RunView
from realtime.protocol import Event


class RunChanged(Event, frozen=True, kw_only=True):
    """An answer waits, begins, or ended. Absolute: text and state are those of now, whatever was missed.

    The message itself was told by message.created, with a `run` and an empty body. Not an edit: no revision is kept,
    and nothing is counted.
    """

    type: ClassVar[str] = "run.changed"
    topic: ClassVar[str] = "room"
    message: UUID
    run: RunView
    body: str
    html: str


class RunDelta(Event, frozen=True, kw_only=True):
    """More text of an answer. `offset` is where it goes, in UTF-16 units of the text so far; at most 20 a second.

    Whoever misses one sees it by the offset, and reads the text so far again (`GET /api/runs/<id>/`), which is at most
    half a second old.
    """

    type: ClassVar[str] = "run.delta"
    topic: ClassVar[str] = "room"
    durable: ClassVar[bool] = False
    message: UUID
    run: UUID
    offset: int
    text: str


class RunRendered(Event, frozen=True, kw_only=True):
    """Blocks of an answer that are closed, as HTML: those of the text from `start` to `end` (UTF-16 units)."""

    type: ClassVar[str] = "run.rendered"
    topic: ClassVar[str] = "room"
    durable: ClassVar[bool] = False
    message: UUID
    run: UUID
    start: int
    end: int
    html: str


class RunActivity(Event, frozen=True, kw_only=True):
    """What the assistant does besides writing, for example "Reads session.py"; empty when it writes again."""

    type: ClassVar[str] = "run.activity"
    topic: ClassVar[str] = "room"
    durable: ClassVar[bool] = False
    message: UUID
    run: UUID
    text: str
