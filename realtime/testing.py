"""Logged-in test sockets: `send`, `expect`, `expect_closed`. For tests only, in-process or against a real server.

Never used by the product.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

from asgiref.sync import sync_to_async
from channels.layers import channel_layers
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from realtime import sessions, threads
from realtime.hub import hub
from realtime.presence import roster

ORIGIN = "http://testserver"
TIMEOUT_SECONDS = 10.0
CLOSE_SECONDS = 60.0


class Link(Protocol):
    """A way to exchange frames with the application."""

    async def send_text(self, text: str) -> None:
        """Sends one text frame."""

    async def receive(self) -> str | int:
        """The next text frame, or the close code."""

    async def close(self) -> None:
        """Goes away."""


class Communicator:
    """In-process, through Channels' test communicator."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self._communicator = communicator

    async def send_text(self, text: str) -> None:
        """Sends one text frame."""
        await self._communicator.send_to(text_data=text)

    async def receive(self) -> str | int:
        """The next text frame, or the close code."""
        message = await self._communicator.receive_output(TIMEOUT_SECONDS)
        return int(message.get("code", 1000)) if message["type"] == "websocket.close" else str(message["text"])

    async def close(self) -> None:
        """Goes away."""
        await self._communicator.disconnect(timeout=TIMEOUT_SECONDS)


class TestSocket:
    """A conversation with a consumer that reads as a transcript."""

    __test__ = False

    def __init__(self, link: Link, *, patience: float = TIMEOUT_SECONDS) -> None:
        self._link = link
        self._patience = patience
        self._refs = itertools.count(1)
        self._frames: list[dict[str, Any]] = []
        self.taken = 0

    async def send(self, type: str, data: dict[str, Any] | None = None, *, topic: str = "") -> int:
        """Sends a command without waiting; returns its ref."""
        ref = next(self._refs)
        frame = {"type": type, "ref": ref, "data": data or {}}
        await self.send_raw(json.dumps(frame | ({"topic": topic} if topic else {})))
        return ref

    async def send_raw(self, text: str) -> None:
        """Sends any text."""
        await self._link.send_text(text)

    async def command(self, type: str, data: dict[str, Any] | None = None, *, topic: str = "") -> dict[str, Any]:
        """Sends a command and returns its ack or error; events that come before it are kept for `expect`."""
        ref = await self.send(type, data, topic=topic)
        return await self._find(lambda frame: frame["type"] in {"ack", "error"} and frame.get("ref") == ref)

    async def expect(self, type: str, **fields: Any) -> dict[str, Any]:
        """The next kept or coming frame of this type whose data holds these fields."""

        def fits(frame: dict[str, Any]) -> bool:
            data = frame.get("data") or frame
            return frame["type"] == type and all(data.get(name) == value for name, value in fields.items())

        return await self._find(fits)

    async def expect_silence(self, seconds: float = 0.3) -> None:
        """No frame comes for a while."""
        try:
            frame = await asyncio.wait_for(asyncio.shield(self._next()), seconds)
        except TimeoutError:
            return
        raise AssertionError(f"unexpected frame {frame}")

    async def expect_closed(self, code: int) -> None:
        """The server closes with this code; frames before it are skipped."""
        while True:
            frame = await asyncio.wait_for(self._link.receive(), CLOSE_SECONDS)
            if isinstance(frame, int):
                assert frame == code, f"closed with {frame}, not {code}"
                return

    async def subscribe(self, **topics: int | None) -> dict[str, Any]:
        """Subscribes; room_12=None stands for the topic `room:12`. Returns the ack's data."""
        wanted = {name.replace("_", ":", 1): seq for name, seq in topics.items()}
        answer = await self.command("subscribe", {"topics": wanted})
        assert answer["type"] == "ack", answer
        return dict(answer["data"])

    async def close(self) -> None:
        """Goes away."""
        await self._link.close()

    async def _find(self, fits: Any) -> dict[str, Any]:
        for index, frame in enumerate(self._frames):
            if fits(frame):
                return self._frames.pop(index)
        while True:
            frame = await self._next()
            if fits(frame):
                return frame
            self._frames.append(frame)

    async def _next(self) -> dict[str, Any]:
        text = await asyncio.wait_for(self._link.receive(), self._patience)
        if isinstance(text, int):
            raise AssertionError(f"closed with {text}; before it came {self._frames}")
        frame: dict[str, Any] = json.loads(text)
        if "topic" in frame and frame["type"] != "reset":
            self.taken += 1
            if self.taken % 50 == 0:
                await self.send_raw(json.dumps({"type": "received", "data": {"frames": self.taken}}))
        return frame


def make_session(user: Any) -> str:
    """A stored login session of the person; returns its key."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


@asynccontextmanager
async def connected(
    user: Any, *, path: str = "/ws/chat/", application: Any, session_key: str | None = None
) -> AsyncIterator[TestSocket]:
    """A socket of this person to the application in this process, past its hello."""
    key = session_key or await sync_to_async(make_session)(user)
    headers = [(b"origin", ORIGIN.encode()), (b"host", b"testserver"), cookie_header(key)]
    communicator = WebsocketCommunicator(application, path, headers)
    accepted, _ = await communicator.connect(TIMEOUT_SECONDS)
    assert accepted
    socket = TestSocket(Communicator(communicator))
    await socket.expect("hello")
    try:
        yield socket
    finally:
        await socket.close()


def cookie_header(session_key: str) -> tuple[bytes, bytes]:
    """The header that a signed-in browser sends."""
    return b"cookie", f"{settings.SESSION_COOKIE_NAME}={session_key}".encode()


async def stop_realtime() -> None:
    """Ends the hub's and the roster's tasks and the threads with their connections; call it after each test."""
    await hub.stop()
    await roster.stop()
    await asyncio.to_thread(threads.close)
    channel_layers.backends.clear()
    sessions.forget_all()
