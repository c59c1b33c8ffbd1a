"""One connection of the scripted provider: HTTP as h11 has it, and the ways to break it.

Called by assistant.fake.server. Never decides what is answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import h11

BODY_BYTES_MOST: Final = 8_000_000
_READ_BYTES: Final = 65_536
_FLUSH_SECONDS: Final = 0.1
"""A reset throws away what the client has not read yet; so long it may take to read what came before."""


class LeftError(Exception):
    """The client went before it had its answer."""


@dataclass(slots=True)
class Seen:
    """A request as it came. `left`: its client went before the end of the answer."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any = None
    left: bool = False
    raw: bytes = field(default=b"", repr=False)


class Wire:
    """Reads requests, writes answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.SERVER)

    async def request(self) -> Seen | None:
        """The next request; None when there is none any more."""
        seen: Seen | None = None
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(_READ_BYTES))
            elif isinstance(event, h11.Request):
                headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
                seen = Seen(event.method.decode(), event.target.decode().partition("?")[0], headers)
            elif isinstance(event, h11.Data) and seen is not None:
                seen.raw += bytes(event.data)
                if len(seen.raw) > BODY_BYTES_MOST:
                    return None
            elif isinstance(event, h11.EndOfMessage) and seen is not None:
                with contextlib.suppress(ValueError):
                    seen.body = json.loads(seen.raw) if seen.raw else None
                return seen
            else:
                return None

    def again(self) -> bool:
        """Makes ready for the next request on this connection, if there can be one."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    async def begin(self, status: int, kind: str, headers: Mapping[str, str] | None = None) -> None:
        """Sends the head; without content-length the body is chunked."""
        every = {"content-type": kind, **(headers or {})}
        await self._write(h11.Response(status_code=status, headers=list(every.items())))

    async def send(self, data: bytes) -> None:
        """Sends a part of the body."""
        await self._write(h11.Data(data=data))

    async def end(self) -> None:
        """Sends the end of the body."""
        await self._write(h11.EndOfMessage())

    async def whole(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        """Sends a whole answer: HTML if the body is a text, JSON otherwise."""
        html = isinstance(body, str)
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        length = {"content-length": str(len(data)), **(headers or {})}
        await self.begin(status, "text/html; charset=utf-8" if html else "application/json", length)
        await self.send(data)
        await self.end()

    async def _write(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if not data:
            return
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:
            raise LeftError from None

    async def wait(self, event: asyncio.Event | None, seconds: float | None) -> None:
        """Waits for the event or the time, and notices when the client goes meanwhile."""
        gone = asyncio.ensure_future(self._reader.read(1))
        waits: set[asyncio.Future[Any]] = {gone}
        if event is not None:
            waits.add(asyncio.ensure_future(event.wait()))
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            # A client that waits for its answer has nothing to say; whatever it is, it is not waiting any more.
            if gone.done():
                raise LeftError
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def reset(self) -> None:
        """Breaks the connection so that the client's kernel is told of an error (RST)."""
        await asyncio.sleep(_FLUSH_SECONDS)
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def close(self) -> None:
        """Ends the connection; in the midst of an answer that is a cut."""
        self._writer.close()
