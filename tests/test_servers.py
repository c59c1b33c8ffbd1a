"""The private servers of the tests: they keep, forget and die as their users rely on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from tests.servers import Postgres, Valkey, wait_until


def test_a_restarted_valkey_answers_on_the_same_socket_and_has_forgotten(valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.set("colour", "blue")
    valkey.restart()
    with redis.Redis.from_url(valkey.url) as client:
        assert client.get("colour") is None


def test_a_killed_valkey_refuses(valkey: Valkey) -> None:
    valkey.kill()
    with redis.Redis.from_url(valkey.url) as client, pytest.raises(redis.ConnectionError):
        client.ping()


def test_a_restarted_postgres_still_has_what_was_committed(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE colours AS SELECT 'blue' AS name")
    postgres.restart()
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT name FROM colours").fetchall() == [("blue",)]


def test_a_frozen_postgres_answers_again_once_resumed(postgres: Postgres) -> None:
    postgres.pause()
    postgres.resume()
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("start", ["start_valkey", "start_postgres"])
def test_a_server_dies_with_the_process_that_started_it(start: str) -> None:
    program = f"""
from tests.servers import {start}
server = {start}()
print(server.process.pid, server.folder, flush=True)
input()
"""
    owner = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert owner.stdout is not None
    pid, folder = owner.stdout.readline().split()
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    wait_until(lambda: _is_gone(int(pid)), what="the end of the orphaned server")
    assert Path(folder).exists(), "the folder is swept by the next server, not by magic"


def _is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
