"""Real servers with a small application, and a client that speaks raw bytes.

Called by tests/realtime/test_server_*.py. Never uses a WebSocket library on the client's side: the tests send what
such a library would refuse to send.
"""

import asyncio
import base64
import contextlib
import gc
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn

from realtime.server import WEBSOCKET_CLASSES, WEBSOCKET_OPTIONS, DeadlineHttpProtocol
from realtime.websocket_frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, mask_with_integers

MASK = b"\x37\xfa\x21\x3d"  # the mask of the RFC's own examples (§5.7)
PATIENCE_SECONDS = 30.0
DROPPED = None  # the connection ended without a close frame

Frame = tuple[int, bytes]

__all__ = ["BINARY", "CLOSE", "CONTINUATION", "PING", "PONG", "TEXT"]


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Accept, then send every message back."""
    if scope["type"] == "lifespan":
        raise RuntimeError("no lifespan here")
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
        return
    while True:
        event = await receive()
        if event["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        elif event["type"] == "websocket.disconnect":
            return
        elif event.get("text") is not None:
            await send({"type": "websocket.send", "text": event["text"]})
        else:
            await send({"type": "websocket.send", "bytes": event["bytes"]})


async def who(scope: Any, receive: Any, send: Any) -> None:
    """Answer every connection with the number of the process that serves it."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": str(os.getpid())})
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def frozen(scope: Any, receive: Any, send: Any) -> None:
    """Answer every connection with how many objects the collector does not look at."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": str(gc.get_freeze_count())})


async def stubborn(scope: Any, receive: Any, send: Any) -> None:
    """Accept, say so, and never end, not even when cancelled or in its thread."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": str(os.getpid())})
    await asyncio.to_thread(time.sleep, 60)


def client_frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0, mask: bytes = MASK
) -> bytes:
    """One masked frame; `mask` empty leaves it unmasked."""
    first = (0x80 if fin else 0) | reserved << 4 | opcode
    masked = 0x80 if mask else 0
    if len(payload) < 126:
        head = bytes((first, masked | len(payload)))
    elif len(payload) < 65536:
        head = struct.pack("!BBH", first, masked | 126, len(payload))
    else:
        head = struct.pack("!BBQ", first, masked | 127, len(payload))
    return head + mask + (mask_with_integers(payload, mask) if mask else payload)


def close_frame(code: int = 1000, reason: bytes = b"") -> bytes:
    """A client's close frame."""
    return client_frame(CLOSE, struct.pack("!H", code) + reason)


class Client:
    """A TCP connection to a server under test."""

    def __init__(self, port: int, *, receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE_SECONDS)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = bytearray()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Write bytes as they are; a server that has closed already is no failure of the writer."""
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(data)

    def upgrade(self, path: str = "/", extra: str = "", key: str | None = None) -> str:
        """Send a handshake and return the head of the response."""
        key = key or base64.b64encode(os.urandom(16)).decode()
        self.send(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{extra}\r\n".encode()
        )
        return self.read_head()

    def opened(self, path: str = "/", extra: str = "") -> "Client":
        """Complete the handshake."""
        head = self.upgrade(path, extra)
        assert head.startswith("HTTP/1.1 101 "), head
        return self

    def read_head(self) -> str:
        """Return a response's status line and headers, '' at the end of the stream."""
        while b"\r\n\r\n" not in self.received:
            if not self._more():
                return self.received.decode("latin-1")
        head, _, rest = bytes(self.received).partition(b"\r\n\r\n")
        self.received = bytearray(rest)
        return head.decode("latin-1")

    def read_frame(self) -> Frame | None:
        """Return the next frame of the server, None at the end of the stream."""
        while True:
            frame, size = _parse(self.received)
            if frame is not None:
                del self.received[:size]
                return frame
            if not self._more():
                assert not self.received, f"the stream ended inside a frame: {bytes(self.received[:40])!r}"
                return None

    def read_to_end(self) -> tuple[list[Frame], int | None]:
        """Return the frames before the close frame, and its code (1005: none in it; DROPPED: no close frame)."""
        frames: list[Frame] = []
        while (frame := self.read_frame()) is not None:
            if frame[0] == CLOSE:
                assert self.read_frame() is None, "a frame followed the close frame"
                return frames, struct.unpack("!H", frame[1][:2])[0] if frame[1] else 1005
            frames.append(frame)
        return frames, DROPPED

    def _more(self) -> bool:
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            return False
        self.received += data
        return bool(data)


def _parse(data: bytearray) -> tuple[Frame | None, int]:
    """One unmasked server frame, and its size."""
    if len(data) < 2:
        return None, 0
    length, start = data[1], 2
    assert length < 128, "a server must not mask"
    if length >= 126:
        wide = 2 if length == 126 else 8
        if len(data) < 2 + wide:
            return None, 0
        length, start = int.from_bytes(data[2 : 2 + wide], "big"), 2 + wide
    if len(data) < start + length:
        return None, 0
    return (data[0] & 0xF, bytes(data[start : start + length])), start + length


class RunningServer:
    """uvicorn in a thread, on a free port."""

    def __init__(self, websocket_class: str, app: Any = echo, **options: Any) -> None:
        settings: dict[str, Any] = {
            **WEBSOCKET_OPTIONS,
            "ws": WEBSOCKET_CLASSES[websocket_class],
            "http": DeadlineHttpProtocol,
            "log_config": None,
            "access_log": False,
            "lifespan": "off",
            "timeout_graceful_shutdown": 5,
            "forwarded_allow_ips": "",
            **options,
        }
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.server = uvicorn.Server(uvicorn.Config(app, **settings))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]})
        self.thread.start()

    def connect(self, path: str = "/", extra: str = "") -> Client:
        """Return a client that has completed its handshake."""
        return Client(self.port).opened(path, extra)

    def call(self, function: Any) -> Any:
        """Run `function` on the server's loop and return its result."""
        return asyncio.run_coroutine_threadsafe(_async(function), self.loop).result(PATIENCE_SECONDS)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The server's loop, once it runs."""
        wait_until(lambda: self.server.started)
        loop: asyncio.AbstractEventLoop = self.server.servers[0].get_loop()
        return loop

    def stop(self) -> None:
        """Stop as on SIGTERM."""
        self.server.should_exit = True
        self.thread.join(PATIENCE_SECONDS)
        assert not self.thread.is_alive(), "the server did not stop"


async def _async(function: Any) -> Any:
    return function()


@contextlib.contextmanager
def running(websocket_class: str, app: Any = echo, **options: Any) -> Iterator[RunningServer]:
    """A server for as long as the block lasts."""
    server = RunningServer(websocket_class, app, **options)
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def running_daphne(application: str = f"{__name__}:echo") -> Iterator[int]:
    """Daphne in a process of its own; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        descriptor = listener.fileno()
        command = [sys.executable, "-m", "daphne", "--fd", str(descriptor), application]
        process = subprocess.Popen(command, pass_fds=[descriptor], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield listener.getsockname()[1]
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def wait_until(condition: Any, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for something that another thread or process brings about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
