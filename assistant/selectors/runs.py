"""Runs as rooms and pages see them: how far an answer is, its text so far, and what was answered before.

Called by assistant.services, which tell rooms of it, and by the views. Never writes, and asks chat who may read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from msgspec import convert

from assistant.models import Run
from assistant.selectors.askers import BRIDGE, asker_of
from assistant.shapes import RunTextView
from chat import selectors as chat
from chat.shapes import RunView, SourceView
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

OPEN: Final = (Run.State.WAITING, Run.State.STREAMING)
"""States of a run that is not over."""


def units(text: str) -> int:
    """The length of a text in UTF-16 units, in which pages count."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def view_of(run: Run, *, place: int = 0) -> RunView:
    """How far a run is, for the room."""
    stopped = run.state == Run.State.STOPPED
    return RunView(
        id=run.pk,
        state=run.state,
        asker=run.asker_id,
        place=place,
        answers=run.answer_no,
        problem=run.problem,
        stopped_by=run.stop_wanted_by_id if stopped else None,
        retry_at=run.retry_at,
        model=run.model,
        demo=run.demo,
        sources=[convert(source, SourceView) for source in run.sources],
        wrote=list(run.wrote),
    )


def place_of(run: Run) -> int:
    """How many of its lane come before it, or 1 where only the site's limit keeps it waiting; 0 begins at once."""
    before = Run.objects.filter(lane=run.lane, state__in=OPEN, pk__lt=run.pk).count()
    return before or int(Run.objects.filter(state=Run.State.STREAMING).count() >= settings.ASSISTANT_RUNS_MOST)


def text_view(run: Run) -> RunTextView:
    """The text of a run so far."""
    return RunTextView(
        run=run.pk,
        message=run.message_id,
        state=run.state,
        answer_no=run.answer_no,
        offset=units(run.text),
        rendered=run.rendered,
        text=run.text,
        html=run.html,
        problem=run.problem,
    )


def may_go_on(*, run_id: UUID) -> bool:
    """Whether whoever asked may still write where the answer stands."""
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        return False
    try:
        asker, rights = asker_of(run)
    except Refused:
        return False
    return rights.may_write or run.kind == Run.Kind.SUMMARY or asker.kind == BRIDGE


def find_run(*, actor: User, run_id: UUID) -> Run:
    """A run that the person may read: of a message of a room that they see, or their own without one.

    Raises:
        Refused: `not_found`; `gone` for an answer that was deleted.
    """
    run = Run.objects.filter(pk=run_id).first()
    if run is None or (run.message_id is None and run.asker_id != actor.pk):
        raise Refused("not_found")
    chat.rights_in(actor=actor, room_id=run.room_id)
    is_answer = run.kind == Run.Kind.ANSWER
    if is_answer and (run.message_id is None or chat.is_deleted(message_id=run.message_id)):
        raise Refused("gone", "This answer was deleted.")
    return run


def run_view(*, actor: User, run_id: UUID) -> RunTextView:
    """The text of a run so far, at most half a second old while it is written.

    Raises:
        Refused: `not_found`; `gone` for an answer that was deleted.
    """
    return text_view(find_run(actor=actor, run_id=run_id))


def answers(*, actor: User, message_id: UUID) -> list[RunTextView]:
    """All texts that stood in an answer's place, newest first; empty when it was deleted.

    Raises:
        Refused: `not_found`.
    """
    room_id, _ = chat.message_place(actor=actor, message_id=message_id)
    if chat.is_deleted(message_id=message_id):
        return []
    return [text_view(run) for run in Run.objects.filter(message_id=message_id, room_id=room_id).order_by("-answer_no")]
