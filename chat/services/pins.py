"""Messages that a room keeps at hand. Called by the consumer and by imports.

A deleted message is unpinned by its deletion.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from chat import permissions
from chat.events import MessagePinned, MessageUnpinned, SeqResult
from chat.models import Message, Pin, Room
from chat.selectors.standing import find_message, membership_count
from chat.selectors.views import room_topic
from chat.services.turn import Turn, Unchanged, refuse_muted, seq_or_nothing, take_turn
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

PINS_MOST: Final = 100


@seq_or_nothing
def pin_message(*, actor: User, room_id: int, message_id: UUID, at: datetime | None = None) -> SeqResult:
    """Pins a message; seq 0 when it is pinned already. `at` is when it happened; None is now.

    Raises:
        Refused: not_found, not_member, muted, gone; `forbidden` for who may not pin here; `too_large` beyond 100 pins.
    """
    turn, message = _begin(actor, room_id, message_id, at)
    if message.deleted_at is not None or message.kind == Message.Kind.SYSTEM:
        raise Refused("gone", "There is nothing to pin any more.")
    if Pin.objects.filter(pk=message.pk).exists():
        raise Unchanged
    if Pin.objects.filter(room_id=room_id).count() >= PINS_MOST:
        raise Refused("too_large", f"A room has at most {PINS_MOST} pinned messages. Unpin one first.")
    Pin.objects.create(message=message, room_id=room_id, pinned_by_id=actor.pk, pinned_at=turn.now)
    return turn.append(MessagePinned(id=message.pk, by=actor.pk))


@seq_or_nothing
def unpin_message(*, actor: User, room_id: int, message_id: UUID) -> SeqResult:
    """Lets go of a pinned message; seq 0 when it is not pinned.

    Raises:
        Refused: not_found, not_member, muted, forbidden.
    """
    turn, message = _begin(actor, room_id, message_id)
    if not Pin.objects.filter(pk=message.pk).delete()[0]:
        raise Unchanged
    return turn.append(MessageUnpinned(id=message.pk))


def pin_imported(room: Room, messages: Sequence[Message]) -> None:
    """Pins what was pinned where it comes from, by nobody here, as far as there is room.

    Call it in the transaction of the import.
    """
    left = PINS_MOST - Pin.objects.filter(room=room).count() if messages else 0
    for message in messages[: max(0, left)]:
        Pin.objects.create(message=message, room=room, pinned_by=None, pinned_at=message.created_at)
        log.append(topic=room_topic(room.pk), event=MessagePinned(id=message.pk, by=None), at=message.created_at)


def _begin(actor: User, room_id: int, message_id: UUID, at: datetime | None = None) -> tuple[Turn, Message]:
    turn = take_turn(actor=actor, room_id=room_id, at=at)
    message = find_message(place=turn.place, message_id=message_id)
    if turn.place.membership is None:
        raise Refused("not_member")
    if not permissions.can_pin(turn.place.standing, membership_count(room_id)):
        raise Refused("forbidden", "In this room moderators pin messages.")
    refuse_muted(turn)
    return turn, message
