"""One topic inside the hub: its last seq, its ring of recent frames, and the sockets that hear it.

Used by hub.py only, on the event loop. Never reads the database and never waits.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Final

from realtime import metrics

if TYPE_CHECKING:
    from realtime.log import Entry
    from realtime.socket import Socket

RING_EVENTS: Final = 400
RING_BYTES: Final = 4_194_304
"""What frames longer than LARGE_BYTES may make of a ring; of others there is room for all."""
LARGE_BYTES: Final = 65_536
# Most topics are people's own, where little happens: an event and a ring for each were a tenth of an idle socket.
_EMPTY_RING: Final[deque[tuple[int, bytes]]] = deque(maxlen=0)
_SETTLED: Final = asyncio.Event()
_SETTLED.set()


class Feed:
    """A followed topic.

    Attributes:
        sockets: all that are on the topic; `live` are those that have everything up to `last`.
        settled: set once the topic is followed or could not be (see `ready`).
        ring: the newest (seq, frame), without holes, ending at `last`.
        held: events that came before their turn, not more than the ring takes: the log has them all.
        head: the highest seq that the log is said to have.
        oldest: the oldest seq that the log can still replay.
        quiet_since: when (monotonic) it was followed or last had an effect on sockets; later readings still hold.
    """

    __slots__ = (
        "_due",
        "ephemeral",
        "filling",
        "head",
        "held",
        "last",
        "live",
        "oldest",
        "quiet_since",
        "ready",
        "ring",
        "settled",
        "sockets",
        "topic",
    )

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.last = 0
        self.head = 0
        self.oldest = 1
        self.quiet_since = 0.0
        self.ready = False
        self.settled = asyncio.Event()
        self.filling = False
        self.sockets: dict[Socket, None] = {}
        self.live: dict[Socket, None] = {}
        self.ring = _EMPTY_RING
        self.held: dict[int, Entry] = {}
        self.ephemeral: dict[str, bytes] = {}
        self._due: list[bytes] = []

    def begin(self, head: int, oldest: int) -> None:
        """The log's head is known: from here on events are taken in order."""
        self.last = head
        self.oldest = oldest
        self.quiet_since = time.monotonic()
        self.ready = True
        self._settle()

    def abandon(self) -> None:
        """The topic could not be followed: whoever waits learns it."""
        self._settle()

    def _settle(self) -> None:
        self.settled.set()
        self.settled = _SETTLED

    def hold(self, entry: Entry) -> None:
        """Keeps an event that came before its turn."""
        self.head = max(self.head, entry.seq)
        if len(self.held) < RING_EVENTS:
            self.held[entry.seq] = entry

    def skip_to(self, last: int) -> None:
        """Goes on after a piece of the log that is gone."""
        self.last = last
        self.oldest = last + 1
        self.ring = _EMPTY_RING
        self.held.clear()

    def forget(self, seq: int) -> None:
        """Drops remembered frames up to this seq; whoever still lacks them gets what the log says now."""
        while self.ring and self.ring[0][0] <= seq:
            self.ring.popleft()

    def add(self, socket: Socket) -> None:
        """The socket is on the topic, still silent."""
        self.sockets[socket] = None
        socket.feeds[self.topic] = self

    def remove(self, socket: Socket) -> None:
        """The socket gets nothing more from here."""
        self.sockets.pop(socket, None)
        self.live.pop(socket, None)
        socket.feeds.pop(self.topic, None)
        socket.behind.pop(self, None)

    def start(self, socket: Socket, after: int) -> None:
        """The socket wants everything with seq > after; what is due this tick counts as sent to the others."""
        self.live.pop(socket, None)
        self.flush()
        socket.behind.pop(self, None)
        if after == self.last:
            self.live[socket] = None
        else:
            socket.behind[self] = after

    def take(self, seq: int, frame: bytes) -> None:
        """The next event in order, as a ready frame."""
        self.last = seq
        if not self.ring:
            self.ring = deque(maxlen=RING_EVENTS)
        self.ring.append((seq, frame))
        if len(frame) > LARGE_BYTES:
            self._shorten()
        self._due.append(frame)

    def _shorten(self) -> None:
        """Drops the oldest of a ring of large frames: who lacks them reads the log."""
        size = sum(len(frame) for _, frame in self.ring)
        while size > RING_BYTES:
            size -= len(self.ring.popleft()[1])

    def flush(self) -> list[Socket]:
        """Writes what is due to every live socket in one piece; who has no room falls behind and is returned."""
        frames = self._due
        if not frames:
            return []
        self._due = []
        joined = frames[0] if len(frames) == 1 else b"".join(frames)
        count, size = len(frames), len(joined)
        full = []
        for socket in self.live:
            if socket.frames_out + count > socket.frames_limit or socket.bytes_out + size > socket.bytes_limit:
                full.append(socket)
                continue
            socket.frames_out += count
            socket.bytes_out += size
            socket.write(joined)
        metrics.deliveries.inc(count * (len(self.live) - len(full)))
        for socket in full:
            del self.live[socket]
            socket.fall_behind(self, self.last - count)
        return full

    def flush_ephemeral(self) -> None:
        """Writes the last value of each key; a socket without room simply does not get it."""
        hints, self.ephemeral = self.ephemeral, {}
        count, joined = len(hints), b"".join(hints.values())
        for socket in self.live:
            if socket.unheard:
                self._hint_some(socket, hints)
            elif not socket.push(count, joined):
                metrics.dropped.inc(count)

    def _hint_some(self, socket: Socket, hints: dict[str, bytes]) -> None:
        heard = [frame for key, frame in hints.items() if key.partition("/")[0] not in socket.unheard]
        if heard and not socket.push(len(heard), b"".join(heard)):
            metrics.dropped.inc(len(heard))

    def replay_from_ring(self, socket: Socket, last: int) -> bool:
        """Sends what the socket lacks from the ring; False when the ring does not reach back that far.

        When the window is full the rest waits, which counts as done: `received` calls again.
        """
        if last >= self.last:
            socket.behind.pop(self, None)
            if socket in self.sockets:
                self.flush()
                self.live[socket] = None
            return True
        if not self.ring or self.ring[0][0] > last + 1:
            return False
        skip = last + 1 - self.ring[0][0]
        if not socket.push_events(self, list(islice(self.ring, skip, None))):
            return True
        # Everything in the ring counts as sent, so what is due this tick must leave before the socket goes live.
        self.flush()
        socket.behind.pop(self, None)
        self.live[socket] = None
        return True
