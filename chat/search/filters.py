"""What both back ends ask in the same words, and how long they may take.

Used by chat.search.sqlite and chat.search.postgres.
"""

from __future__ import annotations

from typing import Final

from realtime.protocol import Refused

SECONDS_MOST: Final = 3.0

# The one place where it is decided whose messages are found: `e` is the entry, the value is the person's id.
MEMBER: Final = "e.room_id IN (SELECT m.room_id FROM chat_membership m WHERE m.user_id = %s)"
PINNED: Final = "e.message_id IN (SELECT p.message_id FROM chat_pin p)"
REACTED: Final = "EXISTS (SELECT 1 FROM chat_reaction r WHERE r.message_id = e.message_id)"


def too_slow() -> Refused:
    """What somebody is told whose search takes too long."""
    return Refused("too_slow")
