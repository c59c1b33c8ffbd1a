"""The server's side of `collab.frames`: which WebSocket class uvicorn runs, and an HTTP class with deadlines.

Called by `manage.py serve` and by the tests, which hand these classes to `uvicorn.Config`.
Never knows topics, people or Django: an application finds the writer in scope["extensions"]["collab.frames"].
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol, TypedDict

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.protocol import State

from realtime import websocket_frames as frames
from realtime.websocket_lean import LeanWebSocketProtocol
from realtime.wheel import wheel_of

HEADER_TIMEOUT_SECONDS: Final = 10.0
HEADER_MAX_BYTES: Final = 65_536
EXTENSION: Final = "collab.frames"


class ServerOptions(TypedDict):
    """Settings of `uvicorn.Config` that belong to these classes."""

    ws_max_size: int
    ws_max_queue: int
    ws_ping_interval: float
    ws_ping_timeout: float
    ws_per_message_deflate: bool


# A peer that is gone is noticed one interval and one time-out after its last sign of life: 36 s and two ticks.
WEBSOCKET_OPTIONS: Final[ServerOptions] = {
    "ws_max_size": 1_048_576,
    "ws_max_queue": 32,
    "ws_ping_interval": 18.0,
    "ws_ping_timeout": 18.0,
    "ws_per_message_deflate": False,
}


class FramesWriter(Protocol):
    """What `scope["extensions"]["collab.frames"]["writer"]` offers; to be used on the loop's thread only."""

    @property
    def open(self) -> bool:
        """True between websocket.accept and the first close frame of either side."""

    def write(self, frames: bytes) -> None:
        """Write ready, complete, unmasked frames, in order with ASGI send; a silent no-op unless open."""

    def buffered_bytes(self) -> int:
        """Bytes written that the operating system has not taken yet."""

    def hear_ahead(self, taker: Callable[[str], bool]) -> None:
        """Show each text to `taker` before it is queued for the application; a class that cannot does nothing."""


class SansioWebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's own class on the `websockets` parser, with the extension and with honest close codes."""

    @property
    def open(self) -> bool:
        """True between websocket.accept and the first close frame of either side."""
        return (
            self.handshake_complete and not self.close_sent and not self.disconnected and self.conn.state is State.OPEN
        )

    def write(self, frames: bytes) -> None:
        """Write ready frames; nothing is left in the sans-I/O object between calls, so the order holds."""
        if self.open:
            self.transport.write(frames)

    def buffered_bytes(self) -> int:
        """Bytes written that the operating system has not taken yet."""
        return 0 if self.disconnected else self.transport.get_write_buffer_size()

    def hear_ahead(self, taker: Callable[[str], bool]) -> None:
        """Do nothing: uvicorn's class hands everything to the application."""

    async def run_asgi(self) -> None:
        """Offer the writer, then run the application."""
        self.scope["extensions"][EXTENSION] = {"writer": self}
        await super().run_asgi()

    def connection_lost(self, exc: Exception | None) -> None:
        # Uvicorn reports 1005 here, which means a close frame without a code; there was none at all.
        self.queue.put_nowait({"type": "websocket.disconnect", "code": frames.ABNORMAL})
        super().connection_lost(exc)

    def send_receive_event_to_app(self) -> None:
        # Uvicorn answers bad UTF-8 rightly, but logs a traceback of it: a client's to write, as often as it likes.
        if self.curr_msg_data_type == "text":
            self.frames = [b"".join(self.frames)]
            try:
                self.frames[0].decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.send_close(frames.NOT_UTF8)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def send_500_response(self) -> None:
        # After the handshake uvicorn would only cut the connection when the application fails.
        if self.open:
            self.conn.send_close(frames.INTERNAL_ERROR)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        else:
            super().send_500_response()


class DeadlineHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP class, which by itself waits for ever for a request that drips in."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._wheel = wheel_of(self.loop)
        self.wheel_slot = 0
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wheel.schedule(self, HEADER_TIMEOUT_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wheel.cancel(self)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_bytes = 0
        if not self.wheel_slot:
            self._wheel.schedule(self, HEADER_TIMEOUT_SECONDS)

    def on_headers_complete(self) -> None:
        self._wheel.cancel(self)
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.wheel_slot:  # the headers are still not complete
            self._header_bytes += len(data)
            if self._header_bytes > HEADER_MAX_BYTES:
                self._wheel.cancel(self)
                self.send_400_response("The headers of this request are too long.")

    def on_turn(self) -> None:
        """Called by the wheel when the headers took too long."""
        self.transport.abort()


WEBSOCKET_CLASSES: Final[dict[str, type[asyncio.Protocol]]] = {
    "lean": LeanWebSocketProtocol,
    "sansio": SansioWebSocketProtocol,
}
