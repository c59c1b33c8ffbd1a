"""Hears of each message that was posted, and counts it for its room.

Named in MESSAGE_POSTED_HOOKS, called by chat.hooks after the commit. Never touches the database.
"""

from __future__ import annotations

from chat.shapes import MessageView
from realtime import metrics


def count_message(*, message: MessageView) -> None:
    """Counts what somebody said; what the site itself tells in a room is nobody's message."""
    if message.kind != "system":
        metrics.happened("messages", room=message.room)
