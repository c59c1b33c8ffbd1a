"""A WebSocket server protocol for uvicorn with little per connection: one object, one task, no timer, no queue object.

Chosen by `manage.py serve` (see `realtime.server`); uvicorn makes one instance for each upgraded connection.
Never decides who may enter and never reads a message: it carries the application's answers to the wire.
"""

import asyncio
import logging
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected, get_local_addr, get_remote_addr, is_ssl
from uvicorn.server import ServerState

from realtime import websocket_frames as frames
from realtime import websocket_handshake as handshake
from realtime.websocket_connection import (
    ASKED,
    CLOSING,
    DENYING,
    LINGER_SECONDS,
    NEW,
    OPEN,
    Message,
    WebSocketConnection,
)

logger = logging.getLogger("uvicorn.error")


class LeanWebSocketProtocol(WebSocketConnection):
    """The handshake and the ASGI application of one connection."""

    __slots__ = ("_app_state", "_denial", "_request")

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Take what uvicorn gives every protocol class."""
        super().__init__(config, server_state, _loop or asyncio.get_running_loop())
        self._app_state = app_state
        self._request: handshake.Request | None = None
        self._denial: tuple[int, handshake.Headers, bytearray] | None = None

    # Handshake

    def _start(self, data: bytes) -> None:
        try:
            self._request = request = handshake.parse_request(data)
        except handshake.HandshakeError as error:
            self._refuse(error.response)
            return
        self._state = ASKED
        self._events.append({"type": "websocket.connect"})
        task = self._loop.create_task(self._run(self._scope(request)))
        self._server_state.tasks.add(task)
        task.add_done_callback(self._server_state.tasks.discard)

    def _scope(self, request: handshake.Request) -> Message:
        root_path = self._config.root_path
        transport = self._transport
        return {
            "type": "websocket",
            "asgi": {"version": self._config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if is_ssl(transport) else "ws",
            "server": get_local_addr(transport),
            "client": get_remote_addr(transport),
            "root_path": root_path,
            "path": root_path + request.path,
            "raw_path": root_path.encode("ascii") + request.raw_path,
            "query_string": request.query_string,
            "headers": request.headers,
            "subprotocols": request.subprotocols,
            "state": self._app_state.copy(),
            "extensions": {"websocket.http.response": {}, "collab.frames": {"writer": self}},
        }

    def _answer(self, message: Message) -> None:
        """Take the application's answer to the handshake."""
        kind = message["type"]
        if kind == "websocket.accept" and self._state == ASKED:
            self._accept(message)
        elif kind == "websocket.close" and self._state == ASKED:
            assert self._request is not None
            self._log(self._request, "403")
            self._tell_disconnect(frames.ABNORMAL, "")
            self._refuse(handshake.http_response(403, b"", []))
        elif kind == "websocket.http.response.start" and self._state == ASKED:
            self._denial = (message["status"], list(message.get("headers", ())), bytearray())
            self._state = DENYING
        elif kind == "websocket.http.response.body" and self._state == DENYING:
            self._deny(message)
        else:
            raise RuntimeError(f"{kind!r} is no answer to the handshake here")

    def _accept(self, message: Message) -> None:
        request = self._request
        assert request is not None  # ASKED is reached with a request only
        headers = [*self._server_state.default_headers, *message.get("headers", ())]
        self._transport.write(handshake.accept_response(request, headers, message.get("subprotocol") or None))
        self._log(request, "[accepted]")
        self._request = None
        self._state = OPEN
        if self._config.ws_ping_interval:
            self._wheel.schedule(self, self._config.ws_ping_interval)
        self._resume_reading()

    def _refuse(self, response: bytes) -> None:
        """Answer the handshake with an HTTP response and end the connection."""
        self._transport.write(response)
        self._finish(LINGER_SECONDS)

    def _deny(self, message: Message) -> None:
        """Collect a `websocket.http.response`; send it when it is whole."""
        assert self._denial is not None  # DENYING is reached with both
        assert self._request is not None
        status, headers, body = self._denial
        body += message.get("body", b"")
        if not message.get("more_body", False):
            self._log(self._request, str(status))
            self._tell_disconnect(frames.ABNORMAL, "")
            self._refuse(handshake.http_response(status, bytes(body), headers))

    def _log(self, request: handshake.Request, outcome: str) -> None:
        """Log like uvicorn does, without the query string: it may hold what is nobody's business."""
        if self._config.access_log:
            host, port = get_remote_addr(self._transport) or ("-", 0)
            logger.info('%s:%d - "WebSocket %s" %s', host, port, request.path, outcome)

    # The application

    async def _run(self, scope: Message) -> None:
        try:
            await self._config.loaded_app(scope, self._receive, self._send)
        except ClientDisconnected:
            self._end(frames.NORMAL)
        except asyncio.CancelledError:
            self._end(frames.RESTART)
            raise
        except Exception:
            logger.exception("Exception in ASGI application")
            self._end(frames.INTERNAL_ERROR)
        else:
            if self._state in (ASKED, DENYING):
                logger.error("The ASGI application returned without answering the handshake.")
            self._end(frames.NORMAL)

    def _end(self, code: int) -> None:
        """Leave nothing open behind an application that is gone."""
        if self._state in (ASKED, DENYING):
            self._refuse(handshake.http_response(500, b"Internal Server Error", []))
        elif self._state == OPEN:
            self._close(code, "")
        self._events.clear()

    def shutdown(self) -> None:
        """Called by uvicorn when the server stops."""
        if self._state in (ASKED, DENYING):
            self._tell_disconnect(frames.RESTART, "")
            self._refuse(handshake.http_response(503, b"The server is restarting.", []))
        elif self._state == OPEN:
            self._close(frames.RESTART, "")
        elif self._state == NEW:
            self._transport.close()

    async def _send(self, message: Message) -> None:
        while self._writable is not None:
            await self._writable.wait()
        if self._state >= CLOSING:
            raise ClientDisconnected
        if self._state == OPEN:
            self._send_open(message)
        else:
            self._answer(message)

    def _send_open(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.send":
            data = message.get("bytes")
            if data is not None:
                self._transport.write(frames.encode_frame(frames.BINARY, data))
            else:
                self._transport.write(frames.encode_frame(frames.TEXT, message["text"].encode()))
        elif kind == "websocket.close":
            self._close(message.get("code") or frames.NORMAL, message.get("reason") or "")
        else:
            raise RuntimeError(f"expected websocket.send or websocket.close, got {kind!r}")
