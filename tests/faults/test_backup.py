"""A backup is taken while twenty people talk; put back elsewhere, it holds all that was acknowledged before it."""

import asyncio
import itertools

import pytest

from tests.elsewhere import Elsewhere, manage
from tests.faults.cast import BODIES
from tests.faults.client import Client
from tests.faults.talk import agree, online, talk

pytestmark = [pytest.mark.fault, pytest.mark.stack]


async def test_a_backup_under_load_holds_what_was_acknowledged_before_it(one, cast, module_environment, tmp_path):
    path = tmp_path / "site.tar.gz"
    end = asyncio.Event()
    async with online([one], cast) as clients:
        load = asyncio.create_task(talk_on(clients, end))
        await clients[0].until(lambda: len(clients[0].acked) >= 3)
        before = await cast.bodies()
        taken = await asyncio.to_thread(manage, module_environment, "backup", path)
        end.set()
        await load
        assert taken.returncode == 0, taken.stderr
        bodies = await agree(clients, cast)
    other = Elsewhere(tmp_path / "other")
    assert "Nothing is wrong" in await asyncio.to_thread(other.run, "restore", path)
    restored = [body for (body,) in other.rows(BODIES)]
    assert restored == bodies[: len(restored)], "one moment of the room, and no other"
    assert len(before) <= len(restored) < len(bodies), "taken while people talked"


async def talk_on(clients: list[Client], end: asyncio.Event) -> None:
    """Fifty messages a second, or as many as the machine takes, until told to end; then once more."""
    last = False
    for number in itertools.count():
        await talk(clients, 1, 0.4, name=f"{number}: ")
        await asyncio.gather(*(client.until(lambda client=client: not client.outbox) for client in clients))  # type: ignore[misc]
        if last:
            return
        last = end.is_set()
