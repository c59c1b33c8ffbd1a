"""Independent clients: Node processes with the stock npm packages, while sockets are cut and servers are killed."""

import asyncio
import contextlib
import json
from collections import Counter

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings

from tests.cluster import running
from tests.editor.peer import FRONTEND, node
from tests.editor.player import begin, replayed_log
from tests.faults.cast import Cast

pytestmark = [pytest.mark.fault, pytest.mark.stack, pytest.mark.django_db(transaction=True)]

PEOPLE = 5
SEED = 20261122
START = "one\ntwo 😀\nthree\n"
CUT_MS = 700
EDITING_SECONDS = 2.0
"""Between the deaths of servers."""
REST_SECONDS = 40


class Person:
    """A process of frontend/fuzz/person.mjs."""

    def __init__(self, number, processes, cast, document_id):
        self.client_id = f"{cast.ids[number]}-node{number}"
        self.argument = {
            "urls": [process.url for process in processes],
            "path": f"/ws/editor/{document_id}/",
            "topic": f"document:{document_id}",
            "cookie": f"{settings.SESSION_COOKIE_NAME}={cast.keys[number]}",
            "client_id": self.client_id,
            "seed": SEED + number,
            "cut_ms": CUT_MS,
        }

    async def __aenter__(self):
        self.process = await asyncio.create_subprocess_exec(
            *(node(), str(FRONTEND / "fuzz" / "person.mjs"), json.dumps(self.argument)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=2**22,
        )
        return self

    async def __aexit__(self, *error):
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def tell(self, word):
        """Says something to the person; returns the answer."""
        self.process.stdin.write(f"{word}\n".encode())
        try:
            async with asyncio.timeout(REST_SECONDS):
                line = await self.process.stdout.readline()
        except TimeoutError:
            line = b""
        if not line:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            pytest.fail(f"{self.client_id} {word}: {(await self.process.stderr.read()).decode() or 'no answer'}")
        return json.loads(line)


async def kill_and_start(processes):
    """Every server dies once while people edit."""
    for process in processes:
        await asyncio.sleep(EDITING_SECONDS)
        await asyncio.to_thread(process.kill)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(process.start)
    await asyncio.sleep(EDITING_SECONDS)


@pytest.mark.parametrize("count", [1, 2])
async def test_five_strangers_on_a_bad_network_end_in_one_text(transactional_db, site_environment, count):
    cast = await sync_to_async(Cast)()
    document_id = await sync_to_async(begin)(cast, START)
    with running(site_environment, count=count) as processes:
        async with contextlib.AsyncExitStack() as stack:
            people = [Person(number, processes, cast, document_id) for number in range(PEOPLE)]
            for person in people:
                await stack.enter_async_context(person)
            await kill_and_start(processes)
            told = await asyncio.gather(*(person.tell("rest") for person in people))
            rows = await cast.rows(f"SELECT client_id FROM editor_update WHERE document_id = {document_id}")
            ends = await asyncio.gather(*(person.tell(len(rows)) for person in people))
        logs = [process.log for process in processes]
    assert {end["version"] for end in ends} == {len(rows)}
    assert {end["text"] for end in ends} == {await replayed_log(cast, document_id, START)}
    stored = Counter(client_id for (client_id,) in rows)
    assert stored == {person.client_id: one["edits"] for person, one in zip(people, told, strict=True)}
    assert all(one["edits"] > 20 and one["cuts"] and one["sockets"] > 1 for one in told)
    assert sum(one["undone"] for one in told) > PEOPLE
    assert not any("incident" in log or "Traceback" in log for log in logs), logs
