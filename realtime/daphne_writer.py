"""Ready frames straight to daphne's connection: what `collab.frames` is on our own server, found behind ASGI send.

Used by transport.py on the event loop, which under daphne is the reactor's too. Daphne hands the application a partial
of its server's method with the connection as the argument; by itself it would make a frame from text for each
delivery and ask the reactor twice for each write. Never closes a connection: daphne does.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from twisted.internet.tcp import Connection


class DaphneWriter:
    """Writes to one connection, at once when nothing waits in its buffer."""

    __slots__ = ("_protocol", "_transport")

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._transport = protocol.transport

    @property
    def open(self) -> bool:
        """True between websocket.accept and the first close frame of either side."""
        return bool(self._protocol.state == self._protocol.STATE_OPEN)

    def write(self, frames: bytes) -> None:
        """Writes ready, complete, unmasked frames; nothing happens on a socket that is not open."""
        protocol, transport = self._protocol, self._transport
        if protocol.state != protocol.STATE_OPEN:
            return
        if transport.dataBuffer or transport._tempDataLen:
            transport.write(frames)  # behind what waits, a frame of which may be half sent
            return
        sent = transport.writeSomeData(frames)
        if sent != len(frames):
            # Given to the reactor, a connection that is lost ends there as daphne expects it.
            transport.write(frames[sent:] if isinstance(sent, int) else frames)

    def buffered_bytes(self) -> int:
        """Bytes written that the operating system has not taken yet."""
        transport = self._transport
        return int(len(transport.dataBuffer) - transport.offset + transport._tempDataLen)

    def hear_ahead(self, taker: Callable[[str], bool]) -> None:
        """Does nothing: daphne hands everything to the application."""


def find_writer(send: Any) -> DaphneWriter | None:
    """The writer of a connection that daphne serves without TLS of its own; None for every other server."""
    daphne = sys.modules.get("daphne.ws_protocol")
    if daphne is None or not isinstance(send, functools.partial) or len(send.args) != 1:
        return None
    protocol = send.args[0]
    if isinstance(protocol, daphne.WebSocketProtocol) and isinstance(protocol.transport, Connection):
        return DaphneWriter(protocol)
    return None
