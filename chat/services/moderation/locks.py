"""Closes a room for writing in the middle of trouble.

Called by chat.services.moderation.reports. Opening it again is a setting of the room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from accounts import services as accounts
from chat.events import RoomUpdated, SeqResult
from chat.models import Room
from chat.selectors.moderation import find_bench
from chat.selectors.views import room_topic, room_view
from chat.services.turn import Turn, Unchanged, seq_or_nothing, shown_name
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User


@seq_or_nothing
def lock_room(*, actor: User, room_id: int, reason: str) -> SeqResult:
    """Makes a room read-only: moderators and owners go on writing. One that is read-only stays so (seq 0).

    Raises:
        Refused: not_found, forbidden.
    """
    seq = log.reserve(room_topic(room_id))
    bench = find_bench(actor=actor, room_id=room_id)
    turn = Turn(actor, bench.place, seq, timezone.now())
    room = turn.place.room
    if turn.place.standing.fixed:
        raise Refused("forbidden", "A direct conversation cannot be made read-only.")
    if room.read_only:
        raise Unchanged
    room.read_only = True
    Room.objects.filter(pk=room.pk).update(read_only=True)
    accounts.record_audit(actor=actor, action="room.lock", target=f"room:{room_id}", reason=reason)
    who = "A moderator of the site" if bench.staff else shown_name(actor)
    return turn.append(RoomUpdated(room=room_view(room), message=turn.say(f"{who} made the room read-only")))
