"""The background service that applies retention once a day, in one process of all.

Named in REALTIME_SERVICES. Decides nothing: chat.services.retention knows what goes.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from django.db import connection

from chat.services.retention import expire_room, forget_in_lists, rooms_with_an_end

logger = logging.getLogger(__name__)

FIRST_SECONDS: Final = 900
"""Not while the site starts, when everybody comes at once."""
DAY_SECONDS: Final = 86_400


async def keeper() -> None:
    """Keeps to the rooms' retention until it is cancelled."""
    await asyncio.sleep(FIRST_SECONDS)
    while True:
        gone = await asyncio.to_thread(_apply)
        if gone:
            logger.info("Messages past their retention deleted: %d", gone)
        await asyncio.sleep(DAY_SECONDS)


def _apply() -> int:
    """Runs on a thread of its own, for it may take minutes; its connection ends with it."""
    try:
        gone = sum(sum(expire_room(due)) for due in rooms_with_an_end())
        if gone:
            forget_in_lists()
        return gone
    finally:
        connection.close()
