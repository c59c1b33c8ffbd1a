"""What the fault tests share: a cast, and the site's processes with and without Redis.

The processes live as long as a module, because each takes seconds to start; a test that kills one, or Redis, finds
it alive again in the next test.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.cluster import Process, running
from tests.faults.cast import Cast, CastElsewhere
from tests.servers import Valkey, start_valkey


@pytest.fixture
def cast(transactional_db) -> Cast:
    return Cast()


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


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=settings.DATA_DIR) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def settle(folder) -> Callable[[str], CastElsewhere]:
    """Makes a cast in a database of the test's own."""
    kept = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    return lambda url: CastElsewhere(kept | {"DATABASE_URL": url, "COLLAB_DATA_DIR": str(folder)})


def revive(processes: list[Process]) -> None:
    """Starts what the test before killed."""
    for process in processes:
        if not process.is_alive:
            process.start()
