"""A client that keeps to the protocol whatever dies: outbox with cids, resume by seq, reconnect with jitter.

Used by the fault tests as the person in front of the page; the page's own client is tested in the browser.
"""

import asyncio
import contextlib
import json
import random
import uuid
from collections.abc import Callable

import websockets
from django.conf import settings

from tests.cluster import Process

RETRY_SECONDS = 0.2
FINAL = {"forbidden", "not_found", "not_member", "invalid", "too_large", "conflict", "read_only", "muted"}


class Client:
    """One tab in one room.

    Attributes:
        heard: the bodies of messages in the order of their seq.
        acked: the answer of each cid.
        closed_with: close codes met so far.
    """

    def __init__(self, processes: list[Process], session_key: str, room_id: int) -> None:
        self._processes = processes
        self._cookie = f"{settings.SESSION_COOKIE_NAME}={session_key}"
        self._topic = f"room:{room_id}"
        self.last: int | None = None
        self.heard: list[str] = []
        self.seqs: list[int] = []
        self.acked: dict[str, dict] = {}
        self.refused: dict[str, str] = {}
        self.closed_with: list[int] = []
        self.outbox: dict[str, str] = {}
        self.online = asyncio.Event()
        self._changed = asyncio.Event()
        self._task: asyncio.Task | None = None
        self._refs: dict[int, str] = {}
        self._paused: dict[str, float] = {}
        self._connection: websockets.ClientConnection | None = None

    async def __aenter__(self) -> "Client":
        self._task = asyncio.create_task(self._live())
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def say(self, body: str) -> str:
        """Puts a message into the outbox; returns its cid."""
        cid = str(uuid.uuid4())
        self.outbox[cid] = body
        self._changed.set()
        return cid

    async def until(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        """Waits for what must become true."""
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.02)

    def cut(self) -> None:
        """The network goes away under the connection."""
        if self._connection is not None:
            self._connection.transport.abort()

    async def _live(self) -> None:
        while True:
            process = random.choice(self._processes)
            try:
                await self._converse(process)
            except websockets.ConnectionClosed as error:
                self.closed_with.append(error.rcvd.code if error.rcvd else 1006)
            except (OSError, websockets.WebSocketException, TimeoutError):
                self.closed_with.append(1006)
            self.online.clear()
            await asyncio.sleep(RETRY_SECONDS * random.random())

    async def _converse(self, process: Process) -> None:
        async with websockets.connect(
            process.url.replace("http", "ws") + "/ws/chat/",
            origin=websockets.Origin(process.url),
            additional_headers={"Cookie": self._cookie},
            compression=None,
            max_queue=None,
            ping_interval=5,
            ping_timeout=10,
            open_timeout=10,
            close_timeout=1,
            proxy=None,
        ) as connection:
            taken = 0
            self._connection = connection
            await connection.send(self._subscribe())
            sender = asyncio.create_task(self._send_outbox(connection))
            try:
                async for text in connection:
                    frame = json.loads(text)
                    if "topic" in frame and frame["type"] != "reset":
                        taken += 1
                        if taken % 50 == 0:
                            word = {"type": "received", "data": {"frames": taken}}
                            await connection.send(json.dumps(word, separators=(",", ":")))  # as the page writes it
                    await self._take(connection, frame)
            finally:
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)

    def _subscribe(self) -> str:
        return json.dumps({"type": "subscribe", "ref": 1, "data": {"topics": {self._topic: self.last}}})

    async def _take(self, connection: websockets.ClientConnection, frame: dict) -> None:
        ref = frame.get("ref")
        if frame["type"] == "ack" and ref == 1:
            state = frame["data"][self._topic]
            if state["mode"] == "snapshot" and self.last is None:
                self.last = state["head"]
            self.online.set()
        elif frame["type"] == "ack" and isinstance(ref, int) and ref in self._refs:
            cid = self._refs.pop(ref)
            self.acked[cid] = frame["data"]
            self.outbox.pop(cid, None)
        elif frame["type"] == "error" and ref in self._refs:
            cid = self._refs.pop(ref)
            if frame["code"] in FINAL:
                self.refused[cid] = frame["code"]
                self.outbox.pop(cid, None)
            else:
                pause = frame.get("retry_after") or 0.2
                asyncio.get_running_loop().call_later(pause, self._changed.set)
                self._paused[cid] = asyncio.get_running_loop().time() + pause
        elif "seq" in frame:
            await self._apply(connection, frame)

    async def _apply(self, connection: websockets.ClientConnection, frame: dict) -> None:
        assert self.last is not None
        if frame["seq"] <= self.last:
            return
        if frame["seq"] != self.last + 1:
            await connection.send(self._subscribe())
            return
        self.last = frame["seq"]
        self.seqs.append(frame["seq"])
        if frame["type"] == "message.created":
            self.heard.append(frame["data"]["message"]["body"])

    async def _send_outbox(self, connection: websockets.ClientConnection) -> None:
        """Sends what waits, in order; what was sent on an earlier connection goes again with its cid."""
        self._refs = {}
        ref = 1
        while True:
            on_the_way = set(self._refs.values())
            for cid, body in list(self.outbox.items()):
                if cid not in on_the_way and self._paused.get(cid, 0) <= asyncio.get_running_loop().time():
                    ref += 1
                    self._refs[ref] = cid
                    data = {"cid": cid, "body": body}
                    frame = {"type": "message.send", "ref": ref, "topic": self._topic, "data": data}
                    await connection.send(json.dumps(frame))
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), 0.5)
