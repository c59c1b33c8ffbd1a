"""Runs uvicorn for `manage.py serve`: listens, starts one server or supervised workers, and stops within a deadline.

Called by the management command only. Never knows topics or people, and never decides a setting: it is handed them.
"""

import ctypes
import errno
import gc
import logging
import os
import signal
import socket
import stat
import sys
import threading
import time
from multiprocessing import parent_process
from pathlib import Path
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.server import Server
from uvicorn.supervisors.multiprocess import Multiprocess

from realtime.server import WEBSOCKET_CLASSES, WEBSOCKET_OPTIONS, DeadlineHttpProtocol

APPLICATION: Final = "collab.asgi:application"
GRACE_SECONDS: Final = 2.0
"""What a stop may take beyond its deadline, to cancel what did not end by itself."""
_PR_SET_PDEATHSIG: Final = 1

logger = logging.getLogger("uvicorn.error")


class CannotListenError(Exception):
    """The address cannot be had; the message says why and what to do, in one sentence."""


class WorkerConfig(Config):
    """uvicorn's configuration; a worker that loads it also ends when its supervisor is killed."""

    def load(self) -> None:
        if parent_process() is not None:
            end_with_parent()
        super().load()
        # What is loaded stays: a collection that looked through all of it would stop everybody for a fifth of a second.
        gc.collect()
        gc.freeze()


class DeadlineServer(Server):
    """A server whose stop cannot hang: a thread stuck in a database driver would keep the process for ever."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        limit = (self.config.timeout_graceful_shutdown or 0) + GRACE_SECONDS
        watchdog = threading.Timer(limit, _exit_now)
        watchdog.daemon = True
        watchdog.start()
        await super().shutdown(sockets=sockets)


class Supervisor(Multiprocess):
    """uvicorn's supervisor: restarts a worker that died or hangs; kills one that does not stop in time."""

    def join_all(self) -> None:
        deadline = time.monotonic() + (self.config.timeout_graceful_shutdown or 0) + GRACE_SECONDS
        for worker in self.processes:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                logger.error("Worker %s did not stop in time and is killed.", worker.pid)
                worker.process.kill()
                worker.process.join()


def make_config(
    *, websocket_class: str, drain_seconds: int, application: str = APPLICATION, **options: Any
) -> WorkerConfig:
    """Return the configuration of `manage.py serve`; `options` are those of `uvicorn.Config`."""
    return WorkerConfig(
        application,
        http=DeadlineHttpProtocol,
        ws=WEBSOCKET_CLASSES[websocket_class],
        timeout_graceful_shutdown=drain_seconds,
        server_header=False,
        log_config=None,
        **WEBSOCKET_OPTIONS,
        **options,
    )


def run(config: Config, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM, or exit when the application cannot start."""
    if config.workers > 1:
        Supervisor(config, sockets=[listener]).run()
        return
    server = DeadlineServer(config)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return  # uvicorn has drained and raises the signal again for whoever started it
    if not server.started:
        sys.exit(1)


def listen_tcp(host: str, port: int, *, backlog: int = 2048) -> socket.socket:
    """Return a listening socket; connections wait in its backlog until the application is loaded.

    Raises:
        CannotListenError: the port is taken, forbidden, or the host is not one of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror:
        raise CannotListenError(f"{host!r} is no address of this machine: choose another with --host.") from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise CannotListenError(_why_not(error, host, port)) from None
    listener.set_inheritable(True)
    return listener


def listen_unix(path: Path, *, backlog: int = 2048) -> socket.socket:
    """Return a socket listening at `path`, in place of one that a dead server left behind.

    Raises:
        CannotListenError: another server listens there, the path is something else, or it cannot be made.
    """
    if path.exists():
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise CannotListenError(f"{path} exists and is no socket: choose another path with --uds.")
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                raise CannotListenError(f"Another server listens at {path}: stop it, or choose another with --uds.")
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        path.chmod(0o660)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise CannotListenError(f"Cannot listen at {path}: {error.strerror or error}.") from None
    listener.set_inheritable(True)
    return listener


def end_with_parent() -> None:
    """Ask Linux for SIGTERM when the supervisor dies, so that no orphan keeps the port (prctl(2))."""
    parent = parent_process()
    if sys.platform != "linux" or parent is None:
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent.pid:  # it died before the call
        _exit_now()


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is already in use: stop the other program, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has: choose one above 1023 with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: choose another with --host."
    return f"Cannot listen on {host}:{port}: {error.strerror}."


def _exit_now() -> None:
    logger.error("The stop took too long; leaving at once.")
    os._exit(1)
