"""Twenty people who talk at once, and what must be true afterwards. Used by the fault tests."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.cluster import Process
from tests.faults.cast import Cast
from tests.faults.client import Client


@contextlib.asynccontextmanager
async def online(processes: list[Process], cast: Cast) -> AsyncIterator[list[Client]]:
    """Everybody of the cast, each with a tab at one of the processes."""
    async with contextlib.AsyncExitStack() as stack:
        clients = [Client(processes, key, cast.room_id) for key in cast.keys]
        for client in clients:
            await stack.enter_async_context(client)
        for client in clients:
            await client.until(client.online.is_set)
        yield clients


async def talk(clients: list[Client], rounds: int, pause: float, *, name: str = "") -> None:
    """Everybody says something in each round."""
    for number in range(rounds):
        for index, client in enumerate(clients):
            client.say(f"{name}{index}/{number}")
        await asyncio.sleep(pause)


async def agree(clients: list[Client], cast: Cast) -> list[str]:
    """Everybody heard every stored message once, in one order, and nothing waits; returns the messages."""
    for client in clients:
        await client.until(lambda client=client: not client.outbox)  # type: ignore[misc]
    bodies = await cast.bodies()
    for client in clients:
        await client.until(lambda client=client: len(client.heard) >= len(bodies), 20)  # type: ignore[misc]
        assert client.heard == bodies
        assert not client.refused
    assert len(set(bodies)) == len(bodies)
    seqs = await cast.seqs()
    assert seqs == list(range(1, len(seqs) + 1)), "a hole in the log"
    return bodies
