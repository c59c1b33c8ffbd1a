"""One hub per process: it follows topics, encodes once, fans out, resumes, and drops who may no longer listen.

Services reach it through log.append (after their commit) and publish_ephemeral; consumers subscribe sockets. The
database is the truth: what the bell (the channel layer, see bell.py) loses is read from the log. Everything here runs
on the event loop except `publish` and `publish_ephemeral`, which any thread may call. Never decides who may read.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Collection, Coroutine
from typing import Any, Final

from realtime import catchup, log, metrics, protocol, threads, watch
from realtime.bell import Bell, Ring
from realtime.feed import Feed
from realtime.flush import Flusher
from realtime.log import Entry
from realtime.socket import Socket
from realtime.transport import text_frame

logger = logging.getLogger(__name__)

SETTLE_SECONDS: Final = 30
"""How long a socket waits until its topics are followed."""
HELD_SECONDS: Final = 0.05
"""How long a hole in the order may be a commit still on its way from another thread, before the log is read."""


class Hub:
    """All topics and sockets of this process."""

    def __init__(self) -> None:
        self.process = uuid.uuid4().hex[:12]
        self.feeds: dict[str, Feed] = {}
        self.sockets: dict[Socket, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._lock = threading.Lock()
        self._reset()

    def _reset(self) -> None:
        self.feeds.clear()
        self.sockets.clear()
        self._inbox: deque[tuple[Entry, float]] = deque()
        self._ephemeral_inbox: deque[tuple[str, str, bytes]] = deque()
        self._draining = False
        self.flusher = Flusher(self.catch_up)
        self._tasks: set[asyncio.Task[None]] = set()
        self.bell = Bell(self.process, self._heard)

    # Life

    def start(self) -> None:
        """Binds the hub to the running loop, once; a later loop (the next test) starts an empty hub."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._reset()
        self._loop = loop
        self._thread = threading.get_ident()
        self.bell.start()
        self._spawn(watch.poll_forever(self))
        self._spawn(watch.sweep_forever(self))

    async def stop(self) -> None:
        """Ends the hub's tasks; sockets are the server's to close."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.bell.stop()
        self._loop = None
        self._reset()

    def on_loop(self, call: Callable[[], None]) -> bool:
        """Calls something on the hub's loop, soon, from any thread; False where no loop runs in this process."""
        loop = self._loop
        if loop is None or loop.is_closed():
            return False
        loop.call_soon_threadsafe(call)
        return True

    def is_here(self) -> bool:
        """Whether the hub runs on the loop of whoever asks."""
        return self._loop is asyncio.get_running_loop()

    def keep(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs the work of an app above until it ends or the hub does; on the loop."""
        return self._spawn(work)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # A reading of the log that failed; the poll asks again.
            logger.error("The hub could not finish its work: %r", error, exc_info=error)

    # Publishing, from any thread

    def publish(self, entry: Entry) -> None:
        """Takes a durable event after its commit: local sockets first, then the bell for other processes."""
        metrics.published.labels("durable").inc()
        loop = self._loop
        if loop is None or loop.is_closed():
            Bell.ring_from_outside(entry.topic, Ring(seq=entry.seq))
            return
        self._inbox.append((entry, time.monotonic()))
        self._wake(loop)

    def publish_ephemeral(self, *, topic: str, event: protocol.Event, key: str) -> None:
        """Sends an event that may be lost: never stored, never replayed, the last value of `key` wins in a burst.

        Args:
            topic: whose live sockets get it.
            event: an ephemeral event of that kind of topic.
            key: what the value replaces, for example the user id of who is typing.
        """
        if event.durable or topic.partition(":")[0] != event.topic:
            raise ValueError(f"{event.type} is no ephemeral event of {topic}")
        metrics.published.labels("ephemeral").inc()
        frame = protocol.event_frame(topic=topic, event_type=event.type, data=protocol.encode(event))
        name = f"{event.type}/{key}"
        loop = self._loop
        if loop is None or loop.is_closed():
            Bell.ring_from_outside(topic, Ring(key=name, frame=frame))
            return
        self._ephemeral_inbox.append((topic, name, frame))
        self._wake(loop)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            if self._draining:
                return
            self._draining = True
        if threading.get_ident() == self._thread:
            loop.call_soon(self._drain)  # to wake the loop from within costs it two system calls and a turn
        else:
            loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        with self._lock:
            self._draining = False
        while self._inbox:
            entry, committed = self._inbox.popleft()
            self.deliver(entry, committed)
            self.bell.ring(entry.topic, Ring(seq=entry.seq, frame=entry.frame, effect=entry.effect))
        while self._ephemeral_inbox:
            topic, key, frame = self._ephemeral_inbox.popleft()
            self._deliver_ephemeral(topic, key, frame)
            self.bell.ring(topic, Ring(key=key, frame=frame))

    # Delivery

    def _heard(self, topic: str, ring: Ring) -> None:
        """The bell of another process."""
        feed = self.feeds.get(topic)
        if feed is None:
            return
        if ring.seq and ring.frame:
            self.deliver(Entry(topic, ring.seq, ring.frame, ring.effect), time.monotonic())
        elif ring.seq:
            self._notice_head(feed, ring.seq)
        else:
            self._deliver_ephemeral(topic, ring.key, ring.frame)

    def deliver(self, entry: Entry, committed: float) -> None:
        """Takes an event that was published (`committed`, monotonic), heard or read: in order, and once."""
        feed = self.feeds.get(entry.topic)
        if feed is None:
            return
        if not feed.ready or entry.seq != feed.last + 1:
            self._hold(feed, entry)
            return
        self._accept(feed, entry, committed)
        while (held := feed.held.pop(feed.last + 1, None)) is not None:
            self._accept(feed, held, committed)

    def _accept(self, feed: Feed, entry: Entry, committed: float) -> None:
        """The event is next in order: into the ring, out with this tick's frames, then its effect."""
        feed.take(entry.seq, text_frame(entry.frame))
        self.flusher.plan(feed, committed)
        if entry.effect is not None:
            # Nobody it drops may get a later seq, so what is due goes out before it acts.
            self.flusher.flush()
            self.apply_effect(feed, entry.effect)

    def _hold(self, feed: Feed, entry: Entry) -> None:
        if feed.ready and entry.seq <= feed.last:
            return
        feed.hold(entry)
        if feed.ready and not feed.filling and self._loop is not None:
            feed.filling = True
            self._loop.call_later(HELD_SECONDS, self._fill_later, feed)

    def _fill_later(self, feed: Feed) -> None:
        feed.filling = False
        self._notice_head(feed, feed.head)

    def _notice_head(self, feed: Feed, head: int) -> None:
        feed.head = max(feed.head, head)
        if feed.ready and feed.head > feed.last and not feed.filling:
            feed.filling = True
            self._spawn(catchup.fill(self, feed))

    def _deliver_ephemeral(self, topic: str, key: str, frame: bytes) -> None:
        feed = self.feeds.get(topic)
        if feed is None or not feed.live:
            return
        feed.ephemeral[key] = text_frame(frame)
        self.flusher.plan_ephemeral(feed)

    def apply_effect(self, feed: Feed, effect: protocol.Effect) -> None:
        """Drops or closes the sockets that the event is about, and forgets what was redacted."""
        for topic in effect.forget.keys() & self.feeds.keys():
            self.feeds[topic].forget(effect.forget[topic])
        feed.quiet_since = time.monotonic()
        for socket in list(feed.sockets):
            if effect.drop_user and socket.user_id == effect.drop_user:
                self.unsubscribe(socket, feed.topic)
                socket.dropped(feed.topic)
            if effect.close_code and effect.session in {"", socket.session} and effect.except_session != socket.session:
                self.close(socket, effect.close_code, effect.reason)

    # Sockets

    def open(self, socket: Socket) -> None:
        """A socket is here."""
        self.sockets[socket] = None
        metrics.sockets.inc()

    def close_oldest(self, topic: str) -> None:
        """A person's oldest sockets go when their own topic has too many."""
        own = list(self.feeds[topic].sockets) if topic in self.feeds else []
        for oldest in own[: max(0, len(own) - protocol.SOCKETS_PER_PERSON)]:
            self.close(oldest, 4409, "This page was opened in too many places.")

    def close(self, socket: Socket, code: int, reason: str) -> None:
        """Closes a socket once, after telling why; nothing more is sent to it."""
        if not socket.closing:
            self.closed(socket)
            metrics.closes.labels(code).inc()
            socket.close(code, reason)

    def closed(self, socket: Socket) -> None:
        """A socket is gone."""
        if self.sockets.pop(socket, 0) is None:
            metrics.sockets.dec()
        for topic in list(socket.feeds):
            self.unsubscribe(socket, topic)

    def unsubscribe(self, socket: Socket, topic: str) -> None:
        """The socket hears the topic no more; a topic without sockets is not followed."""
        if (feed := self.feeds.get(topic)) is None:
            return
        feed.remove(socket)
        if not feed.sockets:
            del self.feeds[topic]
            self.bell.unfollow(topic)
            metrics.topics.set(len(self.feeds))

    async def attach(self, socket: Socket, topics: Collection[str]) -> None:
        """Puts the socket on the topics, still silent; what revokes it from here on is heard.

        Rights are checked after this and before `activate`, so no revocation can fall in between.

        Raises:
            ConnectionError: a topic could not be followed.
        """
        if socket.closing:
            return
        new = []
        for topic in topics:
            if (feed := self.feeds.get(topic)) is None:
                feed = self.feeds[topic] = Feed(topic)
                new.append(feed)
            feed.add(socket)
        if new:
            metrics.topics.set(len(self.feeds))
            await self._follow(new)
        waiting = [feed for topic in topics if (feed := self.feeds.get(topic)) and not feed.ready]
        if waiting:
            async with asyncio.timeout(SETTLE_SECONDS):
                await asyncio.gather(*(feed.settled.wait() for feed in waiting))
            if not all(feed.ready for feed in waiting):
                raise ConnectionError("a topic could not be followed")

    async def _follow(self, feeds: list[Feed]) -> None:
        topics = [feed.topic for feed in feeds]
        try:
            await self.bell.follow(topics)
            heads = await threads.read(log.heads, topics)
        except BaseException:
            for feed in feeds:
                for socket in list(feed.sockets):
                    self.unsubscribe(socket, feed.topic)
                feed.abandon()
            raise
        for feed in feeds:
            feed.begin(heads[feed.topic][0], heads[feed.topic][1])
            held, feed.held = feed.held, {}
            for seq in sorted(held):
                self.deliver(held[seq], time.monotonic())
            self._notice_head(feed, feed.head)

    def activate(self, socket: Socket, topic: str, after: int | None) -> protocol.TopicState:
        """Makes an attached socket hear the topic, from `after` on or from now (None, or a seq too old)."""
        feed = self.feeds.get(topic)
        if feed is None or socket not in feed.sockets:
            return protocol.TopicState(mode="denied")
        replayable = after is not None and feed.oldest - 1 <= after <= feed.last
        if after is None or not replayable or feed.last - after > protocol.REPLAY_EVENTS:
            mode, after = "snapshot", feed.last
        else:
            mode = "resume"
        metrics.replays.labels(mode).inc()
        feed.start(socket, after)
        return protocol.TopicState(mode=mode, head=feed.last)

    def catch_up(self, socket: Socket) -> None:
        """Sends a socket what waits for it, from the ring or else from the log; on the loop, no waiting."""
        for feed, last in list(socket.behind.items()):
            if not feed.replay_from_ring(socket, last) and not socket.catching:
                socket.catching = True
                self._spawn(catchup.replay(socket))

    def notice_heads(self, heads: dict[str, tuple[int, int]]) -> None:
        """What the log says of followed topics: topic -> (head seq, oldest seq); gaps are read in the background."""
        for topic, (head, oldest) in heads.items():
            if (feed := self.feeds.get(topic)) is not None:
                feed.oldest = oldest
                self._notice_head(feed, head)


hub = Hub()
log.on_append(hub.publish)
