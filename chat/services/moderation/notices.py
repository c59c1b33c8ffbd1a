"""Tells the moderators of a room how many reported messages wait.

Called by the other services of moderation. Stores nothing: whoever was not there reads the number when they come.
"""

from __future__ import annotations

from functools import partial

from django.db import transaction

from chat.events import ReportsChanged
from chat.selectors.moderation import moderators_of, open_cases
from realtime.hub import hub


def tell_moderators(room_id: int) -> None:
    """After the commit the pages of a room's moderators show how many messages wait."""
    for user_id in moderators_of(room_id):
        event = ReportsChanged(room=room_id, open=open_cases(room_id, without=user_id))
        tell = partial(hub.publish_ephemeral, topic=f"user:{user_id}", event=event, key=str(room_id))
        transaction.on_commit(tell, robust=True)
