"""Which messages are questions to the assistant, and what becomes of those that are refused.

Called by the listener and the keeper. Never asks twice: the message's id is the id of the wish.
"""

from __future__ import annotations

from contextlib import suppress
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
from assistant.services.spending import REFUSED_LANE
from chat import selectors as chat
from chat import services as rooms
from chat.shapes import MessageView
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

ASSISTANT: Final = "assistant"
ASKING_KINDS: Final = frozenset({"user", BRIDGE})
"""Kinds of messages that may be questions: what an assistant says never is, so that no two talk for ever."""
MISSED: Final = timedelta(minutes=10)
"""A question that a crash left without its answer is asked again only so long: later nobody waits for it."""
TOLD_LANE: Final = f"{REFUSED_LANE}told:"
"""Where those stand of whose refusal a joined channel was told."""
TOLD_AGAIN: Final = timedelta(minutes=10)
"""Somebody of a joined channel is told in a room once in so long why nobody answers."""
NOT_HERE: Final = (
    "In this room the assistant answers nobody of a joined channel. Whoever looks after the room can let it do so."
)
UNAVAILABLE: Final = "The assistant cannot answer in this room now."
"""What is missing on this site is not for people of another one to know."""


def is_called(*, message: MessageView) -> bool:
    """Whether a message speaks to an assistant: by its name, or in somebody's own session with it."""
    if message.mentions and Agent.objects.filter(pk__in=message.mentions).exists():
        return True
    return chat.is_with(room_id=message.room, kind=ASSISTANT)


def ask(*, asker: User, message: MessageView) -> RunResult | None:
    """Asks what the message asks; None for what another assistant says.

    Raises:
        Refused: as start_run, `forbidden` where somebody of a joined channel may not ask; the refusal is kept, so that
            the question is not asked again.
    """
    if asker.kind == ASSISTANT:
        return None
    try:
        if message.kind == BRIDGE and not agent_for(room_id=message.room).answers_bridged:
            raise Refused("forbidden", NOT_HERE)
        return start_run(
            asker=asker, room_id=message.room, question_id=message.id, thread_root=message.thread_root, cid=message.id
        )
    except Refused as refused:
        _note_refusal(asker, message, refused)
        raise


def _note_refusal(asker: User, message: MessageView, refused: Refused) -> None:
    told = message.kind == BRIDGE and not _was_told(asker, message.room)
    try:
        with transaction.atomic():
            run = Run.objects.create(
                asker=asker,
                room_id=message.room,
                question_id=message.id,
                cid=message.id,
                lane=f"{TOLD_LANE if told else REFUSED_LANE}{message.id}",
                state=Run.State.FAILED,
                fault=refused.code,
                problem=refused.message[:300],
                day=usage.today(),
                ended_at=timezone.now(),
            )
    except IntegrityError:
        return  # it was asked or refused before: the row that is there says what became of it
    if told:
        _tell_there(run, asker, message, refused)


def _was_told(asker: User, room_id: int) -> bool:
    lately = Run.objects.filter(asker=asker, room_id=room_id, created_at__gt=timezone.now() - TOLD_AGAIN)
    return lately.filter(lane__startswith=TOLD_LANE).exists()


def _tell_there(run: Run, asker: User, message: MessageView, refused: Refused) -> None:
    """Whoever asks from a joined channel hears of nothing but what is said in the room."""
    words = UNAVAILABLE if refused.code == "assistant_unavailable" else refused.message
    author = accounts.find_person(agent_for(room_id=message.room).user_id)
    thread = message.thread_root or message.id
    with suppress(Refused):  # the room takes nothing any more
        rooms.say_instead(author=author, asker=asker, room_id=message.room, cid=run.pk, body=words, thread=thread)


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
