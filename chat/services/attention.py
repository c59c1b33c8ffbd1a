"""How much a person wants to hear of a room, and what they want to see as unread again.

Called by the consumer. Everything is told on the person's own topic; nobody else hears of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils import timezone
from msgspec import UNSET, UnsetType

from chat.events import NotifyChanged, SeqResult
from chat.models import Membership, Message, ThreadFollow
from chat.selectors.standing import find_message, find_place
from chat.services.follows import tell_thread
from chat.services.reads import tell_read
from chat.services.turn import Unchanged, seq_or_nothing
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User


@seq_or_nothing
def set_notify(
    *, actor: User, room_id: int, level: str | UnsetType = UNSET, quiet_until: datetime | UnsetType | None = UNSET
) -> SeqResult:
    """Changes how much of a room the person is told of; seq 0 when it is so already.

    Args:
        actor: whose wish it is.
        room_id: the room.
        level: all, mentions, nothing, or "" for the room's usual; UNSET leaves it.
        quiet_until: nothing is told until then; None ends the quiet, UNSET leaves it.

    Raises:
        Refused: `not_found` for somebody who is no member; `invalid`.
    """
    changed = _wanted(level, quiet_until)
    taken = log.reserve(actor.topic)
    mine = Membership.objects.filter(room_id=room_id, user_id=actor.pk).first()
    if mine is None:
        raise Refused("not_found")
    if all(getattr(mine, name) == value for name, value in changed.items()):
        raise Unchanged
    Membership.objects.filter(pk=mine.pk).update(**changed)
    mine.refresh_from_db(fields=["notify_level", "quiet_until"])
    event = NotifyChanged(room=room_id, notify=mine.notify_level, quiet_until=mine.quiet_until)
    return SeqResult(seq=log.append(topic=actor.topic, seq=taken, event=event, actor_id=actor.pk))


def _wanted(level: str | UnsetType, quiet_until: datetime | UnsetType | None) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if not isinstance(level, UnsetType):
        if level not in {"", *Membership.Notify.values}:
            raise Refused("invalid", "The level is all, mentions or nothing.", field="level")
        changed["notify_level"] = level
    if not isinstance(quiet_until, UnsetType):
        if quiet_until is not None and quiet_until.tzinfo is None:
            raise Refused("invalid", "The time needs its zone.", field="quiet_until")
        over = quiet_until is not None and quiet_until <= timezone.now()
        changed["quiet_until"] = None if over else quiet_until
    return changed


@seq_or_nothing
def mark_unread(*, actor: User, room_id: int, message_id: UUID) -> SeqResult:
    """Takes the person's read mark back to before a message; of a reply that stands in its thread only, the thread's.

    Returns:
        The seq of the event on the person's own topic; 0 when it is unread already.

    Raises:
        Refused: not_found, not_member.
    """
    taken = log.reserve(actor.topic)
    place = find_place(actor=actor, room_id=room_id)
    if place.membership is None:
        raise Refused("not_member")
    message = find_message(place=place, message_id=message_id)
    if message.thread_root_id is not None and not message.also_in_room:
        return _thread_unread(actor, message, taken)
    before = message.seq - 1
    mine = Membership.objects.filter(room_id=room_id, user_id=actor.pk, last_read_seq__gt=before)
    if not mine.update(last_read_seq=before):
        raise Unchanged
    return tell_read(actor=actor, room_id=room_id, seq=taken)


def _thread_unread(actor: User, message: Message, taken: int) -> SeqResult:
    root_id = message.thread_root_id
    before = message.seq - 1
    row, made = ThreadFollow.objects.get_or_create(
        user_id=actor.pk, root_id=root_id, defaults={"room_id": message.room_id, "last_read_seq": before}
    )
    if not made:
        if row.following and row.last_read_seq <= before:
            raise Unchanged
        read = min(row.last_read_seq, before)
        ThreadFollow.objects.filter(pk=row.pk).update(following=True, last_read_seq=read)
    return tell_thread(actor=actor, root_id=row.root_id, seq=taken)
