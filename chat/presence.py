"""Tells rooms who came, fell idle or went.

Called by realtime.presence through PRESENCE_HOOK, and when somebody joins a room. Stores nothing.
"""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction

from chat.events import PresenceChanged
from chat.models import Membership
from realtime import presence
from realtime.hub import hub

# As text: it is asked once for everybody who comes, and after a restart everybody comes at once.
_ROOMS: Final = f"SELECT room_id FROM {Membership._meta.db_table} WHERE user_id = %s"


def announce(*, user_id: int, state: str) -> None:
    """Publishes the person's state to each of their rooms, where only members listen."""
    event = PresenceChanged(user=user_id, state=state)
    with connection.cursor() as cursor:
        cursor.execute(_ROOMS, [user_id])
        rooms = cursor.fetchall()
    for (room_id,) in rooms:
        hub.publish_ephemeral(topic=f"room:{room_id}", event=event, key=str(user_id))


def announce_newcomer(*, user_id: int, room_id: int) -> None:
    """Tells a room, once the transaction has committed, that somebody who has just joined is here, if they are.

    The durable event cannot say it: it is replayed long after.
    """
    state = presence.states([user_id]).get(user_id)
    if state is not None:
        event = PresenceChanged(user=user_id, state=state)
        transaction.on_commit(
            lambda: hub.publish_ephemeral(topic=f"room:{room_id}", event=event, key=str(user_id)), robust=True
        )
