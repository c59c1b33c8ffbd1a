"""Hears of each message that was posted, counts it for its room, and lets an answer to an alert acknowledge it.

Named in MESSAGE_POSTED_HOOKS, called by chat.hooks after the commit. Asks the database about nothing but answers.
"""

from __future__ import annotations

import logging
from typing import Final

from chat.shapes import MessageView
from dashboard.services import alerts
from realtime import metrics
from realtime.protocol import Refused

logger = logging.getLogger(__name__)

ANSWERING_KINDS: Final = frozenset({"user", "bridge"})
"""Kinds of messages that people say, here or in a joined channel."""


def count_message(*, message: MessageView) -> None:
    """Counts what somebody said; what the site itself tells in a room is nobody's, or an alert could end itself."""
    if message.kind not in {"system", "alert"}:
        metrics.happened("messages", room=message.room)


def acknowledge_alert(*, message: MessageView) -> None:
    """Whoever answers an alert, by a quote or in its thread, has it."""
    answered = [pk for pk in (message.reply_to.id if message.reply_to else None, message.thread_root) if pk]
    if not answered or message.author is None or message.kind not in ANSWERING_KINDS:
        return
    try:
        alerts.acknowledge_by_reply(
            message_ids=answered, reply=message.id, actor_id=message.author, at=message.created_at
        )
    except Refused as refused:
        logger.info("The answer %s acknowledges nothing: %s", message.id, refused.code)
