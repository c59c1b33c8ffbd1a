"""What the fault tests share: a room full of people, and the site's processes with and without Redis.

The processes live as long as a module, because each takes seconds to start; a test that kills one, or Redis, finds
it alive again in the next test.
"""

import contextlib
import os
import uuid
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection

from accounts.services import create_person
from chat.services import rooms
from tests.cluster import Process, make_session, running
from tests.servers import Valkey, start_valkey


class Cast:
    """A room and its people, each with a login session; the first owns it and looks after the site."""

    def __init__(self, count: int) -> None:
        self.people = [
            create_person(
                actor=None, username=f"person{n}", display_name=f"Person {n}", is_staff=n == 0, is_superuser=n == 0
            )
            for n in range(count)
        ]
        self.owner = self.people[0]
        self.room_id = rooms.create_room(
            actor=self.owner,
            cid=uuid.uuid4(),
            kind="public",
            name="Fault room",
            slug="faults",
            purpose="",
            members=[person.pk for person in self.people[1:]],
        ).room.id
        self.keys = [make_session(person) for person in self.people]

    @property
    def topic(self) -> str:
        return f"room:{self.room_id}"


@pytest.fixture
def cast(transactional_db) -> Cast:
    return Cast(20)


@pytest.fixture(scope="module")
def module_environment(django_db_setup) -> dict[str, str]:
    """The environment of processes that outlive one test."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        url = f"sqlite:///{name}"
    else:
        url = (
            f"postgresql://{settings.DATABASES['default']['USER']}@/{name}?host={settings.DATABASES['default']['HOST']}"
        )
    return {**os.environ, "DATABASE_URL": url, "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="module")
def pair(module_environment) -> Iterator[list[Process]]:
    with running(module_environment, count=2) as processes:
        yield processes


@pytest.fixture
def two(pair, cast) -> list[Process]:
    """Two processes that share what the stack gives: a Valkey or nothing but the database."""
    revive(pair)
    return pair


@pytest.fixture
def one(two) -> Process:
    """A process for a test that needs no second."""
    return two[0]


@pytest.fixture(scope="module")
def pair_with_redis(module_environment) -> Iterator[tuple[list[Process], Valkey]]:
    with contextlib.ExitStack() as stack:
        valkey = stack.enter_context(start_valkey())
        environment = {**module_environment, "REDIS_URL": valkey.url}
        yield stack.enter_context(running(environment, count=2)), valkey


@pytest.fixture
def two_with_redis(pair_with_redis, cast) -> tuple[list[Process], Valkey]:
    """Two processes and a Valkey of their own, to be killed."""
    processes, valkey = pair_with_redis
    revive(processes)
    if valkey.process is None:
        valkey.start()
    return pair_with_redis


def revive(processes: list[Process]) -> None:
    """Starts what the test before killed."""
    for process in processes:
        if not process.is_alive:
            process.start()
