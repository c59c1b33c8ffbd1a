"""How every change of a room begins: the room's turn is taken, then rights are read again, under its lock.

Called by the other services. Who holds a turn appends exactly one event to the room, or raises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

from django.db import transaction
from django.utils import timezone

from accounts import selectors as accounts
from chat import markdown, permissions
from chat.events import RoomAdded, RoomRemoved, SeqResult
from chat.models import Message
from chat.selectors.home import summary_of
from chat.selectors.standing import Place, find_place, muted_until, refusal_of_muted
from chat.selectors.views import message_view, room_topic
from chat.shapes import MessageView
from realtime import log
from realtime.protocol import Effect, Event, Refused

if TYPE_CHECKING:
    from accounts.models import User

P = ParamSpec("P")


class Unchanged(Exception):
    """There is nothing to do; raised inside a transaction, it gives the room's turn back."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to append one event to a room: its seq is taken and its topic locked until the transaction ends."""

    actor: User
    place: Place
    seq: int
    now: datetime

    @property
    def room_id(self) -> int:
        """The room."""
        return self.place.room.pk

    def append(self, event: Event, effect: Effect | None = None) -> SeqResult:
        """Writes the one event of this turn."""
        topic = room_topic(self.room_id)
        log.append(topic=topic, seq=self.seq, event=event, actor_id=self.actor.pk, effect=effect, at=self.now)
        return SeqResult(seq=self.seq)

    def say(self, text: str) -> MessageView:
        """Writes the system line that the event carries; it has no author, the text names who did it."""
        message = Message.objects.create(
            room=self.place.room,
            seq=self.seq,
            kind=Message.Kind.SYSTEM,
            body=text,
            html=markdown.plain_html(text),
            html_version=markdown.HTML_VERSION,
            created_at=self.now,
        )
        return message_view(message)


def take_turn(*, actor: User, room_id: int, invited: bool = False, at: datetime | None = None) -> Turn:
    """Locks the room and reads what the person is in it.

    Args:
        actor: whose turn it is.
        room_id: which room.
        invited: they hold a link, so the room may be seen.
        at: when it happened; None is now.

    Raises:
        Refused: `not_found`.
    """
    seq = log.reserve(room_topic(room_id))
    return Turn(actor, find_place(actor=actor, room_id=room_id, invited=invited), seq, at or timezone.now())


def seq_or_nothing(service: Callable[P, SeqResult]) -> Callable[P, SeqResult]:
    """Makes a service atomic and answers seq 0 when it raised Unchanged."""

    @wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> SeqResult:
        try:
            with transaction.atomic():
                return service(*args, **kwargs)
        except Unchanged:
            return SeqResult(seq=0)

    return run


def refuse_silent(turn: Turn) -> None:
    """Who may not write at all, now, does not write.

    Raises:
        Refused: not_member, read_only, muted.
    """
    standing = turn.place.standing
    if turn.place.membership is None:
        raise Refused("not_member")
    if not permissions.can_post(standing):
        raise Refused("read_only", "This room is archived." if standing.archived else "")
    refuse_muted(turn)


def refuse_muted(turn: Turn) -> None:
    """Somebody muted does not write.

    Raises:
        Refused: `muted`, with the seconds left unless it holds until it is lifted.
    """
    until = muted_until(turn.place, now=turn.now)
    if until is not None:
        raise refusal_of_muted(until, now=turn.now)


def shown_name(user: User) -> str:
    """The name in system lines."""
    return accounts.person_view(user).display_name


def add_to_list(*, actor: User, user_id: int, room_id: int, at: datetime) -> None:
    """Tells a new member's tabs of the room; call it last, with several people in ascending order."""
    event = RoomAdded(summary=summary_of(user_id=user_id, room_id=room_id))
    log.append(topic=f"user:{user_id}", event=event, actor_id=actor.pk, at=at)


def take_off_list(
    *, actor: User, user_id: int, room_id: int, why: str, reason: str = "", until: datetime | None = None
) -> None:
    """Tells a former member's tabs that the room is gone; why is left, removed, kicked or banned."""
    event = RoomRemoved(room=room_id, why=why, reason=reason, until=until)
    log.append(topic=f"user:{user_id}", event=event, actor_id=actor.pk)
