"""The base of every consumer: accept, subscribe, a table of commands, and exactly one answer to each.

Subclassed by chat, editor and dashboard; handlers only translate between frames and services. Channels' dispatch is
not used: it awaits a thread hop for every event and lets the client's word choose the method. Never touches the ORM.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, ParamSpec, TypeVar

from channels.consumer import AsyncConsumer

from realtime import metrics, protocol, sessions, threads
from realtime.hub import hub
from realtime.middleware import Receive, Scope, Send
from realtime.presence import roster
from realtime.protocol import Ack, Command, Envelope, Refused, TopicState
from realtime.ratelimit import Bucket, Limit
from realtime.socket import Socket
from realtime.transport import Outlet, open_outlet

logger = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=Command)
Consumer = TypeVar("Consumer", bound="BaseConsumer")
Handler = Callable[[Any, Any, str], Awaitable[Any]]

QUEUED_COMMANDS: Final = 64
"""Commands of one socket that may wait; then its frames stay with the server until some are done."""
UNREAD_BYTES: Final = 2 * protocol.WINDOW_BYTES
"""Events on their way are bounded by the window; answers only by this."""
CLOSE_SECONDS: Final = 10.0
"""A peer that has not taken its close frame by then is given up."""
CLOSE_ERRORS: Final = {4403: "banned", 4404: "not_found", 4408: "rate_limited"}
FLOW: Final = '{"type":"received"'
FLOW_CHARS: Final = 100
"""How the page's word of flow control begins, and how long it is at most; another's goes the way of all commands."""
BAD_FRAMES: Final = Limit(burst=20, per_second=2)
"""Twenty malformed frames in ten seconds end the socket."""
DEFAULT_LIMIT: Final = Limit(burst=60, per_second=20)


def command(
    kind: type[C],
) -> Callable[[Callable[[Consumer, C, str], Awaitable[R]]], Callable[[Consumer, C, str], Awaitable[R]]]:
    """Declares the handler of a command: `async def name(self, command, topic) -> result struct`."""

    def mark(handler: Callable[[Consumer, C, str], Awaitable[R]]) -> Callable[[Consumer, C, str], Awaitable[R]]:
        handler.command_kind = kind  # type: ignore[attr-defined]
        return handler

    return mark


def topic_id(topic: str) -> int:
    """The number in `room:12`.

    Raises:
        Refused: `not_found` when it is none.
    """
    number = topic.partition(":")[2]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Refused("not_found")
    return int(number)


_buckets: dict[tuple[int, str], Bucket] = {}


def take_token(user_id: int, name: str, limit: Limit, amount: float = 1) -> None:
    """Counts one command of a person over all sockets of this process, or `amount` of what a command brings.

    Raises:
        Refused: `rate_limited`, with the seconds to wait.
    """
    now = time.monotonic()
    if len(_buckets) > 50_000:
        for key in [key for key, bucket in _buckets.items() if bucket.full(now)]:
            del _buckets[key]
    bucket = _buckets.get((user_id, name))
    if bucket is None or bucket.limit is not limit:
        bucket = _buckets[user_id, name] = Bucket(limit, now)
    wait = bucket.take(now, amount)
    if wait:
        raise Refused("rate_limited", retry_after=round(wait + 0.05, 2))


class BaseConsumer(AsyncConsumer):  # type: ignore[misc]  # channels has no types
    """One socket of a signed-in person.

    Attributes:
        handlers: commands by their name on the wire; filled from the `@command` methods of the class.
        rate_limits: commands that are not under DEFAULT_LIMIT.
        frame_bytes: the largest frame that is taken; the server's own limit is 1 MiB.
        unread_bytes: what may wait here for a peer that does not read.
        close_errors: codes of the error frame before a close, by close code; any other says forbidden.
        is_presence: whether an open socket says that the person is here; one beside another of the same page does not.
    """

    handlers: ClassVar[dict[str, tuple[type[Command], Handler]]] = {}
    rate_limits: ClassVar[dict[type[Command], Limit]] = {}
    frame_bytes: ClassVar[int] = protocol.FRAME_BYTES
    unread_bytes: ClassVar[int] = UNREAD_BYTES
    close_errors: Mapping[int, str] = CLOSE_ERRORS
    is_presence: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        found = {
            value.command_kind.type: (value.command_kind, value)
            for base in reversed(cls.__mro__)
            for value in vars(base).values()
            if hasattr(value, "command_kind")
        }
        cls.handlers = found

    # For subclasses

    async def authorize(self, topics: Collection[str]) -> set[str]:
        """Which of these topics this person may hear."""
        raise NotImplementedError

    def dropped(self, topic: str) -> None:
        """The hub took this person off a topic; what else the socket hears goes on."""

    async def read(self, selector: Callable[..., R], **kwargs: Any) -> R:
        """Runs `selector(actor=…, **kwargs)` on a reader thread."""
        return await threads.read(selector, actor=self.user, **kwargs)

    async def write(self, service: Callable[..., R], **kwargs: Any) -> R:
        """Runs `service(actor=…, **kwargs)` on the writer; answers after the commit."""
        return await threads.write(service, actor=self.user, **kwargs)

    async def write_to(self, topic: str, service: Callable[..., R], /, **kwargs: Any) -> R:
        """As `write`, for a busy service that locks this topic alone (see `threads.write_to`)."""
        return await threads.write_to(topic, service, actor=self.user, **kwargs)

    # Life of the socket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application: runs until the peer goes or the hub closes the socket."""
        identity: sessions.Identity = scope["identity"]
        self.user = identity.user
        self._send = send
        self._queue: list[Envelope] = []
        self._room_in_queue: asyncio.Event | None = None
        self._worker: asyncio.Task[None] | None = None
        self._closer: asyncio.Task[None] | None = None
        self._serving = asyncio.current_task()
        self._bad_frames: Bucket | None = None
        if (await receive())["type"] != "websocket.connect":
            return
        await send({"type": "websocket.accept"})
        self._outlet: Outlet = open_outlet(scope, send)
        # Every layer's copy of the scope shares this list, and none needs it again: 2 KiB for each idle socket.
        scope["headers"].clear()
        if "url_route" in scope:
            scope.clear()  # the router's copy, for us alone
        self.socket = Socket(identity, self._outlet, self._close, self.dropped)
        try:
            await self._open(identity)
            await self._serve(receive)
        except asyncio.CancelledError:
            if self._serving is not None:
                raise
        finally:
            self._serving = None
            self.socket.closing = True
            hub.closed(self.socket)
            roster.leave(self.socket)
            self._outlet.close()

    async def _open(self, identity: sessions.Identity) -> None:
        hub.start()
        hub.open(self.socket)
        own = f"user:{self.user.pk}"
        await hub.attach(self.socket, [own])
        hub.close_oldest(own)
        feed = hub.feeds.get(own)
        if feed is None or not sessions.stands(identity, feed):
            # Revocations are heard from here on; one that came since the handshake's check is found now.
            ended = await threads.read(sessions.ended, {identity.session_key: self.user.pk})
            if ended:
                hub.close(self.socket, 4401, "You were signed out.")
        if self.socket.closing:
            return
        if self.is_presence:
            roster.join(self.socket)
        limits = protocol.Limits(frame_bytes=self.frame_bytes)
        hello = protocol.Hello(connection=uuid.uuid4().hex[:16], user=self.user.pk, server_time=_now(), limits=limits)
        self.socket.send(b'{"type":"hello","data":' + protocol.encode(hello) + b"}")

    async def _serve(self, receive: Receive) -> None:
        self._outlet.hear_ahead(self._take_ahead)
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            if message["type"] == "websocket.receive" and not self.socket.closing:
                await self._take(message)
                self._check_unread()

    def _check_unread(self) -> None:
        if self._outlet.unread_bytes() > self.unread_bytes:
            hub.close(self.socket, 4408, "This page took too long to take its messages.")

    def _close(self, code: int, reason: str) -> None:
        """The hub wants this socket closed."""
        self._closer = asyncio.get_running_loop().create_task(self._say_and_close(code, reason))

    async def _say_and_close(self, code: int, reason: str) -> None:
        refused = Refused(self.close_errors.get(code, "forbidden"), reason)
        self.socket.send(protocol.error_frame(None, refused))
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._outlet.finish()
                await self._send({"type": "websocket.close", "code": code, "reason": reason[:120]})
        except TimeoutError:
            self._give_up()
        except Exception as error:  # noqa: BLE001 - the peer may be gone already, in every server's own words
            logger.debug("socket was gone before it was closed: %r", error)

    def _give_up(self) -> None:
        """Ends the application: the server breaks off a connection that the peer would keep open without reading."""
        serving, self._serving = self._serving, None
        if serving is not None:
            serving.cancel()

    # Frames

    async def _take(self, message: MutableMapping[str, Any]) -> None:
        text = message.get("text")
        try:
            if text is None:
                raise Refused("bad_frame", "Frames are JSON text, not binary.")
            raw = text.encode()
            if len(raw) > self.frame_bytes:
                raise Refused("too_large", f"A frame has at most {self.frame_bytes} bytes.")
            envelope = protocol.decode_envelope(raw)
        except (Refused, UnicodeError) as error:
            refused = error if isinstance(error, Refused) else Refused("bad_frame", "That text is not valid Unicode.")
            self.socket.send(protocol.error_frame(protocol.ref_of(text), refused))
            if self._is_babble():
                hub.close(self.socket, 4429, "Too many malformed frames.")
            return
        if envelope.type == "received" and self._flows_on(envelope):
            return
        if envelope.type in {"ping", "received"}:
            await self._answer(envelope)
            return
        self._queue.append(envelope)
        if self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._work())
        while len(self._queue) >= QUEUED_COMMANDS:
            self._room_in_queue = asyncio.Event()
            await self._room_in_queue.wait()

    def _take_ahead(self, text: str) -> bool:
        """Takes the word of flow control before it wakes this socket's task: in a busy room every socket says it."""
        if self.socket.closing or len(text) > FLOW_CHARS or not text.startswith(FLOW):
            return False
        try:
            envelope = protocol.decode_envelope(text)
        except Refused:
            return False
        return envelope.type == "received" and self._flows_on(envelope)

    def _flows_on(self, envelope: Envelope) -> bool:
        """Takes the word of flow control that needs no answer, the commonest frame of all, without counting it."""
        if envelope.ref is not None or envelope.topic:
            return False
        try:
            more = self.socket.received(protocol.decode_command(protocol.Received, envelope.data).frames)
        except Refused:
            return False  # answered like any other command
        if more:
            hub.catch_up(self.socket)
        return True

    def _is_babble(self) -> bool:
        now = time.monotonic()
        self._bad_frames = self._bad_frames or Bucket(BAD_FRAMES, now)
        return self._bad_frames.take(now) > 0

    async def _work(self) -> None:
        """Answers what waits, in order; lives only while something does."""
        try:
            # Who was signed out or banned has no more commands: what is left is dropped.
            while self._queue and self._closer is None:
                await self._answer(self._queue.pop(0))
                self._check_unread()
                if self._room_in_queue is not None:
                    self._room_in_queue.set()
        finally:
            self._worker = None
            self._queue.clear()
            if self._room_in_queue is not None:
                self._room_in_queue.set()

    async def _answer(self, envelope: Envelope) -> None:
        started = time.perf_counter()
        name = envelope.type if envelope.type in self.handlers else "unknown"
        try:
            result = await self._run(envelope)
            if result is not None and (envelope.ref is not None or envelope.type != "received"):
                self.socket.send(protocol.ack_frame(envelope.ref, result))
            outcome = "ack"
        except Refused as refused:
            self.socket.send(protocol.error_frame(envelope.ref, refused))
            outcome = refused.code
        except Exception:
            incident = uuid.uuid4().hex[:12]
            metrics.incidents.labels("command").inc()
            logger.exception("incident %s: %s from user %s failed", incident, name, self.user.pk)
            self.socket.send(protocol.error_frame(envelope.ref, Refused("internal"), incident))
            outcome = "internal"
        metrics.commands.labels(name, outcome).inc()
        metrics.command_seconds.labels(name).observe(time.perf_counter() - started)

    async def _run(self, envelope: Envelope) -> Any:
        found = self.handlers.get(envelope.type)
        if found is None:
            raise Refused("unknown_type", f"There is no command {envelope.type[:60]!r} here.")
        kind, handler = found
        if envelope.topic.partition(":")[0] != kind.topic:
            raise Refused("invalid", f"{kind.type} goes to a topic of kind {kind.topic!r}.", field="topic")
        if kind is not protocol.Received:  # grows with what others say; refused, it would stop the flow
            take_token(self.user.pk, kind.type, self.rate_limits.get(kind, DEFAULT_LIMIT))
        return await handler(self, protocol.decode_command(kind, envelope.data), envelope.topic)

    # Commands that every consumer understands

    @command(protocol.Ping)
    async def ping(self, command: protocol.Ping, topic: str) -> protocol.Pong:
        """Heartbeat."""
        return protocol.Pong(server_time=_now())

    @command(protocol.Received)
    async def received(self, command: protocol.Received, topic: str) -> Ack:
        """Flow control."""
        if self.socket.received(command.frames):
            hub.catch_up(self.socket)
        return Ack()

    @command(protocol.Subscribe)
    async def subscribe(self, command: protocol.Subscribe, topic: str) -> dict[str, TopicState]:
        """Hears topics: attach, check rights, then replay and go live."""
        wanted = command.topics
        if not 0 < len(wanted) <= protocol.TOPICS_PER_SUBSCRIBE:
            raise Refused("invalid", f"1 to {protocol.TOPICS_PER_SUBSCRIBE} topics.", field="topics")
        own = f"user:{self.user.pk}"
        # What is no topic is never followed, nor is what is said to somebody else alone.
        others = {name for name in wanted if protocol.is_topic(name) and not name.startswith("user:")}
        attached = [name for name in others if name not in self.socket.feeds]
        try:
            await hub.attach(self.socket, [*attached, own])
            allowed = await self.authorize(others) | {own}
        except BaseException:
            self._detach(attached)
            raise
        self._detach([name for name in others if name not in allowed])
        states = {
            name: hub.activate(self.socket, name, after) if name in allowed else TopicState(mode="denied")
            for name, after in wanted.items()
        }
        asyncio.get_running_loop().call_soon(hub.catch_up, self.socket)
        return states

    @command(protocol.Unsubscribe)
    async def unsubscribe(self, command: protocol.Unsubscribe, topic: str) -> Ack:
        """Hears topics no more; the person's own topic stays, silently, for revocation."""
        self._detach([name for name in command.topics if name != f"user:{self.user.pk}"])
        return Ack()

    def _detach(self, topics: Collection[str]) -> None:
        for name in topics:
            hub.unsubscribe(self.socket, name)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
