"""Why this answer: what a run was given, what it did, what went wrong and what it cost, for everybody who may read it.

Called by the view of the log. Never writes; what was taken back since is not shown, nor is anything of another room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from msgspec import convert

from assistant import redacting
from assistant.models import Run, Step
from assistant.selectors.runs import find_run, view_of
from assistant.shapes import RunLogView, StepView
from chat.selectors.withdrawn import standing_of_ids, withdrawn_numbers
from chat.shapes import SourceView
from editor import selectors as editor

if TYPE_CHECKING:
    from accounts.models import User

HIDDEN: Final = "This is about something that was deleted."


def run_log(*, actor: User, run_id: UUID) -> RunLogView:
    """The log of a run.

    Raises:
        Refused: `not_found`; `gone` for an answer that was deleted.
    """
    run = find_run(actor=actor, run_id=run_id)
    steps = list(Step.objects.filter(run=run).order_by("pk"))
    sources = [convert(source, SourceView) for source in run.sources]
    shown = _shown(actor, run, sources)
    closed = {source.label for source in sources} - {source.label for source in shown}
    return RunLogView(
        run=view_of(run),
        answer_no=run.answer_no,
        asked_at=run.created_at,
        started_at=run.started_at,
        first_text_at=run.first_text_at,
        ended_at=run.ended_at,
        rounds=run.rounds,
        input_tokens=run.input_tokens,
        output_tokens=run.output_tokens,
        estimated=run.estimated,
        cost_micros=run.cost_micros,
        currency=settings.ASSISTANT_CURRENCY,
        fault=run.fault,
        steps=_step_views(run, steps, closed),
        sources=shown,
        hidden_sources=len(sources) - len(shown),
    )


def _shown(actor: User, run: Run, sources: list[SourceView]) -> list[SourceView]:
    """Sources that still stand where the reader can see them."""
    messages = {source.url: redacting.message_of(source.url) for source in sources}
    documents = {source.url: redacting.document_of(source.url) for source in sources}
    standing = standing_of_ids(room_id=run.room_id, ids=[found for found in messages.values() if found])
    there: set[int] = set()
    if any(documents.values()):
        there = {one.id for one in editor.document_list(actor=actor, room_id=run.room_id).documents}
    return [
        source
        for source in sources
        if (messages[source.url] is None or messages[source.url] in standing)
        and (documents[source.url] is None or documents[source.url] in there)
    ]


def _step_views(run: Run, steps: list[Step], closed: set[str]) -> list[StepView]:
    quoted = redacting.quoted_in(step.detail for step in steps)
    withdrawn = withdrawn_numbers(room_id=run.room_id, seqs=quoted, since=run.started_at or run.created_at)
    return [
        StepView(
            kind=step.kind,
            title=step.title,
            detail=HIDDEN if step.title in closed else redacting.without(step.detail, withdrawn),
            refused=step.refused,
            ms=step.ms,
            at=step.at,
        )
        for step in steps
    ]
