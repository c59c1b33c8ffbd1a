"""Real server processes on the test's database, and logged-in sockets to them, for tests that kill and cut.

Used by tests/faults and the server parity tests. Never used by the product.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import websockets
from django.conf import settings

from realtime.testing import TestSocket, make_session

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
FRAME_SECONDS = 60
"""For a frame of a real server, which on a busy machine shares two cores with everything that the test started."""


_given: set[int] = set()


def free_port() -> int:
    """A port that nothing listens on at this moment, and that nobody was given who may not listen yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    if port in _given:
        return free_port()
    _given.add(port)
    return port


def command_line(server: str, port: int) -> list[str]:
    """How each server is started: `serve`, `serve-sansio`, `uvicorn` or `daphne`."""
    manage = [sys.executable, "manage.py", "serve", "--port", str(port), "--log-level", "warning"]
    plain = ["uvicorn", "collab.asgi:application", "--port", str(port), "--ws", "websockets-sansio"]
    return {
        "serve": manage,
        "serve-sansio": [*manage, "--websocket-class", "sansio"],
        "uvicorn": [sys.executable, "-m", *plain],
        "daphne": [sys.executable, "-m", "daphne", "-p", str(port), "collab.asgi:application"],
    }[server]


class Process:
    """One server process in a group of its own."""

    def __init__(self, environment: dict[str, str], server: str = "serve", *, wait: bool = True) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = server
        self._environment = {
            "DJANGO_SETTINGS_MODULE": "collab.settings",
            **environment,
            "SITE_URL": self.url,
            "ALLOWED_ORIGINS": self.url,
            "ALLOWED_HOSTS": "127.0.0.1",
            "LOG_LEVEL": "WARNING",
        }
        self._log = Path(environment["COLLAB_DATA_DIR"]) / f"server-{self.port}.log"
        self.launch()
        if wait:
            self.wait_until_ready()

    def start(self) -> None:
        """Starts the process and waits until it answers."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Starts the process."""
        self._process = subprocess.Popen(
            command_line(self._server, self.port),
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._scribe = threading.Thread(target=self._write_down, args=[self._process], daemon=True)
        self._scribe.start()

    def _write_down(self, process: subprocess.Popen[bytes]) -> None:
        """Keeps what the process says. It does not write the file itself: a test may take its disk away."""
        assert process.stdout is not None
        with process.stdout as words, self._log.open("ab", buffering=0) as log:
            while said := os.read(words.fileno(), 65536):
                log.write(said)

    def wait_until_ready(self) -> None:
        """Returns once /healthz answers."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self._server} ended at once: {self.log}")
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self._server} did not answer: {self.log}")

    @property
    def log(self) -> str:
        """What the process wrote."""
        return self._log.read_text(errors="replace")

    @property
    def pid(self) -> int:
        """Of the leader of the group."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """kill -9 of the whole group."""
        self._signal(signal.SIGKILL)

    def stop(self) -> float:
        """SIGTERM; returns the seconds that it took to drain."""
        started = time.monotonic()
        self._signal(signal.SIGTERM)
        return time.monotonic() - started

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            self._process.wait(timeout=20)
        self._scribe.join(timeout=20)


@contextlib.contextmanager
def running(environment: dict[str, str], *, count: int = 1, server: str = "serve") -> Iterator[list[Process]]:
    """So many server processes, started at once; killed at the end."""
    with contextlib.ExitStack() as stack:
        processes = []
        for _ in range(count):
            process = Process(environment, server, wait=False)
            stack.callback(process.kill)
            processes.append(process)
        for process in processes:
            process.wait_until_ready()
        yield processes


class Wire:
    """A real WebSocket as `realtime.testing` wants it."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self.connection = connection

    async def send_text(self, text: str) -> None:
        """Sends one text frame."""
        await self.connection.send(text)

    async def receive(self) -> str | int:
        """The next text frame, or the close code."""
        try:
            return str(await self.connection.recv())
        except websockets.ConnectionClosed as error:
            return error.rcvd.code if error.rcvd else 1006

    async def close(self) -> None:
        """Says good-bye."""
        await self.connection.close()


async def open_socket(process: Process, session_key: str, *, path: str = "/ws/chat/") -> TestSocket:
    """A socket to a real server, past its hello."""
    connection = await websockets.connect(
        process.url.replace("http", "ws") + path,
        origin=websockets.Origin(process.url),
        additional_headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={session_key}"},
        compression=None,
        max_queue=None,
        ping_interval=None,
        proxy=None,
    )
    socket = TestSocket(Wire(connection), patience=FRAME_SECONDS)
    await socket.expect("hello")
    return socket


@contextlib.asynccontextmanager
async def connected(process: Process, session_key: str) -> AsyncIterator[TestSocket]:
    """A socket that is closed at the end."""
    socket = await open_socket(process, session_key)
    try:
        yield socket
    finally:
        await socket.close()


__all__ = ["Process", "Wire", "connected", "free_port", "make_session", "open_socket", "running"]
