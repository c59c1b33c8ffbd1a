"""How runs end: what was written is kept, what was spent is paid, and the room is told once.

Called by the runner, the keeper and by whoever stops a run. Never decides why it ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from assistant import metrics
from assistant.events import SummaryChanged
from assistant.models import Run
from assistant.selectors import usage
from assistant.selectors.runs import place_of, units, view_of
from assistant.services.spending import settle
from assistant.services.withdrawal import forget_answers
from chat import markdown
from chat import services as rooms
from chat.markdown import Rendered
from realtime import log
from realtime import metrics as rates
from realtime.protocol import Refused

INTERRUPTED: Final = "The server that wrote this was stopped."


@dataclass(frozen=True, slots=True)
class Ending:
    """Why and with what a run ends.

    Attributes:
        state: done, stopped, failed or interrupted.
        text: all of it; None keeps what was written down last.
        html: of a summary, whose marks were made links; None renders the text.
        fault: a word for statistics; problem: the sentence for people.
        used: input and output tokens; None where nobody counted, then what was reserved stands for the input.
    """

    state: str
    text: Rendered | None = None
    html: str | None = None
    fault: str = ""
    problem: str = ""
    retry_at: datetime | None = None
    used: tuple[int, int] | None = (0, 0)
    estimated: bool = False
    rounds: int = 0
    first_text_at: datetime | None = None
    sources: list[dict[str, Any]] = field(default_factory=list)
    wrote: list[int] = field(default_factory=list)


@transaction.atomic
def end_run(*, run_id: UUID, holder: str, ending: Ending) -> bool:
    """Ends a run that `holder` executes ("" for one that waits); False when it has ended already, or is another's.

    Args:
        run_id: which.
        holder: whoever ends it has it.
        ending: why and with what.
    """
    state = Run.State.STREAMING if holder else Run.State.WAITING
    mine = Run.objects.filter(pk=run_id, state=state, holder=holder)
    if not mine.update(state=ending.state, ended_at=timezone.now(), held_until=None, slot=None):
        return False
    run = Run.objects.get(pk=run_id)
    text = ending.text or markdown.render(run.text)
    run.text = text.source
    run.html = ending.html if ending.html is not None else markdown.place_mentions(text, {}, everyone=False)
    run.rendered = units(run.text)
    run.fault, run.problem, run.retry_at = ending.fault, ending.problem, ending.retry_at
    run.first_text_at = ending.first_text_at or run.first_text_at
    run.rounds, run.estimated = ending.rounds or run.rounds, ending.estimated
    run.sources, run.wrote = ending.sources or run.sources, ending.wrote or run.wrote
    run.input_tokens, run.output_tokens = _used(run, ending)
    used = {"input_tokens": run.input_tokens, "output_tokens": run.output_tokens}
    run.cost_micros = usage.cost_of(model=run.model, **used)
    run.save()
    _tell(run, text)
    settle(run=run, tokens=run.input_tokens + run.output_tokens, micros=run.cost_micros)
    transaction.on_commit(lambda: _count(run), robust=True)
    return True


def _count(run: Run) -> None:
    metrics.ended(
        kind=run.kind,
        state=run.state,
        fault=run.fault,
        read=run.input_tokens,
        written=run.output_tokens,
        micros=run.cost_micros,
        moments=(run.created_at, run.started_at, run.first_text_at, run.ended_at or timezone.now()),
    )
    rates.happened("answers", room=run.room_id)
    rates.happened("tokens", room=run.room_id, amount=run.input_tokens + run.output_tokens)


def _used(run: Run, ending: Ending) -> tuple[int, int]:
    if ending.used is not None:
        return ending.used
    return run.input_tokens, run.output_tokens


def _tell(run: Run, text: Rendered) -> None:
    if run.kind == Run.Kind.SUMMARY:
        if run.asker_id is not None:
            told = SummaryChanged(run=run.pk, room=run.room_id, state=run.state, html=run.html, problem=run.problem)
            log.append(topic=f"user:{run.asker_id}", event=told)
        return
    try:
        if run.message_id is not None:
            rooms.change_answer(message_id=run.message_id, run=view_of(run), text=text)
    except Refused:
        # The answer was deleted meanwhile: there is nobody to tell, and nothing of it is kept.
        if run.message_id is not None:
            forget_answers(ids=[run.message_id])


def waiting_after(*, run_id: UUID) -> list[UUID]:
    """Runs of the same lane that wait behind a run, in their order: each has moved up when that one began or ended."""
    waiting = Run.objects.filter(lane__in=Run.objects.filter(pk=run_id).values("lane"), state=Run.State.WAITING)
    return list(waiting.filter(pk__gt=run_id).order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def move_up(*, run_id: UUID) -> None:
    """Tells the room the place of a run that waits; nothing when it waits no more."""
    run = Run.objects.select_for_update().filter(pk=run_id, state=Run.State.WAITING).first()
    if run is None or run.message_id is None:
        return
    try:
        nothing = Rendered("", "", ())
        rooms.change_answer(message_id=run.message_id, run=view_of(run, place=place_of(run)), text=nothing)
    except Refused:
        end_run(run_id=run.pk, holder="", ending=Ending(state=Run.State.STOPPED))
