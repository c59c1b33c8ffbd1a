"""The imitated Mattermost server by itself, with its small world, and plain clients of two who are in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.fakes.mattermost import FakeMattermost
from tests.fakes.mattermost.seeded import Seeded
from tests.fakes.mattermost.visitor import Visitor


@pytest.fixture
def server() -> Iterator[FakeMattermost]:
    with FakeMattermost() as running:
        yield running


@pytest.fixture
def seed(server) -> Seeded:
    return server.seed()


@pytest.fixture
async def alice(server, seed) -> AsyncIterator[Visitor]:
    async with Visitor(server.url, seed.alice_token) as visitor:
        yield visitor


@pytest.fixture
async def bot(server, seed) -> AsyncIterator[Visitor]:
    async with Visitor(server.url, seed.bot_token) as visitor:
        yield visitor
