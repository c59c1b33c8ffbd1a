"""One WebSocket connection as the wire sees it: frames in, keepalive, back-pressure, and every way to an end.

The base of `realtime.websocket_lean`, which adds the handshake and the ASGI application.
Never knows topics, people or Django; never negotiates an extension, so a frame is the same bytes for everybody.
"""

import asyncio
import logging
from asyncio.transports import BaseTransport, Transport
from collections.abc import Callable, MutableMapping
from typing import Any, Final, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from realtime import websocket_frames as frames
from realtime.wheel import TimerWheel, wheel_of

CLOSE_TIMEOUT_SECONDS: Final = 10.0
LINGER_SECONDS: Final = 2.0
LARGE_MESSAGE_BYTES: Final = 65_536
EARLY_BYTES: Final = 65_536

# The life of a connection only ever moves forward along these.
NEW: Final = 0  # no request yet
ASKED: Final = 1  # the application has been asked and has not answered
DENYING: Final = 2  # it is answering with an HTTP response instead
OPEN: Final = 3
CLOSING: Final = 4  # our close frame is out, the peer's is not in
DONE: Final = 5  # nothing more is written; what still arrives is thrown away
LOST: Final = 6

Message = MutableMapping[str, Any]

logger = logging.getLogger("uvicorn.error")
_PING: Final = frames.encode_frame(frames.PING, b"")


class WebSocketConnection(asyncio.Protocol):
    """From the first byte to the last; it is its own `collab.frames` writer. Slots: thousands of these sit idle."""

    __slots__ = (
        "__weakref__",
        "_config",
        "_disconnect",
        "_events",
        "_heard",
        "_late_pong",
        "_loop",
        "_pinged",
        "_reader",
        "_reading_paused",
        "_server_state",
        "_state",
        "_taker",
        "_transport",
        "_waiter",
        "_wheel",
        "_writable",
        "wheel_slot",
    )

    def __init__(self, config: Config, server_state: ServerState, loop: asyncio.AbstractEventLoop) -> None:
        self._config = config
        self._server_state = server_state
        self._loop = loop
        self._wheel: TimerWheel = wheel_of(loop)
        self.wheel_slot = 0
        self._transport: Transport = cast("Transport", None)
        self._reader = frames.FrameReader(config.ws_max_size)
        self._state = NEW
        self._events: list[Message] = []
        self._waiter: asyncio.Future[None] | None = None
        self._disconnect: Message | None = None
        self._reading_paused = False
        self._writable: asyncio.Event | None = None  # exists only while the transport's buffer is too full
        self._late_pong: bytes | None = None
        self._taker: Callable[[str], bool] | None = None
        self._heard = False
        self._pinged = False

    def _start(self, data: bytes) -> None:
        """Take the whole upgrade request."""
        raise NotImplementedError

    # The `collab.frames` writer

    @property
    def open(self) -> bool:
        """True between websocket.accept and the first close frame of either side."""
        return self._state == OPEN

    def write(self, frames: bytes) -> None:
        """Write ready, complete, unmasked frames; nothing happens on a socket that is not open."""
        if self._state == OPEN:
            self._transport.write(frames)

    def buffered_bytes(self) -> int:
        """Bytes written that the operating system has not taken yet."""
        return 0 if self._state == LOST else self._transport.get_write_buffer_size()

    def hear_ahead(self, taker: Callable[[str], bool]) -> None:
        """Show each text to `taker` as it comes, unless others still wait: what it takes (True) wakes no task."""
        self._taker = taker

    # What the event loop calls

    def connection_made(self, transport: BaseTransport) -> None:
        self._transport = cast("Transport", transport)
        self._server_state.connections.add(self)  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        self._heard = True
        if self._state == NEW:
            self._start(data)
        elif self._state < DONE:
            self._reader.feed(data)
            if self._state >= OPEN:
                self._read_frames()
            elif self._reader.buffered_bytes > EARLY_BYTES:
                # A client must wait for the 101; one that does not is held back until the application has answered.
                self._pause_reading()

    def eof_received(self) -> None:
        """Return None: the transport flushes and closes."""

    def pause_writing(self) -> None:
        self._writable = asyncio.Event()

    def resume_writing(self) -> None:
        if self._writable is not None:
            self._writable.set()
            self._writable = None
        pong, self._late_pong = self._late_pong, None
        if pong is not None:
            self._write_control(frames.PONG, pong)

    def connection_lost(self, exc: Exception | None) -> None:
        self._state = LOST
        self._wheel.cancel(self)
        self._server_state.connections.discard(self)
        self._tell_disconnect(frames.ABNORMAL, "")
        self._late_pong = None
        self._taker = None
        self.resume_writing()

    # Keepalive

    def on_turn(self) -> None:
        """Called by the wheel: keepalive while open, the end of our patience when closing."""
        if self._state != OPEN:
            self._transport.abort()
            return
        # With reading paused it is our application that is slow; the peer could not be heard if it spoke.
        if self._pinged and not self._heard and not self._reading_paused:
            self._close(frames.INTERNAL_ERROR, "keepalive ping timeout")
            self._transport.abort()
            return
        self._schedule_keepalive(self._pinged)

    def _schedule_keepalive(self, answered: bool) -> None:
        """Ping now, or wait for what is left of the interval after an answered ping's time-out."""
        interval, timeout = self._config.ws_ping_interval, self._config.ws_ping_timeout
        if not interval:
            return
        rest = interval - (timeout or 0.0)
        if answered and timeout and rest > 0:
            self._pinged = False
            self._wheel.schedule(self, rest)
            return
        self._heard = False
        self._pinged = bool(timeout)
        self._transport.write(_PING)
        self._wheel.schedule(self, timeout or interval)

    # Frames from the peer

    def _read_frames(self) -> None:
        try:
            while self._state < DONE and not self._reading_paused:
                frame = self._reader.next_frame()
                if frame is None:
                    return
                opcode, payload = frame
                if isinstance(payload, str):
                    if not self._is_taken(payload):
                        self._take_message({"type": "websocket.receive", "text": payload}, len(payload))
                elif opcode == frames.BINARY:
                    self._take_message({"type": "websocket.receive", "bytes": payload}, len(payload))
                else:
                    self._take_control(opcode, payload)
        except frames.WebSocketError as error:
            self._fail(error.code, error.reason)

    def _is_taken(self, text: str) -> bool:
        return self._taker is not None and not self._events and self._state == OPEN and self._taker(text)

    def _take_message(self, event: Message, size: int) -> None:
        if self._state != OPEN:
            return  # after our close frame nobody waits for messages
        self._put(event)
        if size >= LARGE_MESSAGE_BYTES or len(self._events) >= self._config.ws_max_queue:
            self._pause_reading()

    def _take_control(self, opcode: int, payload: bytes) -> None:
        if opcode == frames.CLOSE:
            code, reason = frames.parse_close(payload)
            if self._state == OPEN:
                self._transport.write(frames.encode_frame(frames.CLOSE, payload[:2]))
                self._tell_disconnect(code, reason)
            self._finish(CLOSE_TIMEOUT_SECONDS)
        elif opcode == frames.PING and self._state == OPEN:
            if self._writable is None:
                self._write_control(frames.PONG, payload)
            else:
                # A peer that pings without reading would fill our memory with pongs; §5.5.3 lets us answer the last.
                self._late_pong = payload

    def _pause_reading(self) -> None:
        if not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        """Go on with the bytes at hand, then with the wire, unless the first fill the queue again."""
        self._reading_paused = False
        self._heard = True  # its pong may wait in the kernel: the next turn of the wheel must not come first
        self._read_frames()
        if not self._reading_paused and self._state < LOST:
            self._transport.resume_reading()

    # What the application is told

    def _put(self, event: Message) -> None:
        self._events.append(event)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _tell_disconnect(self, code: int, reason: str) -> None:
        """Queue the one disconnect event; messages that came before it are still delivered first."""
        if self._disconnect is None:
            self._disconnect = {"type": "websocket.disconnect", "code": code, "reason": reason}
            self._put(self._disconnect)

    async def _receive(self) -> Message:
        events = self._events
        while not events:
            if self._disconnect is not None:
                return self._disconnect
            if self._waiter is not None and not self._waiter.done():
                raise RuntimeError("receive() is already being awaited")
            self._waiter = self._loop.create_future()
            await self._waiter
        self._waiter = None
        event = events.pop(0)
        if self._reading_paused and not events and self._state in (OPEN, CLOSING):
            self._resume_reading()
        return event

    # The end

    def _write_control(self, opcode: int, payload: bytes) -> None:
        if self._state == OPEN:
            self._transport.write(frames.encode_frame(opcode, payload))

    def _close(self, code: int, reason: str) -> None:
        """Begin the closing handshake from our side."""
        self._transport.write(frames.encode_close(code, reason))
        self._state = CLOSING
        self._tell_disconnect(code, reason)
        self._wheel.schedule(self, CLOSE_TIMEOUT_SECONDS)
        if self._reading_paused:
            self._resume_reading()

    def _fail(self, code: int, reason: str) -> None:
        """Fail the connection (§7.1.7) so that the peer gets to see why.

        Closing a socket that holds unread bytes resets it, and a reset overtakes our close frame. So: end our side,
        throw away what still arrives, and give up after a moment.
        """
        if self._state == OPEN:
            self._transport.write(frames.encode_close(code, reason))
        self._tell_disconnect(code, reason)
        self._state = DONE
        self._wheel.schedule(self, LINGER_SECONDS)
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _finish(self, patience_seconds: float) -> None:
        """Close the transport once its buffer is written, and abort it if the peer does not take that."""
        self._state = DONE
        self._wheel.schedule(self, patience_seconds)
        self._transport.close()
