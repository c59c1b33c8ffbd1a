"""One open socket as the hub sees it: who it is, what it hears, and how much it may still be sent.

Made by consumers.py. Flow control: the client tells how many event frames it took; beyond the window durable events
wait in the log and ephemeral ones are dropped, whatever server and proxy stand in between. Never waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from realtime import metrics, protocol
from realtime.transport import Outlet, text_frame

if TYPE_CHECKING:
    from realtime.feed import Feed
    from realtime.sessions import Identity


def _ignore(topic: str) -> None:
    """What a topic's end means to most."""


class Socket:
    """A socket of one person.

    Attributes:
        frames_out, bytes_out: event frames and their bytes handed to the transport so far.
        frames_limit, bytes_limit: how far those may go before the client must have taken more.
        behind: topics on which durable events wait, with the last seq sent.
        unheard: types of ephemeral events that this person is not told, though they are on the topic.
        catching: whether waiting events are being read from the log at this moment.
    """

    __slots__ = (
        "_bytes_mark",
        "_frames_mark",
        "_on_close",
        "_on_drop",
        "_stalled_at",
        "behind",
        "bytes_limit",
        "bytes_out",
        "catching",
        "closing",
        "feeds",
        "frames_limit",
        "frames_out",
        "frames_taken",
        "outlet",
        "session",
        "session_key",
        "unheard",
        "user_id",
        "write",
    )

    def __init__(
        self,
        identity: Identity,
        outlet: Outlet,
        on_close: Callable[[int, str], None],
        on_drop: Callable[[str], None] = _ignore,
    ) -> None:
        self.user_id: int = identity.user.pk
        self.session_key = identity.session_key
        self.session = identity.session
        self.outlet = outlet
        self.write = outlet.write
        self.feeds: dict[str, Feed] = {}
        self.behind: dict[Feed, int] = {}
        self.unheard: frozenset[str] = frozenset()
        self.catching = False
        self.closing = False
        self.frames_out = self.bytes_out = self.frames_taken = 0
        self.frames_limit = protocol.WINDOW_FRAMES
        self.bytes_limit = protocol.WINDOW_BYTES
        self._frames_mark = self._bytes_mark = 0
        self._stalled_at = 0.0
        self._on_close = on_close
        self._on_drop = on_drop

    def send(self, frame: bytes) -> None:
        """Sends an answer (hello, ack, error): JSON that does not count in the window."""
        wire = text_frame(frame)
        self.write(wire)

    def push(self, count: int, joined: bytes) -> bool:
        """Sends `count` event frames, joined, if the window has room for all of them."""
        if self.frames_out + count > self.frames_limit or self.bytes_out + len(joined) > self.bytes_limit:
            return False
        self.frames_out += count
        self.bytes_out += len(joined)
        self.write(joined)
        return True

    def push_anyway(self, frame: bytes) -> None:
        """Sends an event that is part of an answer, a text to start from: it counts, and what comes after it waits."""
        wire = text_frame(frame)
        self.frames_out += 1
        self.bytes_out += len(wire)
        self.write(wire)

    def push_events(self, feed: Feed, events: Sequence[tuple[int, bytes]]) -> bool:
        """Sends waiting durable events in one piece and remembers how far the socket is.

        Args:
            feed: whose they are.
            events: seq and frame of each, in order.

        Returns:
            False when the window is full: what had no room waits.
        """
        frames, size = [], 0
        space = self.bytes_limit - self.bytes_out
        for seq, frame in events[: max(0, self.room_frames())]:
            size += len(frame)
            if size > space:
                break
            frames.append(frame)
            self.behind[feed] = seq
        if frames:
            self.push(len(frames), b"".join(frames))
            metrics.deliveries.inc(len(frames))
        if len(frames) == len(events):
            return True
        self.fall_behind(feed, events[len(frames)][0] - 1)
        return False

    def fall_behind(self, feed: Feed, last: int) -> None:
        """The window is full: events after `last` wait in the log."""
        if not self.behind:
            self._stalled_at = 0.0
        self.behind[feed] = last
        self.wait_on()

    def wait_on(self) -> None:
        """From here on the socket counts as stalled if events wait for it and it takes none."""
        if self.behind and not self._stalled_at:
            self._stalled_at = time.monotonic()

    def room_frames(self) -> int:
        """How many frames the window still takes."""
        return self.frames_limit - self.frames_out

    def received(self, frames: int) -> bool:
        """The client took `frames` event frames in all; True when waiting events should go on.

        Raises:
            Refused: it claims more than was sent.
        """
        if not self.frames_taken <= frames <= self.frames_out:
            raise protocol.Refused("invalid", "More frames than were sent, or fewer than before.", field="frames")
        if frames > self.frames_taken:
            self._stalled_at = 0.0
        self.frames_taken = frames
        self.frames_limit = frames + protocol.WINDOW_FRAMES
        # Bytes are known at marks only: what was sent when the last mark was set is taken once its frames are.
        if frames >= self._frames_mark:
            taken = self.bytes_out if frames == self.frames_out else self._bytes_mark
            self.bytes_limit = taken + protocol.WINDOW_BYTES
            self._frames_mark, self._bytes_mark = self.frames_out, self.bytes_out
        return bool(self.behind)

    def stalled_for(self, now: float) -> float:
        """Seconds since events began to wait without the client taking any."""
        return now - self._stalled_at if self._stalled_at and self.behind else 0.0

    def reset(self, feed: Feed, head: int) -> None:
        """Tells the client to take a snapshot and goes on from `head`."""
        data = protocol.encode(protocol.Reset(head=head))
        self.send(protocol.event_frame(topic=feed.topic, event_type="reset", data=data))
        feed.start(self, feed.last)

    def close(self, code: int, reason: str) -> None:
        """Tells why and closes; called by the hub, which has already let go of the socket."""
        self.closing = True
        self._on_close(code, reason)

    def dropped(self, topic: str) -> None:
        """The person was taken off a topic by an event on it; called by the hub, which has already let go."""
        self._on_drop(topic)
