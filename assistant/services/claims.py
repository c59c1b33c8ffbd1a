"""Who executes which run: claimed by one process, held by a heartbeat, written down twice a second, found when lost.

Called by the runner and the keeper. Never talks to a provider. The clock is the database's: those of machines differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from assistant.models import Run, Step
from assistant.pieces import estimate_tokens
from assistant.selectors.runs import OPEN, view_of
from assistant.services.endings import INTERRUPTED, Ending, end_run
from chat import services as rooms
from chat.markdown import Rendered
from realtime.protocol import Refused

HELD: Final = timedelta(seconds=15)
"""A run of which its process says nothing for so long has lost it."""
TRIES: Final = 5
SWEPT_AT_ONCE: Final = 50
TITLE_CHARS: Final = 200
DETAIL_CHARS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Written:
    """What a run has written, to be kept.

    Attributes:
        text: all of it; None when nothing is new.
        html: of its closed blocks; rendered: where they end in it, in UTF-16 units.
        input_tokens: what was sent so far, as far as it was counted.
    """

    run: UUID
    message: UUID | None
    text: str | None = None
    html: str = ""
    rendered: int = 0
    input_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """What became of a run meanwhile.

    Attributes:
        stop: somebody wants it to stop.
        gone: its answer was deleted.
    """

    stop: bool = False
    gone: bool = False


def claim_next(*, holder: str) -> Run | None:
    """Takes the run that has waited longest and may begin: first of its lane, and a place for it is free.

    Args:
        holder: the process that will execute it.
    """
    for _ in range(TRIES):
        try:
            run, found = _claim(holder)
        except IntegrityError:  # another process took the place or the lane at the same moment
            continue
        if run is not None or not found:
            return run
    return None


@transaction.atomic
def _claim(holder: str) -> tuple[Run | None, bool]:
    taken = set(Run.objects.filter(state=Run.State.STREAMING).values_list("slot", flat=True))
    slot = next((number for number in range(1, settings.ASSISTANT_RUNS_MOST + 1) if number not in taken), None)
    if slot is None or len(taken) >= settings.ASSISTANT_RUNS_MOST:
        return None, False
    before = Run.objects.filter(lane=OuterRef("lane"), state__in=OPEN, pk__lt=OuterRef("pk"))
    first = (
        Run.objects.filter(~Exists(before), state=Run.State.WAITING).order_by("pk").values_list("pk", flat=True).first()
    )
    if first is None:
        return None, False
    values: dict[str, Any] = {"state": Run.State.STREAMING, "holder": holder, "slot": slot, "started_at": Now()}
    if not Run.objects.filter(pk=first, state=Run.State.WAITING).update(held_until=Now() + HELD, **values):
        return None, True
    run = Run.objects.select_related("asker").get(pk=first)
    if run.message_id is not None:
        try:
            rooms.change_answer(message_id=run.message_id, run=view_of(run), text=Rendered("", "", ()))
        except Refused:  # deleted while it waited
            end_run(run_id=run.pk, holder=holder, ending=Ending(state=Run.State.STOPPED))
            return None, True
    return run, True


def _next_in_line() -> QuerySet[Run]:
    """Runs that wait for nothing of their own lane, the one that has waited longest first."""
    before = Run.objects.filter(lane=OuterRef("lane"), state__in=OPEN, pk__lt=OuterRef("pk"))
    return Run.objects.filter(~Exists(before), state=Run.State.WAITING).order_by("pk")


def can_claim() -> bool:
    """Whether a run waits that some process should have begun."""
    if not _next_in_line().exists():
        return False
    return Run.objects.filter(state=Run.State.STREAMING).count() < settings.ASSISTANT_RUNS_MOST


@transaction.atomic
def keep_alive(*, holder: str, written: Sequence[Written]) -> dict[UUID, Order]:
    """Says that a process lives, keeps what its runs have written, and tells what became of them.

    Args:
        holder: the process.
        written: what each of its runs has written.

    Returns:
        Orders by run; a run that is missing belongs to this process no more.
    """
    ids = [one.run for one in written]
    mine = Run.objects.filter(pk__in=ids, holder=holder, state=Run.State.STREAMING)
    mine.update(held_until=Now() + HELD)
    orders = {run: Order(stop=wanted is not None) for run, wanted in mine.values_list("pk", "stop_wanted_at")}
    for one in written:
        if one.text is not None and one.run in orders and not flush_text(one):
            orders[one.run] = Order(gone=True)
    return orders


def flush_text(one: Written) -> bool:
    """Keeps the text so far, for whoever comes in now; False when the answer was deleted."""
    text = one.text or ""
    Run.objects.filter(pk=one.run).update(
        text=text,
        html=one.html,
        rendered=one.rendered,
        input_tokens=one.input_tokens,
        output_tokens=estimate_tokens(text),
        estimated=True,
    )
    return one.message is None or rooms.write_down(message_id=one.message, text=Rendered(text, one.html, ()))


@transaction.atomic
def hand_back(*, run_id: UUID, holder: str) -> bool:
    """Lets a run wait again for another process, because this one ends; False for one that is over."""
    mine = Run.objects.filter(pk=run_id, holder=holder, state=Run.State.STREAMING)
    if not mine.update(state=Run.State.WAITING, holder="", held_until=None, slot=None, started_at=None):
        return False
    run = Run.objects.get(pk=run_id)
    if run.message_id is not None:
        try:
            rooms.change_answer(message_id=run.message_id, run=view_of(run), text=Rendered("", "", ()))
        except Refused:
            end_run(run_id=run_id, holder="", ending=Ending(state=Run.State.STOPPED))
    return True


@transaction.atomic
def add_steps(*, run_id: UUID, steps: Sequence[Step]) -> None:
    """Adds lines to a run's log, in their order; each is cut to what a log may hold."""
    for step in steps:
        step.run_id = run_id
        step.title, step.detail = step.title[:TITLE_CHARS], step.detail[:DETAIL_CHARS]
    Step.objects.bulk_create(steps)


def lost_runs() -> list[tuple[UUID, str]]:
    """Runs whose process says nothing any more: (run, holder)."""
    lost = Run.objects.filter(state=Run.State.STREAMING, held_until__lte=Now())
    return list(lost.order_by("held_until").values_list("pk", "holder")[:SWEPT_AT_ONCE])


def sweep_run(*, run_id: UUID, holder: str) -> bool:
    """Ends a run that its process lost, with the text that was written down last; False when it lives after all."""
    with transaction.atomic():
        if not Run.objects.select_for_update().filter(pk=run_id, holder=holder, held_until__lte=Now()).exists():
            return False
        ending = Ending(
            state=Run.State.INTERRUPTED, fault="interrupted", problem=INTERRUPTED, used=None, estimated=True
        )
        return end_run(run_id=run_id, holder=holder, ending=ending)
