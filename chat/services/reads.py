"""How far somebody has read. Called by the consumer; moves back only through chat.services.attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat.events import ReadChanged, SeqResult
from chat.models import Membership
from chat.selectors.counts import counts_of
from chat.selectors.views import room_topic
from chat.services.turn import Unchanged, seq_or_nothing
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User


@seq_or_nothing
def set_read(*, actor: User, room_id: int, seq: int) -> SeqResult:
    """Marks a room read up to `seq`, or to its head when that is less; tells the person's other tabs.

    Returns:
        The seq of the event on the person's own topic; 0 when that much was read already.

    Raises:
        Refused: `not_found` for somebody who is no member; `invalid` for a negative seq.
    """
    if seq < 0:
        raise Refused("invalid", "A seq is not negative.", field="seq")
    own, topic = f"user:{actor.pk}", room_topic(room_id)
    taken = log.reserve(own)
    head = log.heads([topic])[topic][0]
    read = min(seq, head)
    mine = Membership.objects.filter(room_id=room_id, user_id=actor.pk)
    if not mine.filter(last_read_seq__lt=read).update(last_read_seq=read):
        if not mine.exists():
            raise Refused("not_found")
        raise Unchanged
    return tell_read(actor=actor, room_id=room_id, seq=taken)


def tell_read(*, actor: User, room_id: int, seq: int) -> SeqResult:
    """Tells the person's tabs how far they have read a room, at a reserved seq of their own topic."""
    topic = room_topic(room_id)
    counts = counts_of(actor.pk, room_id=room_id)[0]
    event = ReadChanged(
        room=room_id,
        head_seq=log.heads([topic])[topic][0],
        last_read_seq=counts.last_read_seq,
        unread=counts.unread,
        mentions=counts.mentions,
    )
    return SeqResult(seq=log.append(topic=actor.topic, seq=seq, event=event, actor_id=actor.pk))
