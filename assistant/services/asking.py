"""Which messages are questions to the assistant, and what becomes of those that are refused.

Called by the listener and the keeper. Never asks twice: the message's id is the id of the wish.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import selectors as accounts
from assistant.events import RunResult
from assistant.models import Agent, Run
from assistant.selectors import usage
from assistant.selectors.askers import BRIDGE
from assistant.services.agents import agent_for
from assistant.services.runs import start_run
from chat import selectors as chat
from chat.shapes import MessageView
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

ASSISTANT: Final = "assistant"
ASKING_KINDS: Final = frozenset({"user", BRIDGE})
"""Kinds of messages that may be questions: what an assistant says never is, so that no two talk for ever."""
MISSED: Final = timedelta(minutes=10)
"""A question that a crash left without its answer is asked again only so long: later nobody waits for it."""


def is_called(*, message: MessageView) -> bool:
    """Whether a message speaks to an assistant: by its name, or in somebody's own session with it."""
    if message.mentions and Agent.objects.filter(pk__in=message.mentions).exists():
        return True
    return chat.is_with(room_id=message.room, kind=ASSISTANT)


def ask(*, asker: User, message: MessageView) -> RunResult | None:
    """Asks what the message asks; None where somebody of a bridged channel may not.

    Raises:
        Refused: as start_run; the refusal is kept, so that the question is not asked again.
    """
    if asker.kind == ASSISTANT:
        return None
    if message.kind == BRIDGE and not agent_for(room_id=message.room).answers_bridged:
        return None
    try:
        return start_run(
            asker=asker, room_id=message.room, question_id=message.id, thread_root=message.thread_root, cid=message.id
        )
    except Refused as refused:
        _note_refusal(asker, message, refused)
        raise


def _note_refusal(asker: User, message: MessageView, refused: Refused) -> None:
    try:
        with transaction.atomic():
            Run.objects.create(
                asker=asker,
                room_id=message.room,
                question_id=message.id,
                cid=message.id,
                lane=f"refused:{message.id}",
                state=Run.State.FAILED,
                fault=refused.code,
                problem=refused.message[:300],
                day=usage.today(),
                ended_at=timezone.now(),
            )
    except IntegrityError:
        pass  # it was asked or refused before: the row that is there says what became of it


def missed_questions() -> list[MessageView]:
    """What was said to an assistant lately and never reached it: the process ended between the message and its hook."""
    agents = list(Agent.objects.values_list("pk", flat=True))
    if not agents:
        return []
    said = chat.called_lately(users=agents, within=MISSED)
    known = set(Run.objects.filter(question__in=[one.id for one in said]).values_list("question", flat=True))
    left = [(one, one.author) for one in reversed(said) if one.id not in known and one.author is not None]
    people = accounts.people_views({author for _, author in left})
    return [one for one, author in left if author in people and people[author].kind != ASSISTANT]
