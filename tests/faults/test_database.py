"""The database goes away, is full or is busy: messages wait, none is lost, nobody is even disconnected."""

import asyncio
import json
import resource
import shutil
import sys
from collections.abc import Iterator

import pytest

from tests.cluster import running
from tests.faults.browser import Browser
from tests.faults.cast import ROOT, CastElsewhere
from tests.faults.talk import agree, online, talk

pytestmark = [pytest.mark.fault]
FULL_BYTES = 64 * 1024


@pytest.fixture(scope="module")
def settled(settle, folder) -> CastElsewhere:
    return settle(f"sqlite:///{folder}/settled.sqlite3")


@pytest.fixture
def in_sqlite(settled, folder) -> Iterator[CastElsewhere]:
    """The cast in a file that nobody else writes to."""
    file = folder / "copy.sqlite3"
    shutil.copy(folder / "settled.sqlite3", file)
    yield settled.moved_to(f"sqlite:///{file}")
    for rest in folder.glob("copy.sqlite3*"):
        rest.unlink()


async def test_postgresql_killed_and_restarted_under_load_loses_nothing(settle, postgres):
    cast = settle(postgres.url)
    with running(cast.environment, count=2) as processes:
        async with online(processes, cast) as clients:
            load = asyncio.create_task(talk(clients, 10, 0.4))
            await asyncio.sleep(1)
            await asyncio.to_thread(postgres.kill)
            await asyncio.sleep(1.5)
            await asyncio.to_thread(postgres.start)
            await load
            assert len(await agree(clients, cast)) == 200
            assert not any(client.closed_with for client in clients)
        for process in processes:
            page = await asyncio.to_thread(Browser, process, cast.keys[0])
            snapshot = await asyncio.to_thread(page.read, f"/api/rooms/{cast.room_id}/snapshot/")
            assert snapshot["as_of_seq"] == (await cast.seqs())[-1]


async def test_a_full_disk_makes_messages_wait_until_there_is_room(in_sqlite):
    cast = in_sqlite
    with running(cast.environment) as [process]:
        async with online([process], cast) as clients:
            await talk(clients, 2, 0.1, name="before/")
            assert len(await agree(clients, cast)) == 40
            # Nothing of the process may write beyond this: not the log of the database, not its file.
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (FULL_BYTES, resource.RLIM_INFINITY))
            await talk(clients, 5, 0.2)
            await asyncio.sleep(1)
            assert sum(len(client.outbox) for client in clients) > 50, "the disk was not full"
            assert "disk" in process.log
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)
            assert len(await agree(clients, cast)) == 140
            assert not any(client.closed_with for client in clients)


async def test_nobody_sees_a_locked_sqlite_under_twenty_writers_beside_two_processes(in_sqlite):
    cast = in_sqlite
    with running(cast.environment, count=2) as processes:
        async with online(processes, cast) as clients:
            command = [sys.executable, "-m", "tests.faults.writers", str(cast.room_id), "25"]
            writers = await asyncio.create_subprocess_exec(
                *command, cwd=ROOT, env=cast.environment, stdout=asyncio.subprocess.PIPE
            )
            await talk(clients, 15, 0.2)
            told, _ = await writers.communicate()
            assert json.loads(told) == []
            assert len(await agree(clients, cast)) == 300 + 500
        assert not [line for process in processes for line in process.log.splitlines() if "locked" in line]
