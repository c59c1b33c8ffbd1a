"""Follows the rooms of a server's links, so that what another process said there is told at once.

Called by the runner. What is heard says only that there is something: the log of the room is what is told from.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from django.db import DatabaseError

from integrations.services.bridges import inbox
from realtime import threads
from realtime.ears import Ear

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0
"""The most that a room that was just linked is not followed yet."""


async def follow_rooms(*, server_id: int, heard: Callable[[bytes], None]) -> None:
    """Follows them until it is cancelled.

    Args:
        server_id: whose links.
        heard: called with what happened in the rooms; see Ear.
    """
    ear = Ear(heard)
    try:
        while True:
            try:
                links = await threads.read(inbox.links_of, server_id=server_id)
                await ear.follow({f"room:{link.room_id}" for link in links})
            except (ConnectionError, TimeoutError, DatabaseError) as error:
                logger.warning("The rooms of Mattermost server %s could not be followed: %r", server_id, error)
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        ear.end()
