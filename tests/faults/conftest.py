"""What the fault tests share: a room full of people, and the site's processes with and without Redis."""

import contextlib
import uuid
from collections.abc import Iterator

import pytest

from accounts.services import create_person
from chat.services import rooms
from tests.cluster import Process, make_session, running
from tests.servers import start_valkey


class Cast:
    """A room and its people, each with a login session."""

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


@pytest.fixture
def two(site_environment) -> Iterator[list[Process]]:
    """Two processes that share what the stack gives: a Valkey or nothing but the database."""
    with running(site_environment, count=2) as processes:
        yield processes


@pytest.fixture
def two_with_redis(site_environment):
    """Two processes and a Valkey of their own, to be killed."""
    with contextlib.ExitStack() as stack:
        valkey = stack.enter_context(start_valkey())
        environment = {**site_environment, "REDIS_URL": valkey.url}
        yield stack.enter_context(running(environment, count=2)), valkey
