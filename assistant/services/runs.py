"""What people want of runs: to ask, to ask again, to stop. Each is one transaction, and what the room sees of it.

Called by the listener, the consumer and the admin. Never executes anything: assistant.runner does, when it is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import selectors as accounts
from assistant import quotas
from assistant.events import RunResult, SummaryChanged
from assistant.models import Run
from assistant.selectors import usage
from assistant.selectors.agents import AgentInForce
from assistant.selectors.catchup import summary_at_hand
from assistant.selectors.runs import OPEN, place_of, view_of
from assistant.services.agents import agent_for
from assistant.services.endings import Ending, end_run
from assistant.services.spending import refuse_hasty, reserve
from chat import selectors as chat
from chat import services as rooms
from chat.markdown import Rendered
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

WAITING_MOST: Final = 20
"""Questions that wait in one lane: whoever comes later is told so instead of waiting for an hour."""
NOTHING: Final = Rendered("", "", ())


def start_run(
    *,
    asker: User,
    room_id: int,
    question_id: UUID | None,
    thread_root: UUID | None,
    kind: str = Run.Kind.ANSWER,
    cid: UUID,
    since_seq: int = 0,
) -> RunResult:
    """Asks the assistant; what it will answer stands in the room at once, empty. The same cid again asks nothing.

    Args:
        asker: whose rights and limits hold.
        room_id: where.
        question_id: the message that is answered.
        thread_root: the root of the thread in which the answer stands.
        kind: `answer`, or `summary` for something that the asker alone will read.
        cid: the asker's lasting id of the wish.
        since_seq: a summary is of what came after it.

    Raises:
        Refused: assistant_unavailable, assistant_busy, assistant_quota; not_found, not_member, read_only, muted.
    """
    try:
        return _start(asker, room_id, question_id, thread_root, kind, cid, since_seq)
    except (IntegrityError, Refused):
        first = Run.objects.filter(asker=asker, cid=cid).first()
        if first is None or (first.message_id is None and first.kind == Run.Kind.ANSWER):
            raise
        return RunResult(run=first.pk, state=first.state, duplicate=True)


@transaction.atomic
def _start(
    asker: User, room_id: int, question: UUID | None, root: UUID | None, kind: str, cid: UUID, since_seq: int
) -> RunResult:
    if Run.objects.filter(asker=asker, cid=cid).exists():
        raise Refused("conflict")
    agent = _ready_agent(room_id)
    summary = kind == Run.Kind.SUMMARY
    lane = f"user:{asker.pk}:summary" if summary else f"room:{room_id}" + (f":{root}" if root else "")
    run = Run(
        kind=kind,
        asker=asker,
        room_id=room_id,
        question_id=question,
        lane=lane,
        thread_root=root,
        since_seq=since_seq,
        cid=cid,
    )
    _put_in_line(run, agent)
    if summary:
        if not chat.rights_in(actor=asker, room_id=room_id).is_member:
            raise Refused("not_member")
    else:
        author = accounts.find_person(agent.user_id)
        session = chat.companion_in(room_id=room_id, of=[agent.user_id]) is not None
        answer = rooms.begin_answer(
            author=author,
            asker=asker,
            room_id=room_id,
            run=view_of(run, place=place_of(run)),
            thread=root,
            reply_to=None if session else question,
        )
        run.message_id = answer.id
        run.save(update_fields=["message"])
    _reserve_first(run, agent)
    return RunResult(run=run.pk, state=run.state)


def _ready_agent(room_id: int) -> AgentInForce:
    agent = agent_for(room_id=room_id)
    if not agent.enabled or not agent.ready:
        raise Refused("assistant_unavailable", agent.problem)
    return agent


def _put_in_line(run: Run, agent: AgentInForce) -> None:
    if Run.objects.filter(lane=run.lane, state=Run.State.WAITING).count() >= WAITING_MOST:
        raise Refused("assistant_busy", f"{WAITING_MOST} questions wait here already. Ask again in a moment.")
    if run.asker_id is not None:
        refuse_hasty(asker_id=run.asker_id)
    run.agent_id, run.model, run.demo, run.day = agent.agent_id, agent.model, agent.demo, usage.today()
    run.save(force_insert=True)


def _reserve_first(run: Run, agent: AgentInForce) -> None:
    """What the first request may take at most; each further round reserves for itself."""
    tools = 0 if agent.demo or run.kind == Run.Kind.SUMMARY else quotas.TOOLS_TOKENS
    most = {"input_tokens": settings.ASSISTANT_CONTEXT_TOKENS + tools, "output_tokens": agent.answer_tokens}
    reserve(run=run, tokens=sum(most.values()), micros=usage.cost_of(model=run.model, **most))


def repeat_run(*, actor: User, room_id: int, message_id: UUID, cid: UUID) -> RunResult:
    """Asks again what a message answers, with what the room knows by now; what it said before can still be read.

    While it is being answered already, that run is the answer.

    Raises:
        Refused: assistant_unavailable, assistant_busy, assistant_quota; not_found, not_member, read_only, muted; `gone`
            for a deleted answer.
    """
    try:
        return _repeat(actor, room_id, message_id, cid)
    except IntegrityError:  # somebody else pressed at the same moment
        return _repeat(actor, room_id, message_id, cid)


@transaction.atomic
def _repeat(actor: User, room_id: int, message_id: UUID, cid: UUID) -> RunResult:
    rights = chat.rights_in(actor=actor, room_id=room_id)
    if refused := chat.refuse_to_write(actor=actor, room_id=room_id, rights=rights):
        raise refused
    runs = Run.objects.filter(message_id=message_id, room_id=room_id)
    last = runs.order_by("-answer_no").first()
    if last is None:
        raise Refused("not_found")
    if last.state in OPEN or runs.filter(asker=actor, cid=cid).exists():
        return RunResult(run=last.pk, state=last.state, duplicate=True)
    agent = _ready_agent(room_id)
    run = Run(
        asker=actor,
        room_id=room_id,
        message_id=message_id,
        question_id=last.question_id,
        answer_no=last.answer_no + 1,
        lane=last.lane,
        thread_root=last.thread_root,
        cid=cid,
    )
    _put_in_line(run, agent)
    rooms.change_answer(message_id=message_id, run=view_of(run, place=place_of(run)), text=NOTHING)
    _reserve_first(run, agent)
    return RunResult(run=run.pk, state=run.state)


@transaction.atomic
def stop_run(*, actor: User, room_id: int, run_id: UUID) -> RunResult:
    """Stops a run: one that waits ends now, one that is written within a second, with what it has. Harmless twice.

    Raises:
        Refused: not_found, not_member, read_only, muted.
    """
    rights = chat.rights_in(actor=actor, room_id=room_id)
    run = Run.objects.select_for_update().filter(pk=run_id, room_id=room_id).first()
    if run is None or (run.kind == Run.Kind.SUMMARY and run.asker_id != actor.pk):
        raise Refused("not_found")
    if run.asker_id != actor.pk and (refused := chat.refuse_to_write(actor=actor, room_id=room_id, rights=rights)):
        raise refused
    return halt_run(run=run, by=actor)


@transaction.atomic
def halt_run(*, run: Run, by: User) -> RunResult:
    """As stop_run, for whoever may: a member of staff, or stop_run itself."""
    wanted = Run.objects.filter(pk=run.pk, state__in=OPEN, stop_wanted_at=None)
    wanted.update(stop_wanted_by=by, stop_wanted_at=timezone.now())
    if end_run(run_id=run.pk, holder="", ending=Ending(state=Run.State.STOPPED)):
        return RunResult(run=run.pk, state=Run.State.STOPPED)
    return RunResult(run=run.pk, state=run.state)


@transaction.atomic
def ask_summary(*, actor: User, room_id: int, cid: UUID, since_seq: int) -> RunResult:
    """Summarises for one person what came after `since_seq` of a room; what they have of it already is the answer.

    Raises:
        Refused: assistant_unavailable, assistant_busy, assistant_quota, rate_limited, not_found, not_member.
    """
    chat.rights_in(actor=actor, room_id=room_id)
    known = summary_at_hand(actor=actor, room_id=room_id, since=since_seq)
    if known is not None:
        if known.state == Run.State.DONE:  # told again, for the page that asks
            told = SummaryChanged(run=known.pk, room=room_id, state=known.state, html=known.html)
            log.append(topic=actor.topic, event=told)
        return RunResult(run=known.pk, state=known.state, duplicate=True)
    return start_run(
        asker=actor,
        room_id=room_id,
        question_id=None,
        thread_root=None,
        kind=Run.Kind.SUMMARY,
        cid=cid,
        since_seq=since_seq,
    )
