"""A recorded editing session, played again through real sockets: every author is a client of a real server.

Used by tests/faults/test_replay.py and by the command in replay.py. An author's socket hears everything at once; the
author takes in only what the recorded one had seen, and never more.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import uuid4

from editor.changes import ChangeSet
from editor.units import Units, from_units, to_units
from realtime.testing import TestSocket
from tests.cluster import Process, open_socket
from tests.editor.recording import Edit, Recording

HEAR_SECONDS: Final = 30
Progress = Callable[[int, int], None]


class Author:
    """One of the recorded people: an editor state with a socket of its own, which hears all and takes it in later."""

    def __init__(self, socket: TestSocket, client_id: str, document_id: int) -> None:
        self.socket = socket
        self.client_id = client_id
        self.topic = f"document:{document_id}"
        self.units = Units("")
        self.version = 0
        self.pending: list[ChangeSet] = []
        self.heard: list[dict[str, Any]] = []
        self._news = asyncio.Condition()
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._listening = asyncio.create_task(self._listen())

    async def join(self) -> None:
        """Opens the document at version 0."""
        answer = await self._say("document.join", client_id=self.client_id, version=None)
        assert answer["type"] == "ack", answer

    async def write(self, turn: Sequence[Edit], authors: Sequence[int], stored: int) -> int:
        """Does what was recorded, and pushes it as one; `stored` edits are in the log. Returns the version after it."""
        while self.version < stored and self.client_id == f"{authors[self.version]}-replay":
            await self.hear(self.version + 1)
        for edit in turn:
            await self.hear(edit.sees)
            self._do(edit)
        while True:
            updates = [change.to_json() for change in self.pending]
            answer = await self._say("document.push", version=self.version, updates=updates)
            if answer["type"] == "ack":
                return int(answer["data"]["version"])
            assert answer["code"] == "rate_limited", answer
            await asyncio.sleep(answer["retry_after"])

    async def hear(self, version: int) -> None:
        """Takes in what was stored up to a version, once it has come."""
        async with asyncio.timeout(HEAR_SECONDS), self._news:
            await self._news.wait_for(lambda: len(self.heard) >= version or self._listening.done())
        while self.version < version:
            self._take(self.heard[self.version])

    async def close(self) -> None:
        """Leaves."""
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        await self.socket.close()

    def _do(self, edit: Edit) -> None:
        whole: ChangeSet | None = None
        for at, gone, new in edit.patches:
            change = ChangeSet.from_edits(len(self.units), [(at, at + gone, new)])
            self.units = change.apply(self.units)
            whole = whole.compose(change) if whole else change
        assert whole, "an edit without a patch"
        self.pending.append(whole)

    def _take(self, update: dict[str, Any]) -> None:
        self.version += 1
        assert update["version"] == self.version, "a hole"
        change = ChangeSet.from_json(update["changes"])
        if update["client_id"] == self.client_id:
            assert self.pending.pop(0) == change
            return
        for index, mine in enumerate(self.pending):
            self.pending[index] = mine.map(change, before=False)
            change = change.map(mine, before=True)
        self.units = change.apply(self.units)

    async def _say(self, name: str, **data: Any) -> dict[str, Any]:
        ref = await self.socket.send(name, data, topic=self.topic)
        self._answers[ref] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(HEAR_SECONDS):
            return await self._answers[ref]

    async def _listen(self) -> None:
        while True:
            try:
                frame = await self.socket._next()
            except TimeoutError:
                continue  # nobody wrote for a while
            if frame["type"] == "document.snapshot":
                assert frame["data"]["version"] == 0
                self.units = to_units(frame["data"]["text"])
            elif frame["type"] == "document.updates":
                async with self._news:
                    self.heard += frame["data"]["updates"]
                    self._news.notify_all()
            elif frame["type"] in {"ack", "error"}:
                self._answers.pop(frame["ref"]).set_result(frame)


def _silent(done: int, of: int) -> None:
    """No progress bar."""


async def replay(
    recording: Recording, processes: Sequence[Process], cast: Any, document_id: int, *, progress: Progress = _silent
) -> list[str]:
    """Plays a recording in a document that holds its start and has no update yet.

    Returns:
        The text that each author has in the end.
    """
    people = [cast.ids[number] for number in range(recording.authors)]
    order = [people[edit.author] for edit in recording.edits]
    authors = []
    try:
        for number, person in enumerate(people):
            process = processes[number % len(processes)]
            socket = await open_socket(process, cast.keys[number], path=f"/ws/editor/{document_id}/")
            authors.append(Author(socket, f"{person}-replay", document_id))
            await authors[-1].join()
        stored = 0
        for turn in recording.turns():
            version = await authors[turn[0].author].write(turn, order, stored)
            stored += len(turn)
            assert version == stored, "an edit was lost or doubled"
            progress(stored, len(order))
        for author in authors:
            await author.hear(stored)
            assert not author.pending
        return [from_units(author.units) for author in authors]
    finally:
        for author in authors:
            await author.close()


async def replayed_log(cast: Any, document_id: int, start: str) -> str:
    """The text that the stored updates make, one after the other."""
    rows = await cast.rows(
        f"SELECT version, changes FROM editor_update WHERE document_id = {document_id} ORDER BY version"
    )
    assert [version for version, _ in rows] == list(range(1, len(rows) + 1)), "a hole in the log"
    units = to_units(start)
    for _, changes in rows:
        units = ChangeSet.from_json(json.loads(changes)).apply(units)
    return from_units(units)


def begin(cast: Any, text: str) -> int:
    """A document with this text in the room of the cast; returns its id."""
    from editor.services import create_document

    made = create_document(actor=cast.owner, room_id=cast.room_id, cid=uuid4(), name="recorded.txt", text=text)
    return made.id
