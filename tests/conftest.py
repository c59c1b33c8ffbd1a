"""What every test stands on: the servers of the chosen stack, a database and a data folder, no logged errors.

COLLAB_TEST_STACK chooses the stack: empty is SQLite and in-memory layers; `postgres`, `valkey` or `postgres-valkey`
start private servers, and of the collected tests only those that touch the database or carry the `stack` mark run.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import stack

# Before anything of ours is imported, here or in a conftest below.
stack.set_up()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.backends.sqlite3.base import DatabaseWrapper as SQLite  # noqa: E402
from django.test import TransactionTestCase  # noqa: E402

from tests import template  # noqa: E402
from tests.emptying import Emptying, unguarded  # noqa: E402
from tests.servers import Postgres, Valkey, start_postgres, start_valkey  # noqa: E402

DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}
# Loggers that do not hand their records up to the root.
SEPARATE_LOGGERS = ("", "django.server")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the switch of tests/test_snapshot_law.py."""
    parser.addoption("--write-transcripts", action="store_true", help="write the snapshot law's transcripts anew")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Workers inherit this environment: naming the settings there would load them before their conftest."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_unconfigure() -> None:
    """Ends the servers of the stack."""
    stack.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out, on another stack, the tests that the stack cannot change."""
    if not stack.CHOSEN:
        return
    kept = [item for item in items if _depends_on_stack(item)]
    config.hook.pytest_deselected(items=[item for item in items if not _depends_on_stack(item)])
    items[:] = kept


def _depends_on_stack(item: pytest.Item) -> bool:
    marked = any(item.get_closest_marker(name) for name in ("django_db", "stack"))
    return marked or bool(DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ())))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite in a file, as in production: threads and child processes share it."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        file = Path(settings.DATA_DIR) / "test.sqlite3"
        database.setdefault("TEST", {})["NAME"] = str(file)
        template.copy_to(file)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The next test process does not wait for the migrations again."""
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock():
            template.keep()


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The servers and files are thrown away whole; dropping a database under open pool threads would only fail."""
    return True


@pytest.fixture(scope="session", autouse=True)
def empty_what_was_written() -> Iterator[None]:
    """A test that committed has its rows taken away, which is less than a flush; and a flush may shorten the trail."""
    emptying, flush, execute = Emptying(), TransactionTestCase._fixture_teardown, SQLite.ops_class.execute_sql_flush

    def execute_sql_flush(self: Any, sql_list: list[str]) -> None:
        with unguarded(self.connection):
            execute(self, sql_list)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: emptying.empty(lambda: flush(case)))
        patch.setattr(SQLite.ops_class, "execute_sql_flush", execute_sql_flush)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> None:
    """Hashing that takes a fraction of a second each is for production."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def nothing_is_counted_by_itself() -> None:
    """What every process does for itself would write beside the tests; those that want it name it."""
    settings.REALTIME_PROCESS_TASKS = []


@pytest.fixture
def database_url(transactional_db: None) -> str:
    """DATABASE_URL of the test database, for processes that a test starts."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    host = connection.settings_dict["HOST"]
    return f"postgresql://{connection.settings_dict['USER']}@/{name}?host={host}"


@pytest.fixture
def site_environment(database_url: str) -> dict[str, str]:
    """The environment for a server process on this test's database, data folder and Redis, if it has one."""
    return {**os.environ, "DATABASE_URL": database_url, "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A Valkey of this test's own, to be killed, frozen and restarted."""
    with start_valkey() as server:
        yield server


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of this test's own, to be killed, frozen and restarted."""
    with start_postgres() as server:
        yield server


class _ErrorRecords(logging.Handler):
    """Keeps the records of level ERROR and above, whichever thread wrote them."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps the record as a person would read it; a request that a browser's test held back is no error of ours."""
        text = f"{record.name}: {logging.Formatter().format(record)}"
        if not (record.name == "asyncio" and "playwright/_impl/" in text):
            self.texts.append(text)


@pytest.fixture(autouse=True)
def no_logged_errors(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that leaves an error in the log, asyncio's unhandled exceptions among them."""
    marker = request.node.get_closest_marker("allow_logged_errors")
    if marker is not None and not (marker.args and isinstance(marker.args[0], str)):
        raise pytest.UsageError("allow_logged_errors needs its reason: @pytest.mark.allow_logged_errors('…')")
    handler = _ErrorRecords()
    loggers = [logging.getLogger(name) for name in SEPARATE_LOGGERS]
    for logger in loggers:
        logger.addHandler(handler)
    yield
    for logger in loggers:
        logger.removeHandler(handler)
    if handler.texts and marker is None:
        pytest.fail("errors were logged during this test:\n" + "\n".join(handler.texts), pytrace=False)
