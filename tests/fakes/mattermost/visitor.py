"""A plain client for tests of the imitated server: requests and frames as they are, with no bridge's cleverness.

Called by tests/integrations/imitated. Never retries and never reconnects.
"""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any, Self

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

QUIET_SECONDS = 0.15
PATIENCE_SECONDS = 20.0


class Visitor:
    """Somebody with a token at one server."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url, self._headers = url, {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx2.AsyncClient(base_url=url, headers=self._headers, timeout=PATIENCE_SECONDS, trust_env=False)
        self._ears: list[Ear] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for ear in self._ears:
            ear.cut()
            await ear.line.wait_closed()
        await self._http.aclose()

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        """One request below /api/v4."""
        if body is not None:
            more["json"] = body
        return await self._http.request(method, f"/api/v4{path}", **more)

    async def hook(self, key: str, **more: Any) -> httpx2.Response:
        """One delivery to an incoming webhook."""
        return await self._http.post(f"/hooks/{key}", **more)

    async def post(self, channel_id: str, message: str, **more: Any) -> dict[str, Any]:
        """A post that has to succeed."""
        answer = await self.ask("POST", "/posts", {"channel_id": channel_id, "message": message, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def listen(self, query: str = "", *, known: bool = True) -> Ear:
        """A WebSocket, with the token in its header unless `known` is False."""
        url = self._url.replace("http", "ws", 1) + "/api/v4/websocket" + query
        headers = self._headers if known else {}
        line = await connect(url, additional_headers=headers, max_size=None, ping_interval=None, proxy=None)
        self._ears.append(Ear(line))
        return self._ears[-1]


class Ear:
    """One WebSocket and what came on it."""

    def __init__(self, line: ClientConnection) -> None:
        self.line = line
        self.frames: list[dict[str, Any]] = []

    async def send(self, **frame: Any) -> None:
        """Sends a frame."""
        await self.line.send(json.dumps(frame))

    async def next(self) -> dict[str, Any]:
        """The next frame."""
        frame = json.loads(await asyncio.wait_for(self.line.recv(), PATIENCE_SECONDS))
        self.frames.append(frame)
        return frame

    async def until(self, event: str) -> dict[str, Any]:
        """The next event of this name; others before it stay in `frames`."""
        while (frame := await self.next()).get("event") != event:
            pass
        return frame

    async def pong(self, ref: int) -> list[dict[str, Any]]:
        """Everything that came before the answer to a ping: an ordered line proves what is not there."""
        before = len(self.frames)
        await self.send(seq=ref, action="ping")
        while (await self.next()).get("seq_reply") != ref:
            pass
        return self.frames[before:-1]

    async def ended(self) -> int | None:
        """Waits for the end; the close code, None for a line that was cut."""
        try:
            while True:
                await self.next()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None

    def cut(self) -> None:
        """Resets the line."""
        self.line.transport.abort()
