"""Prepares the process for the stack that COLLAB_TEST_STACK chooses, then sets Django up.

Called by tests/conftest.py while it is imported: settings read the environment once, so it must be complete first.
Never used outside pytest; tests take the fixtures of conftest.py instead.
"""

import atexit
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import django

from tests.servers import start_postgres, start_valkey

CHOICES = ("", "postgres", "valkey", "postgres-valkey")
CHOSEN = os.environ.get("COLLAB_TEST_STACK", "")
IN_XDIST_WORKER = "PYTEST_XDIST_WORKER" in os.environ
QUICK_FOLDER = Path("/dev/shm")
QUICK_BYTES = 512 * 1024 * 1024

_opened = ExitStack()
atexit.register(_opened.close)


def set_up() -> None:
    """Makes a data folder, starts the servers and loads the settings.

    PostgreSQL is shared by the workers of a run, which have databases of their own; it is started before they are.
    Every worker has its own Valkey: Valkey's channels know no database numbers.

    Raises:
        ValueError: COLLAB_TEST_STACK is none of CHOICES.
    """
    if CHOSEN not in CHOICES:
        raise ValueError(f"COLLAB_TEST_STACK must be one of {CHOICES}, not {CHOSEN!r}")
    os.environ["SECRET_KEY"] = "only-for-tests-and-long-enough-to-keep-every-system-check-content"
    os.environ["COLLAB_DATA_DIR"] = _opened.enter_context(
        tempfile.TemporaryDirectory(prefix="collab-tests-", dir=_quick_folder(), ignore_cleanup_errors=True)
    )
    Path(os.environ["COLLAB_DATA_DIR"], "static").mkdir()  # as collectstatic would leave it
    if "postgres" not in CHOSEN:
        os.environ.pop("DATABASE_URL", None)
    elif not IN_XDIST_WORKER:
        os.environ["DATABASE_URL"] = _opened.enter_context(start_postgres()).url
    os.environ.pop("REDIS_URL", None)
    if "valkey" in CHOSEN:
        os.environ["REDIS_URL"] = _opened.enter_context(start_valkey()).url
    os.environ["DJANGO_SETTINGS_MODULE"] = "collab.settings"
    django.setup()


def close() -> None:
    """Stops the servers and removes the data folder."""
    _opened.close()


def _quick_folder() -> Path | None:
    """Memory instead of a disk where there is some: the tests commit thousands of times."""
    if not os.access(QUICK_FOLDER, os.W_OK):
        return None
    space = os.statvfs(QUICK_FOLDER)
    return QUICK_FOLDER if space.f_bavail * space.f_frsize > QUICK_BYTES else None
