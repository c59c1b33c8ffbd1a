"""`bin/run` from an empty folder: it serves, stops with everything it started, and seeds only once."""

import http.client
import os
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import wait_until

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 300
ANSWER_SECONDS = 60
"""The first page of a site finds its templates and its people, on a machine that does other things, too."""


@pytest.fixture
def port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def run(tmp_path: Path, port: int) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts bin/run on an empty data folder, as a person would in a terminal; what it says goes to `output`."""
    left_out = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SITE_URL", "DJANGO_SETTINGS_MODULE"}
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "output").open("wb") as output:
            process = subprocess.Popen(
                ["bin/run", "--no-llm", "--port", str(port)],
                cwd=ROOT,
                env={**environment, "COLLAB_DATA_DIR": str(tmp_path / "data")},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(process)
        wait_until(lambda: answers(port) or process.poll() is not None, seconds=START_SECONDS, what="an answer")
        assert process.poll() is None, (tmp_path / "output").read_text()
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def answers(port: int) -> bool:
    try:
        return status(port, "/healthz") == 200
    except OSError:
        return False


def status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C: the terminal sends SIGINT to the whole group."""
    os.killpg(process.pid, signal.SIGINT)
    process.wait(timeout=START_SECONDS)


def count_people(data: Path) -> int:
    with sqlite3.connect(data / "collab.sqlite3") as database:
        people = int(database.execute("SELECT count(*) FROM accounts_user").fetchone()[0])
    database.close()
    return people


def test_a_newcomer_runs_it_and_is_told_where_to_sign_in(
    run: Callable[[], subprocess.Popen[bytes]], port: int, tmp_path: Path
) -> None:
    run()
    output = (tmp_path / "output").read_text()
    assert f"http://127.0.0.1:{port}" in output
    assert re.search(r"(?i)password", output), output
    assert status(port, "/account/login/") == 200


def test_ctrl_c_stops_everything_and_a_second_start_seeds_nothing(
    run: Callable[[], subprocess.Popen[bytes]], port: int, tmp_path: Path
) -> None:
    interrupt(run())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    people = count_people(tmp_path / "data")
    assert people > 1
    interrupt(run())
    assert count_people(tmp_path / "data") == people
