"""Serving as a whole, in real processes: addresses, workers that die, and stopping in time."""

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from realtime import serving
from tests.realtime.server_peers import CLOSE, TEXT, Client, close_frame, wait_until

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def process(
    workers: int = 1, drain_seconds: int = 3, application: str = "who"
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A serving process and its port, ready to answer."""
    command = [sys.executable, "-m", "tests.realtime.serve_echo", "0", str(workers), str(drain_seconds), application]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert server.stdout is not None
    try:
        while not (line := server.stdout.readline()).startswith("listening on "):
            assert line, "the server ended before it listened"
        yield server, int(line.split()[-1])
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        server.stdout.close()


@contextmanager
def asked(port: int) -> Iterator[tuple[Client, int]]:
    """A connected client and the number of the process that serves it."""
    with Client(port).opened() as client:
        frame = client.read_frame()
        assert frame is not None
        assert frame[0] == TEXT
        yield client, int(frame[1])


def ended(pid: int) -> Callable[[], bool]:
    """A condition: the process is gone."""
    return lambda: not Path(f"/proc/{pid}/cmdline").exists() or not Path(f"/proc/{pid}/cmdline").read_bytes()


# Where it listens


def test_operator_is_told_that_the_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CommandError, match=f"^Port {port} on 127.0.0.1 is already in use: .*--port"):
            call_command("serve", port=port)


def test_operator_is_told_that_the_host_is_not_here() -> None:
    with pytest.raises(CommandError, match=r"192\.0\.2\.1 is no address of this machine"):
        call_command("serve", host="192.0.2.1", port=0)


@pytest.mark.parametrize("bad", [["--port", "http"], ["--port", "70000"], ["--workers", "0"], ["--workers", "many"]])
def test_operator_is_told_which_value_is_wrong(bad: list[str]) -> None:
    with pytest.raises(CommandError, match=f"{bad[0]}.*{bad[1]}"):
        call_command("serve", *bad)


def test_operator_is_told_that_another_server_has_the_socket_file(tmp_path: Path) -> None:
    path = tmp_path / "collab.sock"
    with serving.listen_unix(path), pytest.raises(CommandError, match="Another server listens"):
        call_command("serve", uds=path)
    assert path.exists()


def test_socket_file_of_a_dead_server_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "collab.sock"
    serving.listen_unix(path).close()
    with serving.listen_unix(path) as listener, socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        listener.accept()[0].close()


def test_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    with pytest.raises(CommandError, match="is no socket"):
        call_command("serve", uds=path)
    assert path.read_text() == "mine"


# The product


@pytest.mark.parametrize("websocket_class", ["lean", "sansio"])
def test_visitor_reaches_the_product_where_serve_says(site_environment: dict[str, str], websocket_class: str) -> None:
    command = [sys.executable, "manage.py", "serve", "--port", "0", "--websocket-class", websocket_class]
    with subprocess.Popen(command, cwd=ROOT, env=site_environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            line = server.stdout.readline()
            found = re.match(r"Collab serves on http://127\.0\.0\.1:(\d+) \(1 process, (\w+) WebSockets\)", line)
            assert found is not None, line
            assert found[2] == websocket_class
            with Client(int(found[1])) as client:
                client.socket.settimeout(30)  # the first request waits until the application is loaded
                client.send(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                assert client.read_head().startswith("HTTP/1.1 200 ")
            with Client(int(found[1])) as client:
                # Without an Origin nobody enters, on either class.
                assert client.upgrade("/ws/chat/").startswith("HTTP/1.1 403 ")
        finally:
            server.terminate()
            server.wait(30)


@pytest.mark.parametrize("workers", [1, 2])
def test_collector_leaves_alone_what_was_loaded(workers: int) -> None:
    with process(workers=workers, application="frozen") as (_, port), asked(port) as (_, frozen):
        assert frozen > 10_000


# Processes that die


@pytest.mark.fault
def test_killed_worker_is_replaced_while_the_other_serves() -> None:
    with process(workers=2) as (server, port), asked(port) as (first, victim):
        os.kill(victim, signal.SIGKILL)
        assert first.read_frame() is None
        seen: set[int] = set()

        def both_serve() -> bool:
            with asked(port) as (_, pid):
                seen.add(pid)
            return len(seen - {victim}) == 2

        wait_until(both_serve, 20)
        assert server.poll() is None


@pytest.mark.fault
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for a signal when the parent dies")
def test_workers_of_a_killed_supervisor_leave_the_port() -> None:
    with process(workers=2) as (server, port), asked(port) as (client, worker):
        server.kill()
        assert client.read_frame() == (CLOSE, struct.pack("!H", 1012))
        client.send(close_frame(1012))
        wait_until(ended(worker), 10)

        def is_free() -> bool:
            with suppress(serving.CannotListenError):
                serving.listen_tcp("127.0.0.1", port).close()
                return True
            return False

        wait_until(is_free, 10)


# Stopping


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_stop_closes_sockets_with_1012_and_ends(stop: signal.Signals, workers: int) -> None:
    with process(workers=workers) as (server, port), asked(port) as (client, _):
        server.send_signal(stop)
        assert client.read_frame() == (CLOSE, struct.pack("!H", 1012))
        client.send(close_frame(1012))
        assert client.read_frame() is None
        code = server.wait(30)
        assert code == (-signal.SIGTERM if workers == 1 and stop == signal.SIGTERM else 0)


@pytest.mark.parametrize("workers", [1, 2])
def test_stop_does_not_wait_for_ever_for_a_thread(workers: int) -> None:
    with (
        process(workers=workers, drain_seconds=1, application="stubborn") as (server, port),
        asked(port) as (_, worker),
    ):
        began = time.monotonic()
        server.send_signal(signal.SIGTERM)
        server.wait(30)
        assert time.monotonic() - began < 1 + serving.GRACE_SECONDS + 10
        wait_until(ended(worker), 5)
