"""A backup is taken while twenty people talk; put back elsewhere, it holds all that was acknowledged before it."""

import asyncio

import pytest

from tests.elsewhere import Elsewhere, manage
from tests.faults.cast import BODIES
from tests.faults.talk import agree, online, talk

pytestmark = [pytest.mark.fault, pytest.mark.stack]


async def test_a_backup_under_load_holds_what_was_acknowledged_before_it(one, cast, module_environment, tmp_path):
    path = tmp_path / "site.tar.gz"
    async with online([one], cast) as clients:
        load = asyncio.create_task(talk(clients, 30, 0.4))  # fifty messages a second
        await clients[0].until(lambda: len(clients[0].acked) >= 3)
        before = await cast.bodies()
        taken = await asyncio.to_thread(manage, module_environment, "backup", path)
        assert taken.returncode == 0, taken.stderr
        await load
        bodies = await agree(clients, cast)
    other = Elsewhere(tmp_path / "other")
    assert "Nothing is wrong" in await asyncio.to_thread(other.run, "restore", path)
    restored = [body for (body,) in other.rows(BODIES)]
    assert restored == bodies[: len(restored)], "one moment of the room, and no other"
    assert len(before) <= len(restored) < len(bodies), "taken while people talked"
