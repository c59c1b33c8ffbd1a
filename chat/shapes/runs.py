"""The shape of a message that somebody writes while others look: an answer of the assistant.

Exported by chat.shapes. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from realtime.protocol import Struct

ENDED: Final = frozenset({"done", "stopped", "failed", "interrupted"})
"""States of a run that writes no more."""


class SourceView(Struct, frozen=True, kw_only=True):
    """Something that an answer was made from.

    Attributes:
        kind: message, pin, document, file, memory or metric.
        label: what the page shows, for example "Mina, 09:02" or "session.py, lines 14–20".
        url: a path of this site that leads there; empty when there is no place to go.
    """

    kind: str
    label: str
    url: str = ""


class RunView(Struct, frozen=True, kw_only=True):
    """How far an answer is.

    Attributes:
        id: the run of the assistant that writes it, the newest one of this message.
        state: waiting, streaming, done, stopped, failed or interrupted.
        asker: who asked.
        place: its place in the queue while it waits; 1 is next, otherwise 0.
        answers: how many runs have answered here; earlier ones can be read again.
        problem: why it ended early, in plain words; empty for done and for stopped by somebody.
        stopped_by: who stopped it.
        retry_at: the moment before which asking again is useless.
        model: what the page calls the model.
        demo: a small demo model answers, and the page says so.
        activity: what it does just now besides writing, for example "Reads session.py"; empty while it writes.
        sources: what the answer was made from; complete when it ended.
        wrote: ids of documents that it changed, or for which it suggested changes.
    """

    id: UUID
    state: str
    asker: int | None
    place: int = 0
    answers: int = 1
    problem: str = ""
    stopped_by: int | None = None
    retry_at: datetime | None = None
    model: str = ""
    demo: bool = False
    activity: str = ""
    sources: list[SourceView] = []
    wrote: list[int] = []
