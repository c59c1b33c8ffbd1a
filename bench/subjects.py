"""What is measured: how each server is started and how one talks to it.

Called by bench.__main__ and bench.work.
Never measures and never compares.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.drive import Options
from bench.prepare import PEERS, ROOT
from bench.process import Server, free_port

PEOPLE = 2000
ROOM_PEOPLE = 500
DOCUMENTS = 200
DOCUMENT_LENGTH = 100_000
RECEIVED_EVERY = 50

# About 200 bytes, the same for every relay; %u is a fresh UUID, %m the generator's marker.
MESSAGE = (
    '{"kind":"message","at":"2026-11-22T10:00:00.000000Z","author":7,"room":12,"id":"%u",'
    '"body":"%m The quick brown fox jumps over the lazy dog and writes it all down."}'
)


@dataclass
class Context:
    """What a run shares: the work folder, the cores, the databases that were made (or why one could not be).

    Attributes:
        documents_used: how many of the documents have been written in.
    """

    directory: Path
    program: Path
    server_core: int
    generator_core: int
    redis_url: str = ""
    postgres_url: str = ""
    secret_key: str = "only-for-measuring-on-the-loopback"
    prepared: dict[str, Path | str] = field(default_factory=dict)
    documents_used: int = 0

    def cookies(self, name: str, environment: Mapping[str, str]) -> Path:
        """The cookie file of a subject's database; made with the database at the first call."""
        if name not in self.prepared:
            path = self.directory / f"{name}.cookies"
            command = [sys.executable, "-m", "bench.sessions", "--people", str(PEOPLE), "--cookies", str(path)]
            if name.startswith("ours"):
                command += ["--room-people", str(ROOM_PEOPLE), "--documents", str(DOCUMENTS)]
            environment = {**os.environ, **environment}
            made = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            self.prepared[name] = path if made.returncode == 0 else made.stderr.strip().rpartition("\n")[2]
        found = self.prepared[name]
        if isinstance(found, str):
            raise RuntimeError(f"the database could not be made: {found}")
        return found

    def fresh_document(self) -> int:
        """The number of a document that no measurement has used yet."""
        if self.documents_used == DOCUMENTS:
            raise RuntimeError(f"all {DOCUMENTS} documents are used: take fewer rounds")
        self.documents_used += 1
        return self.documents_used

    def start(self, name: str, command: list[str], environment: Mapping[str, str], port: int) -> Server:
        """Starts a server of this run on the servers' core."""
        log = self.directory / f"{name}-{port}.log"
        return Server(
            command=command, environment=environment, directory=ROOT, port=port, core=self.server_core, log=log
        )


Dialect = Mapping[str, str | int]
DialectOf = Callable[[int], Dialect]
"""The options for a server on this port."""


@dataclass(frozen=True)
class Subject:
    """One server in one kind of use.

    Attributes:
        name: the word for the command line.
        title: what stands in the tables.
        server: subjects with the same server share its process.
        start: starts the server.
        dialect: the generator's options.
        cookies: the file of logged-in sessions; None: the peer has no accounts.
        windows: messages in flight by number of sockets.
    """

    name: str
    title: str
    server: str
    start: Callable[[Context], Server]
    dialect: DialectOf
    cookies: Callable[[Context], Path] | None = None
    windows: Mapping[int, str] = field(default_factory=dict)


def node(script: str, *arguments: str) -> Callable[[Context], Server]:
    """Starts one of the Node peers."""

    def start(context: Context) -> Server:
        port = free_port()
        return context.start(script, ["node", str(PEERS / f"{script}.js"), str(port), *arguments], {}, port)

    return start


def _tutorial_environment(context: Context, redis: bool) -> dict[str, str]:
    environment = {
        "DJANGO_SETTINGS_MODULE": "bench.peers.tutorial.settings",
        "BENCH_DATABASE": str(context.directory / "tutorial.sqlite3"),
    }
    return environment | ({"BENCH_REDIS_URL": context.redis_url} if redis else {})


def _tutorial_cookies(context: Context) -> Path:
    return context.cookies("tutorial", _tutorial_environment(context, redis=False))


def _daphne(port: int, application: str) -> list[str]:
    return [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port), application]


def _tutorial(redis: bool) -> Callable[[Context], Server]:
    def start(context: Context) -> Server:
        _tutorial_cookies(context)
        port = free_port()
        command = _daphne(port, "bench.peers.tutorial.asgi:application")
        return context.start("tutorial", command, _tutorial_environment(context, redis), port)

    return start


def ours_environment(context: Context, database: str) -> dict[str, str]:
    """Of our server and its commands; a database is `postgres`, or a file of its own for each other name."""
    url = context.postgres_url if database == "postgres" else f"sqlite:///{context.directory}/ours-{database}.sqlite3"
    return {
        "DJANGO_SETTINGS_MODULE": "bench.ours.settings",
        "COLLAB_DATA_DIR": str(context.directory / "ours"),
        "DATABASE_URL": url,
        "SECRET_KEY": context.secret_key,
        "REDIS_URL": "",
        "LOG_LEVEL": "WARNING",
    }


def _ours_cookies(database: str) -> Callable[[Context], Path]:
    return lambda context: context.cookies(f"ours-{database}", ours_environment(context, database))


def _ours(server: str, database: str) -> Callable[[Context], Server]:
    def start(context: Context) -> Server:
        _ours_cookies(database)(context)
        port = free_port()
        if server == "daphne":
            command = _daphne(port, "collab.asgi:application")
        else:
            command = [sys.executable, "manage.py", "serve", "--host", "127.0.0.1", "--port", str(port)]
        environment = ours_environment(context, database) | ({"WEBSOCKET_CLASS": server} if server != "daphne" else {})
        return context.start(f"ours-{server}-{database}", command, environment, port)

    return start


def _plain_dialect(path: str) -> DialectOf:
    return lambda port: {"path": path, "origin": f"http://127.0.0.1:{port}", "message": MESSAGE}


def _socketio_dialect(port: int) -> Dialect:
    return {
        "path": "/socket.io/?EIO=4&transport=websocket",
        "hello": '"sid"',
        "join": "40",
        "joined": "40{",
        "heartbeat": "2",
        "heartbeat-answer": "3",
        "counts": "42",
        "message": f'42["m",{MESSAGE}]',
    }


def ours_dialect(path: str, topic: str, command: str, event: str, data: str) -> DialectOf:
    """One command to one topic, and the event that comes of it."""
    return lambda port: {
        "path": path,
        "origin": f"http://127.0.0.1:{port}",
        "hello": '"type":"hello"',
        "join": f'{{"type":"subscribe","ref":1,"data":{{"topics":{{"{topic}":null}}}}}}',
        "joined": f'"ref":1,"data":{{"{topic}":{{"mode":"snapshot"',
        "ack": '{"type":"ack"',
        "refused": '{"type":"error"',
        "counts": f'{{"type":"{event}"',
        "received": '{"type":"received","data":{"frames":%c}}',
        "received-every": RECEIVED_EVERY,
        "message": f'{{"type":"{command}","ref":%r,"topic":"{topic}","data":{data}}}',
    }


RELAY = ours_dialect("/ws/bench/", "relay:1", "bench.relay", "bench.relayed", f'{{"message":{MESSAGE}}}')
PUBLISH = ours_dialect("/ws/bench/", "stored:1", "bench.publish", "bench.published", f'{{"message":{MESSAGE}}}')
HINT = ours_dialect("/ws/bench/", "hint:1", "bench.hint", "bench.hinted", f'{{"message":{MESSAGE}}}')
CHAT = ours_dialect(
    "/ws/chat/",
    "room:1",
    "message.send",
    "message.created",
    '{"cid":"%u","body":"%m The quick brown fox jumps over the lazy dog and writes it all down."}',
)

# A tab that just opened: greeted, hearing its person's own topic, in no room yet.
TAB = {"path": "/ws/chat/", "hello": '"type":"hello"', "ack": '{"type":"ack"', "refused": '{"type":"error"'}

ALL_WINDOWS = {50: "1,4,16", 500: "1,4,16", 2000: "1,4,16"}
BUSY_WINDOW = {50: "4", 500: "4", 2000: "4"}
DEEP_WINDOW = {50: "16", 500: "16", 2000: "16"}
# A broadcast of the plain consumer takes a second and more at 2000: more in flight would only wait.
FEW_WINDOWS = {50: "1,4,16", 500: "1,4", 2000: "1"}


def ours_subject(
    name: str,
    title: str,
    server: str,
    dialect: DialectOf,
    *,
    database: str = "sqlite",
    windows: Mapping[int, str] = ALL_WINDOWS,
) -> Subject:
    """One of ours: the server's class and the database."""
    key = f"ours-{server}-{database}"
    return Subject(name, title, key, _ours(server, database), dialect, _ours_cookies(database), windows)


def _tutorial_subject(name: str, title: str, *, redis: bool) -> Subject:
    return Subject(name, title, name, _tutorial(redis), _plain_dialect("/ws/"), _tutorial_cookies, FEW_WINDOWS)


def fanout_subjects(redis: bool) -> list[Subject]:
    """The relays, ours and theirs."""
    plain = _plain_dialect("/")
    found = [
        ours_subject("ours", "ours, relay (serve)", "lean", RELAY),
        Subject("uws", "uWebSockets", "uws", node("uws"), plain, windows=ALL_WINDOWS),
        Subject("ws", "Node ws", "ws", node("ws"), plain, windows=ALL_WINDOWS),
        Subject("socketio", "Socket.IO", "socketio", node("socketio"), _socketio_dialect, windows=ALL_WINDOWS),
        ours_subject("ours-stored", "ours, stored event (serve)", "lean", PUBLISH, windows=BUSY_WINDOW),
        ours_subject("ours-hint", "ours, ephemeral event (serve)", "lean", HINT, windows=DEEP_WINDOW),
        ours_subject("ours-sansio", "ours, relay (serve, sansio class)", "sansio", RELAY, windows=BUSY_WINDOW),
        ours_subject("ours-daphne", "ours, relay (daphne)", "daphne", RELAY, windows=BUSY_WINDOW),
        _tutorial_subject("tutorial", "Channels tutorial (daphne, in memory)", redis=False),
    ]
    if redis:
        found.append(_tutorial_subject("tutorial-redis", "Channels tutorial (daphne, Valkey core layer)", redis=True))
    return found


def _tab_dialect(port: int) -> Dialect:
    return TAB | {"origin": f"http://127.0.0.1:{port}"}


def socket_subjects() -> list[Subject]:
    """Whoever takes part in connects and idle memory: one per server, ours with the chat's own socket."""
    found = [subject for subject in fanout_subjects(redis=False) if subject.name not in {"ours-stored", "ours-hint"}]
    return [
        replace(subject, title=subject.title.replace(", relay", ", chat socket"), dialect=_tab_dialect)
        if subject.name.startswith("ours")
        else subject
        for subject in found
    ]


def send_subjects(postgres: bool) -> list[Subject]:
    """Stored chat messages through the whole product."""
    found = [
        ours_subject("ours", "SQLite FULL, serve", "lean", CHAT),
        ours_subject("ours-daphne", "SQLite FULL, daphne", "daphne", CHAT),
    ]
    if postgres:
        found.append(ours_subject("ours-postgres", "PostgreSQL, serve", "lean", CHAT, database="postgres"))
    return found


def options_of(context: Context, subject: Subject, server: Server, extra: Mapping[str, str | int | float]) -> Options:
    """The generator's options for a subject's running server."""
    cookies = {"cookies": str(subject.cookies(context))} if subject.cookies else {}
    pids = ",".join(map(str, server.pids()))
    return {"port": server.port, **subject.dialect(server.port), **cookies, "pids": pids, **extra}
