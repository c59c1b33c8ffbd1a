"""The bridge as processes of its own, killed and raced: what both sides said is on both sides once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from integrations.models import BridgedPost, BridgeOutbox, MattermostServer
from realtime.models import Lease
from tests.fakes.mattermost import FakeMattermost
from tests.faults.cast import ROOT
from tests.integrations.bridging import Bridged, wait_until
from tests.integrations.random_work import RandomWork

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


class Worker:
    """`manage.py bridge_mattermost`, to be killed."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._environment = environment | {"OUTBOUND_ALLOW": "127.0.0.1"}
        self._log = folder / "worker.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, and lets it have the lease of one that was killed at once."""
        Lease.objects.all().delete()
        self.start_beside()

    def start_beside(self) -> None:
        """Starts it beside whoever works."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "bridge_mattermost"],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(timeout=60)

    @property
    def log(self) -> str:
        """What it wrote."""
        return self._log.read_text(errors="replace")


@pytest.fixture
def worker(site_environment, tmp_path) -> Iterator[Worker]:
    made = Worker(site_environment, tmp_path)
    yield made
    made.kill()


@pytest.fixture
def other(site_environment, tmp_path) -> Iterator[Worker]:
    folder = tmp_path / "other"
    folder.mkdir()
    made = Worker(site_environment, folder)
    yield made
    made.signal(signal.SIGCONT)
    made.kill()


def begun(both: Bridged, worker: Worker) -> None:
    """The worker listens and has applied what it heard."""
    worker.start()
    both.hear("hello")
    wait_until(lambda: both.here()[-1:] == ["hello"], lambda: worker.log)
    wait_until(both.settled, lambda: worker.log)


def asked_for_posts(fake: FakeMattermost, since: int) -> list[str]:
    asked = [one for one in fake.requests[since:] if one.method == "GET" and one.path.endswith("/posts")]
    return [one.path for one in asked]


@contextmanager
def traffic(both: Bridged, count: int) -> Iterator[None]:
    """They talk until all of it is said."""

    def talk() -> None:
        for number in range(count):
            both.hear(f"theirs {number}", "alice" if number % 2 else "bob")
            time.sleep(0.02)

    thread = threading.Thread(target=talk)
    thread.start()
    yield
    thread.join()


def test_worker_killed_under_traffic_goes_on_where_it_was_and_asks_for_no_posts(both, fake, worker):
    begun(both, worker)
    missed, asked = both.remade().missed, len(fake.requests)
    with traffic(both, 120):
        wait_until(lambda: len(both.here()) > 20)
        worker.kill()
        wait_until(lambda: not fake.sockets_open())
        worker.start()
    wait_until(lambda: len(both.here()) > 120, lambda: worker.log)
    wait_until(both.settled)
    assert both.here() == ["hello", *(f"theirs {number}" for number in range(120))]
    assert both.remade().missed == missed
    assert asked_for_posts(fake, asked) == []


@pytest.mark.parametrize("seconds", [5, 60], ids=["soon", "later"])
def test_scenario_2_killed_between_the_post_and_its_note_makes_no_second_post(both, fake, worker, teo, seconds):
    begun(both, worker)
    fake.freeze_sockets()
    fake.keep_next_response("POST /posts")
    both.say(teo, "once")
    wait_until(lambda: both.there() == ["hello", "once"])
    worker.kill()
    assert not BridgedPost.objects.filter(ours=True).exists(), "it died before it knew"
    fake.thaw_sockets()
    BridgeOutbox.objects.update(first_at=timezone.now() - timedelta(seconds=seconds))
    fake.advance(seconds)
    worker.start()
    wait_until(both.settled, lambda: worker.log)
    both.say(teo, "next")
    wait_until(lambda: both.there()[-1] == "next", lambda: worker.log)
    wait_until(both.settled)
    assert both.there() == ["hello", "once", "next"] == both.here()


@pytest.mark.parametrize("away", [30, 700], ids=["half-a-minute", "until-it-is-forgotten"])
def test_scenario_6_killed_while_they_edit_delete_react_and_upload(both, fake, worker, away):
    posts = [both.hear(f"post {number}") for number in range(6)]
    root = both.hear("root")
    for number in range(4):
        both.hear(f"reply {number}", "bob", root_id=root.id)
    for name in ("heart", "smile"):
        fake.react("bob", posts[1].id, name)
    begun(both, worker)
    wait_until(lambda: len(both.here()) == 12)
    worker.kill()
    for number in range(3):
        fake.edit("alice", posts[number].id, f"edited {number}")
    fake.delete("alice", posts[5].id)
    fake.delete("alice", root.id)
    for name in ("tada", "+1", "fire", "wave", "eyes"):
        fake.react("bob", posts[0].id, name)
    for name in ("heart", "smile"):
        fake.unreact("bob", posts[1].id, name)
    for name in ("one.txt", "two.txt"):
        both.hear(name, file_ids=[fake.attach("alice", both.seed.channel_id, name, name.encode())])
    wait_until(lambda: not fake.sockets_open())
    fake.advance(away)
    worker.start()
    wait_until(lambda: "two.txt" in both.here(), lambda: worker.log)
    wait_until(both.settled, lambda: worker.log)
    edited = ["edited 0", "edited 1", "edited 2", "post 3", "post 4"]
    assert sorted(both.here()) == sorted([*edited, "hello", "one.txt", "two.txt"])
    assert both.view_here() == both.view_there()
    assert sorted(emoji for _, emoji in both.reactions_here()) == sorted(["🎉", "👍", "🔥", "👋", "👀"])


def test_scenario_17_of_two_workers_one_is_active_and_the_other_takes_over(both, fake, worker, other):
    begun(both, worker)
    other.start_beside()
    wait_until(lambda: "Service" in other.log or Lease.objects.count() == 1)
    for number in range(20):
        both.hear(f"one {number}")
    wait_until(lambda: len(both.here()) == 21)
    assert (fake.sockets_open(), MattermostServer.objects.get().epoch) == (1, 1)
    worker.kill()
    both.hear("while nobody works")
    wait_until(lambda: both.here()[-1] == "while nobody works", lambda: other.log)
    assert both.here() == ["hello", *(f"one {number}" for number in range(20)), "while nobody works"]


def test_worker_that_was_stopped_and_comes_back_late_doubles_nothing(both, fake, worker, other, teo):
    begun(both, other)
    other.signal(signal.SIGSTOP)
    worker.start()
    for number in range(20):
        both.hear(f"theirs {number}")
        both.say(teo, f"ours {number}")
    wait_until(lambda: len(both.here()) == 41 == len(both.there()), lambda: worker.log)
    other.signal(signal.SIGCONT)
    for number in range(20, 40):
        both.hear(f"theirs {number}")
        both.say(teo, f"ours {number}")
    wait_until(lambda: len(both.here()) == 81 == len(both.there()), lambda: worker.log + other.log)
    wait_until(both.settled)
    for side in (both.here(), both.there()):
        assert [one for one in side if one.startswith("theirs")] == [f"theirs {number}" for number in range(40)]
        assert [one for one in side if one.startswith("ours")] == [f"ours {number}" for number in range(40)]


@pytest.mark.parametrize("seed", [11, 12], ids=["seed-11", "seed-12"])
def test_random_work_with_killed_workers_ends_in_equal_rooms(both, fake, worker, teo, seed):
    work = RandomWork(seed, both, teo)
    begun(both, worker)
    for _ in range(3):
        work.steps(25)
        worker.kill()
        work.steps(10)
        worker.start()
    work.settle(lambda: (both.difference(), worker.log))
