"""Client libraries of Mattermost as their users have them, unchanged, against a real server of ours.

They are installed once into environments of their own; where they cannot be installed the tests fail and say how.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from urllib.parse import urlsplit

import pytest

from chat.models import Message, Reaction
from integrations import services
from integrations.mattermost_api import ids
from tests import cluster, factories
from tests.integrations.conftest import token_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]

HERE = Path(__file__).parent / "stock"
ENVIRONMENT = Path(__file__).resolve().parents[2] / ".venv" / "stock-clients"
SECONDS = 90.0


def _is_fresh(stamp: Path, *sources: Path) -> bool:
    wanted = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    fresh = stamp.is_file() and stamp.read_text() == wanted
    stamp.parent.mkdir(parents=True, exist_ok=True)
    return fresh


def _stamp(stamp: Path, *sources: Path) -> None:
    stamp.write_text(hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest())


def _install(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600, check=False)
    told = f"{' '.join(command)} failed; a package registry must be in reach for the first run:\n"
    assert done.returncode == 0, told + done.stdout[-2000:] + done.stderr[-4000:]


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """One test process at a time installs."""
    import fcntl

    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def python_clients() -> Path:
    """The interpreter of an environment with the Python libraries."""
    wanted, stamp = HERE / "requirements.txt", ENVIRONMENT / ".collab-stamp"
    python = ENVIRONMENT / "bin" / "python"
    with _alone(ENVIRONMENT.with_suffix(".lock")):
        if not _is_fresh(stamp, wanted):
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
            _install(sys.executable, "-m", "venv", str(ENVIRONMENT), cwd=HERE)
            _install(str(python), "-m", "pip", "install", "-q", "-r", str(wanted), cwd=HERE)
            _stamp(stamp, wanted)
    return python


@pytest.fixture(scope="session")
def node_clients() -> str:
    """Node, with Mattermost's own client installed beside the bot."""
    sources, stamp = (HERE / "package.json", HERE / "package-lock.json"), HERE / "node_modules" / ".collab-stamp"
    node = shutil.which("node")
    assert node, "Node 18.19 or newer is needed: install nodejs and npm."
    with _alone(ENVIRONMENT.with_suffix(".lock")):
        if not _is_fresh(stamp, *sources):
            _install("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=HERE)
            _stamp(stamp, *sources)
    return node


class Running:
    """A bot in a process of its own, by what it says."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command, env=environment, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._lines: Queue[str | None] = Queue()
        self._said: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.strip())
        self._lines.put(None)

    def says(self, word: str, seconds: float) -> bool:
        """Whether it says this within so many seconds.

        Raises:
            AssertionError: it ended without.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=left)
            except Empty:
                return False
            assert line is not None, f"no {word!r} after:\n" + "\n".join(self._said[-60:])
            self._said.append(line)
            # What a library logs may follow in the same line: two pipes of its process are one.
            if re.search(rf"\b{word}\b", line):
                return True
        return False

    def expect(self, word: str) -> None:
        """Waits until it says this."""
        assert self.says(word, SECONDS), f"no {word!r} after:\n" + "\n".join(self._said[-60:])

    def end(self) -> None:
        """Its process is gone after this."""
        self._process.kill()
        self._process.wait(timeout=20)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def site(site_environment, mina, bot, room) -> Iterator[dict[str, str]]:
    """A server, and what a bot must know of it."""
    token, (_, key) = token_of(bot), services.make_hook(actor=mina, room_id=room.pk, name="Hooked")
    no_rates = {"API_READS_PER_SECOND": "0", "API_WRITES_PER_SECOND": "0"}
    with cluster.running(site_environment | no_rates) as [server]:
        parts = urlsplit(server.url)
        yield {
            **os.environ,
            "SITE": server.url,
            "SITE_HOST": str(parts.hostname),
            "SITE_PORT": str(parts.port),
            "TOKEN": token,
            "CHANNEL": ids.of_room(room.pk),
            "HOOK": key,
            "NO_PROXY": "127.0.0.1",
        }
        assert "Traceback" not in server.log, server.log[-6000:]


@contextmanager
def running(command: list[str], site: dict[str, str]) -> Iterator[Running]:
    one = Running(command, site)
    try:
        yield one
    finally:
        one.end()


@pytest.mark.parametrize("name", ["mattermostdriver", "mmpy_bot", "matteraio"])
def test_python_bot_hears_and_answers(name, python_clients, site, mina, bot, room):
    with running([str(python_clients), "bots.py", name], site) as one:
        one.expect("ready")
        # One of them is ready before it hears, so it is called until it answers.
        asked = {factories.say(mina, room, "marco").pk}
        while not one.says("done", 5) and len(asked) < 10:
            asked.add(factories.say(mina, room, "marco").pk)
    answered = Message.objects.get(author=bot)
    assert answered.body.startswith("polo")
    assert answered.thread_root_id in asked
    if name != "matteraio":
        assert list(Reaction.objects.values_list("user", "emoji")) == [(bot.pk, "👍")]


def test_mattermosts_own_client_hears_and_answers(node_clients, site, mina, bot, room):
    with running([node_clients, "bot.mjs"], site) as one:
        one.expect("ready")
        asked = factories.say(mina, room, "marco")
        one.expect("done")
    answered = Message.objects.get(author=bot)
    assert (answered.body, answered.thread_root_id) == ("polo!", asked.pk)
    assert list(Reaction.objects.values_list("user", "emoji")) == [(bot.pk, "👍")]


def test_sender_of_webhooks_is_taken(python_clients, site, room):
    with running([str(python_clients), "bots.py", "matterhook"], site) as one:
        one.expect("done")
    said = Message.objects.get(room=room, author__display_name="Hooked")
    assert said.body.startswith("**Zed:** polo")
    assert said.card.kind == "attachments"
