"""A person who types over real sockets, and comes back when one dies: what the browser's editor does, in Python.

Used by the tests that kill and race processes. Never knows more than a browser would: it sees frames only.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

import websockets

from editor.changes import ChangeSet
from editor.units import Units, to_units
from realtime.testing import TestSocket
from tests.cluster import Process, open_socket

LOST = (websockets.WebSocketException, OSError, TimeoutError, AssertionError)


class Typist:
    """One editor state: text, version, unconfirmed edits; lives on over reconnects.

    Attributes:
        letter: the only character this person types, so that theirs can be counted in the end.
        typed: how many of them.
    """

    def __init__(self, processes: list[Process], key: str, user_id: int, document_id: int, number: int) -> None:
        self.processes = processes
        self.key = key
        self.client_id = f"{user_id}-editor{number}"
        self.path = f"/ws/editor/{document_id}/"
        self.topic = f"document:{document_id}"
        self.letter = chr(0x4E00 + number)
        self.typed = 0
        self.units = Units("")
        self.version: int | None = None
        self.pending: list[ChangeSet] = []
        self._turn = number
        self._random = random.Random(number)
        self._socket: TestSocket | None = None

    def type(self) -> None:
        """One more letter somewhere, not sent yet."""
        place = self._random.randint(0, len(self.units))
        change = ChangeSet.from_edits(len(self.units), [(place, place, self.letter)])
        self.units = change.apply(self.units)
        self.pending.append(change)
        self.typed += 1

    async def send_all(self) -> None:
        """Pushes and listens until nothing is unconfirmed, over as many sockets as it takes."""
        async with asyncio.timeout(60):
            while self.pending or self.version is None:
                try:
                    await self._exchange()
                except LOST:
                    await self._hang_up()
                    await asyncio.sleep(0.05 + self._random.random() * 0.1)

    async def catch_up(self, version: int) -> None:
        """Listens until the document is at this version."""
        async with asyncio.timeout(60):
            while (self.version or 0) < version:
                try:
                    socket = await self._open()
                    await self._say(socket, "document.pull", version=self.version)
                    while (self.version or 0) < version:
                        self._take(await socket._next())
                except LOST:
                    await self._hang_up()
        await self._hang_up()

    async def _exchange(self) -> None:
        socket = await self._open()
        if self.pending:
            updates = [change.to_json() for change in self.pending[:256]]
            answer = await self._say(socket, "document.push", version=self.version, updates=updates)
            assert answer["type"] == "ack", answer
            while self.version is not None and self.version < answer["data"]["version"]:
                self._take(await socket._next())

    async def _open(self) -> TestSocket:
        if self._socket is None:
            self._turn += 1
            process = self.processes[self._turn % len(self.processes)]
            self._socket = await open_socket(process, self.key, path=self.path)
            answer = await self._say(self._socket, "document.join", client_id=self.client_id, version=self.version)
            assert answer["type"] == "ack", answer
        return self._socket

    async def _say(self, socket: TestSocket, name: str, **data: Any) -> dict[str, Any]:
        """Sends a command and takes what comes before its answer."""
        ref = await socket.send(name, data, topic=self.topic)
        while True:
            frame = await socket._next()
            if frame["type"] in {"ack", "error"} and frame.get("ref") == ref:
                return frame
            self._take(frame)

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "document.snapshot" and self.version is None:
            assert not self.pending
            self.units, self.version = to_units(frame["data"]["text"]), frame["data"]["version"]
        elif frame["type"] == "document.updates" and self.version is not None:
            for update in frame["data"]["updates"]:
                if update["version"] == self.version + 1:
                    self._receive(update["client_id"], ChangeSet.from_json(update["changes"]))
                else:
                    assert update["version"] <= self.version, "a hole"

    def _receive(self, client_id: str, change: ChangeSet) -> None:
        assert self.version is not None
        self.version += 1
        if client_id == self.client_id:
            assert self.pending.pop(0) == change
            return
        for index, mine in enumerate(self.pending):
            self.pending[index] = mine.map(change, before=False)
            change = change.map(mine, before=True)
        self.units = change.apply(self.units)

    async def _hang_up(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()
