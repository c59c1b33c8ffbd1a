"""What pages read about the assistant over HTTP. Made by assistant.selectors, generated into TypeScript.

Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from accounts.events import PersonView
from chat.shapes import RunView, SourceView
from realtime.protocol import Struct


class QuotaView(Struct, frozen=True, kw_only=True):
    """How much of the nearest limit is used.

    Attributes:
        scope: person, room or site: whose limit is nearest.
        share: 0 to 1 and beyond.
        opens_at: when the limit begins anew.
        used: what of it is used or reserved, for example "8,240"; limit: "10,000 tokens".
    """

    scope: str
    share: float
    opens_at: datetime
    used: str
    limit: str


class AssistantView(Struct, frozen=True, kw_only=True):
    """`GET /api/rooms/<id>/assistant/`: who answers in this room, and how the asker stands.

    Attributes:
        agent: the account that is called; None while nobody can answer anywhere.
        enabled: what the room chose.
        hidden: the asker wants to see nothing of it.
        ready: a model is set up; otherwise `problem` says exactly what is missing.
        demo: a small demo model answers; `tell_demo` while the asker has not put the notice away.
        may_choose: whether the asker may change the room's choice; only then `agents`, `models` and `chosen_model`
            say what there is to choose from, and what was chosen (empty: the agent's own model).
        direct_room: the asker's own session, once it was opened.
    """

    agent: PersonView | None
    enabled: bool
    hidden: bool
    ready: bool
    problem: str = ""
    model: str = ""
    demo: bool = False
    tell_demo: bool = False
    prompt: str = ""
    may_edit: bool = False
    answers_bridged: bool = False
    may_choose: bool = False
    agents: list[PersonView] = []
    models: list[str] = []
    chosen_model: str = ""
    direct_room: int | None = None
    quota: QuotaView | None = None


class SessionView(Struct, frozen=True, kw_only=True):
    """`POST /api/assistant/session/`: the direct room that is the asker's own session."""

    room: int


class StepView(Struct, frozen=True, kw_only=True):
    """A line of the run log; kind is prompt, context, model, tool or problem."""

    kind: str
    title: str
    detail: str
    refused: bool
    ms: int | None
    at: datetime


class RunLogView(Struct, frozen=True, kw_only=True):
    """`GET /api/runs/<id>/log/`: why this answer. `hidden_sources` counts what the reader may not see."""

    run: RunView
    answer_no: int
    asked_at: datetime
    started_at: datetime | None
    first_text_at: datetime | None
    ended_at: datetime | None
    rounds: int
    input_tokens: int
    output_tokens: int
    estimated: bool
    cost_micros: int
    currency: str
    fault: str
    steps: list[StepView]
    sources: list[SourceView]
    hidden_sources: int = 0


class RunTextView(Struct, frozen=True, kw_only=True):
    """`GET /api/runs/<id>/`: the text of a run so far. `offset` is its length in UTF-16 units.

    `html` is that of its closed blocks, which end at `rendered`: the page shows the text after it as it is. Of a run
    that ended everything is closed.
    """

    run: UUID
    message: UUID | None
    state: str
    answer_no: int
    offset: int
    rendered: int
    text: str
    html: str
    problem: str = ""


class NoteView(Struct, frozen=True, kw_only=True):
    """Something that the person's own session remembers."""

    id: UUID
    text: str
    created_at: datetime


class MemoryView(Struct, frozen=True, kw_only=True):
    """`GET /api/assistant/memory/`: what is remembered of the asker, newest first."""

    remembers: bool
    forgotten_at: datetime | None
    notes: list[NoteView]


class ChangedFile(Struct, frozen=True, kw_only=True):
    """A document that was edited since: by whom, how much, and where to see the difference."""

    document: int
    name: str
    people: list[int]
    added: int
    removed: int
    from_version: int
    version: int
    url: str


class OpenQuestion(Struct, frozen=True, kw_only=True):
    """A message that ends with a question and that nobody answered in its thread."""

    message: UUID
    seq: int
    author: int | None
    excerpt: str
    url: str
    kind: str = "user"


class CatchUpView(Struct, frozen=True, kw_only=True):
    """`GET /api/rooms/<id>/catch-up/?since=<seq>`: what happened after that seq, without any model.

    `run` is a summary that was made of the same stretch already.
    """

    since: int
    head_seq: int
    messages: int
    people: list[PersonView]
    mentions: list[OpenQuestion]
    questions: list[OpenQuestion]
    files: list[ChangedFile]
    run: UUID | None = None
    html: str = ""
