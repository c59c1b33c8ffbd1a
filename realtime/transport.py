"""Writes ready frames to one socket: straight to the server's transport where it offers that, else by ASGI send.

Called by the hub and by consumers on the event loop. Never knows a topic, a person or what a frame says.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any, Protocol

from realtime.daphne_writer import find_writer
from realtime.websocket_frames import TEXT, encode_frame

EXTENSION = "collab.frames"
logger = logging.getLogger(__name__)

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class FrameWriter(Protocol):
    """What the ASGI extension `collab.frames` offers in a websocket scope."""

    @property
    def open(self) -> bool:
        """True between websocket.accept and the first close frame of either side."""

    def write(self, frames: bytes) -> None:
        """Writes complete, unmasked RFC 6455 frames; does nothing before the handshake and after the close."""

    def buffered_bytes(self) -> int:
        """Bytes that the kernel has not taken yet."""

    def hear_ahead(self, taker: Callable[[str], bool]) -> None:
        """Shows each text that comes to `taker` before the application; may do nothing (see `Outlet.hear_ahead`)."""


def text_frame(payload: bytes) -> bytes:
    """One unfragmented, unmasked text frame (RFC 6455 §5.2) around UTF-8 `payload`."""
    return encode_frame(TEXT, payload)


def payloads_of(frames: bytes) -> Iterator[bytes]:
    """The payloads of frames made by `text_frame` and joined."""
    position = 0
    while position < len(frames):
        length = frames[position + 1]
        position += 2
        if length > 125:
            body = position + (2 if length == 126 else 8)
            length = int.from_bytes(frames[position:body], "big")
            position = body
        yield frames[position : position + length]
        position += length


class Outlet:
    """The way out to one socket. `write` takes joined frames of `text_frame`, in the order they must arrive."""

    __slots__ = ("write",)

    write: Callable[[bytes], None]

    def hear_ahead(self, taker: Callable[[str], bool]) -> None:
        """Shows each text that comes to `taker` first, where the server can: what it takes (True) wakes no task."""

    def close(self) -> None:
        """No more writes."""

    def unread_bytes(self) -> int:
        """Bytes written that wait here because the peer does not read."""
        return 0

    async def finish(self) -> None:
        """Waits until everything written has been handed to the server."""


class FastOutlet(Outlet):
    """Joined bytes go to the transport in one call: no task, queue or future for a delivery."""

    __slots__ = ("_writer",)

    def __init__(self, writer: FrameWriter) -> None:
        self._writer = writer
        self.write = writer.write

    def hear_ahead(self, taker: Callable[[str], bool]) -> None:
        """See Outlet."""
        self._writer.hear_ahead(taker)

    def unread_bytes(self) -> int:
        """What the kernel has not taken yet."""
        return self._writer.buffered_bytes()


class AsgiOutlet(Outlet):
    """For servers without the extension: frames wait in a queue that one task empties through ASGI send."""

    __slots__ = ("_queue", "_send", "_task", "_unread")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._queue: deque[bytes] = deque()
        self._task: asyncio.Task[None] | None = None
        self._unread = 0
        self.write = self._enqueue

    def _enqueue(self, frames: bytes) -> None:
        for payload in payloads_of(frames):
            self._queue.append(payload)
            self._unread += len(payload)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        try:
            while self._queue:
                payload = self._queue.popleft()
                await self._send({"type": "websocket.send", "text": payload.decode()})
                self._unread -= len(payload)
        except Exception as error:  # noqa: BLE001 - a server may raise anything once its peer is gone
            logger.debug("socket went away while sending: %r", error)
            self.close()
        finally:
            self._task = None

    def close(self) -> None:
        """Drops what was not sent."""
        self._queue.clear()
        self._unread = 0

    def unread_bytes(self) -> int:
        """What the server has not taken yet."""
        return self._unread

    async def finish(self) -> None:
        """Waits for the queue, so that a close frame cannot overtake an error frame."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=5)


def open_outlet(scope: MutableMapping[str, Any], send: Send) -> Outlet:
    """The best way out that this connection's server offers."""
    extension = (scope.get("extensions") or {}).get(EXTENSION)
    writer: FrameWriter | None = extension["writer"] if extension else find_writer(send)
    return FastOutlet(writer) if writer is not None else AsgiOutlet(send)
