"""What every process does for ever: asks the log for what the bell lost, closes sockets that stall or are signed out.

Started by the hub on its loop. Never stops over an error: the next turn may do better.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from django.conf import settings

from realtime import catchup, log, sessions, threads

if TYPE_CHECKING:
    from realtime.hub import Hub

logger = logging.getLogger(__name__)


async def poll_forever(hub: Hub) -> None:
    """Asks for the heads of all followed topics: a dead bell costs one turn and no event."""
    while True:
        await asyncio.sleep(settings.REALTIME_POLL_SECONDS)
        try:
            close_stalled(hub)
            await poll(hub)
        except Exception:
            logger.exception("The heads of %d topics could not be read", len(hub.feeds))


async def poll(hub: Hub) -> None:
    """One turn of `poll_forever`, in one query; goes on with whom a failed reading of the log left behind."""
    ready = [topic for topic, feed in hub.feeds.items() if feed.ready]
    if ready:
        hub.notice_heads(await threads.read(log.heads, ready))
    for socket in [socket for socket in hub.sockets if socket.behind]:
        hub.catch_up(socket)


def close_stalled(hub: Hub) -> None:
    """Closes sockets that have taken nothing for too long while events wait for them."""
    now = time.monotonic()
    for socket in list(hub.sockets):
        if socket.stalled_for(now) > settings.REALTIME_STALLED_SECONDS:
            hub.close(socket, 4408, "This page took too long to take its messages.")


async def sweep_forever(hub: Hub) -> None:
    """Closes sockets whose session was deleted behind our back."""
    while True:
        await asyncio.sleep(settings.REALTIME_SWEEP_SECONDS)
        sessions.forget_stale()
        try:
            await sweep(hub)
        except Exception:
            logger.exception("The sessions of %d sockets could not be checked", len(hub.sockets))


async def sweep(hub: Hub) -> None:
    """One turn of `sweep_forever`."""
    claims = {socket.session_key: socket.user_id for socket in hub.sockets}
    ended = await threads.read(sessions.ended, claims) if claims else set()
    if ended:
        await _hear_why(hub, {f"user:{claims[key]}" for key in ended})
    for socket in list(hub.sockets):
        if socket.session_key in ended:
            hub.close(socket, 4401, "You were signed out.")


async def _hear_why(hub: Hub, topics: set[str]) -> None:
    """Takes in what the log says of these people: with a dead bell it may know of the end, and of another close code.

    A session that a new password replaced is gone at once; its page is told to come again, not that it is signed out.
    """
    heads = await threads.read(log.heads, [topic for topic in topics if topic in hub.feeds])
    for topic, (head, _) in heads.items():
        feed = hub.feeds.get(topic)
        if feed is not None and feed.ready and head > feed.last:
            feed.head = max(feed.head, head)
            await catchup.fill(hub, feed)
