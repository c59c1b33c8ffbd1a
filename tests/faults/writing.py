"""Ten people who write one document at once, and what must be true afterwards. Used by the fault tests."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator

from editor.changes import ChangeSet
from editor.units import from_units, to_units
from tests.cluster import Process
from tests.editor.typist import Typist
from tests.faults.browser import Browser
from tests.faults.cast import DOCUMENT, Cast

WRITERS = 10


def writers(processes: list[Process], cast: Cast) -> list[Typist]:
    """Ten of the cast, each with a letter of their own, at one of the processes."""
    return [Typist(processes, cast.keys[n], cast.ids[n], cast.document_id, n) for n in range(WRITERS)]


@contextlib.asynccontextmanager
async def writing(typists: list[Typist], pause: float) -> AsyncIterator[None]:
    """Everybody types as long as the block lasts, and goes on until all of it is answered."""
    end = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for typist in typists:
            await typist.send_all()
            group.create_task(_write(typist, pause, end))
        yield
        end.set()


async def _write(typist: Typist, pause: float, end: asyncio.Event) -> None:
    """A letter now and then, some while the last one is on its way."""
    while not end.is_set():
        typist.type()
        if typist.typed % 3:
            await typist.send_all()
        await asyncio.sleep(pause)
    await typist.send_all()


def cut(typist: Typist) -> None:
    """The network goes away under the socket, if there is one."""
    if typist._socket is not None:
        typist._socket._link.connection.transport.abort()  # type: ignore[attr-defined]


async def agree(typists: list[Typist], processes: list[Process], cast: Cast) -> str:
    """Every edit that was answered is stored once, in one order; editors, log and every process have the same text.

    Returns:
        The text.
    """
    assert not any(typist.pending for typist in typists)
    rows = await cast.rows(
        f"SELECT version, client_id, changes FROM editor_update WHERE document_id = {cast.document_id} ORDER BY version"
    )
    assert [version for version, _, _ in rows] == list(range(1, len(rows) + 1)), "a hole in the log"
    assert all(typist.typed for typist in typists)
    assert Counter(client_id for _, client_id, _ in rows) == {typist.client_id: typist.typed for typist in typists}
    units = to_units(DOCUMENT)
    for _, _, changes in rows:
        units = ChangeSet.from_json(json.loads(changes)).apply(units)
    text = from_units(units)
    assert Counter(text) - Counter(DOCUMENT) == {typist.letter: typist.typed for typist in typists}
    for typist in typists:
        await typist.catch_up(len(rows))
        assert from_units(typist.units) == text
    for process in processes:
        page = await asyncio.to_thread(Browser, process, cast.keys[0])
        told = await asyncio.to_thread(page.read, f"/api/documents/{cast.document_id}/text/")
        assert (told["version"], told["text"]) == (len(rows), text)
    return text
