"""Reads the log for whoever lacks something: a feed with a hole in its order, a socket that fell behind.

Run by hub.py as tasks on the event loop. Never delivers out of order: a feed takes what it reads like any other event.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from realtime import log, metrics, threads
from realtime.transport import text_frame

if TYPE_CHECKING:
    from realtime.feed import Feed
    from realtime.hub import Hub
    from realtime.log import Entry
    from realtime.socket import Socket

READ_EVENTS: Final = 500


async def fill(hub: Hub, feed: Feed) -> None:
    """Reads what no bell brought, up to the feed's head."""
    metrics.gaps.inc()
    try:
        while feed.last < feed.head and hub.feeds.get(feed.topic) is feed:
            entries = await threads.read(log.read, feed.topic, feed.last, READ_EVENTS)
            if not entries or entries[0].seq > feed.last + 1:
                await _skip_pruned(hub, feed, entries)
                if not entries:
                    feed.head = feed.last
            for entry in entries:
                hub.deliver(entry, time.monotonic())
    finally:
        feed.filling = False


async def _skip_pruned(hub: Hub, feed: Feed, entries: list[Entry]) -> None:
    """The log below the next entry was pruned while we did not listen: everybody starts over."""
    head, oldest = (await threads.read(log.heads, [feed.topic]))[feed.topic]
    if feed.last + 1 >= oldest:
        return
    hub.flusher.flush()
    feed.skip_to(entries[0].seq - 1 if entries else head)
    # Who is attached and not active has not been let in yet, and a reset would do that.
    for socket in [*feed.live, *(socket for socket in feed.sockets if feed in socket.behind)]:
        socket.reset(feed, head)


async def replay(socket: Socket) -> None:
    """Reads what a socket lacks; one reading at a time, its topics by turns, until the window is full."""
    try:
        while socket.behind and socket.room_frames() > 0:
            feed, last = next(iter(socket.behind.items()))
            if feed.replay_from_ring(socket, last):
                if feed in socket.behind:
                    return
                continue
            socket.behind[feed] = socket.behind.pop(feed)
            entries = await threads.read(log.read, feed.topic, last, min(socket.room_frames(), READ_EVENTS))
            if socket.behind.get(feed) != last:
                continue  # it left, or subscribed again from elsewhere
            if not entries or entries[0].seq > last + 1:
                socket.reset(feed, feed.last)
                continue
            # What the hub itself has not delivered yet may be after an effect on this very socket.
            if not socket.push_events(feed, [(e.seq, text_frame(e.frame)) for e in entries if e.seq <= feed.last]):
                return
    finally:
        socket.catching = False
        socket.wait_on()
