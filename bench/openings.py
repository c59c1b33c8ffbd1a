"""Opening documents: how long it takes with a short past and with a long one, and what an open one holds in memory.

Called by bench.__main__. `open` joins one document at a time over a socket and counts time; `hold` opens many and
counts the server's memory.
Never compares subjects and never prints a table.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from websockets import Origin
from websockets.sync.client import ClientConnection, connect

from bench.drive import GeneratorFailed
from bench.prepare import ROOT
from bench.process import Server
from bench.subjects import Context, Subject, ours_environment, ours_subject
from bench.work import SETTLE_SECONDS, Cell, Pace, Servers

TAIL = 498
"""Updates since the last stored text, nearly the most there can be; the same for every document."""
SHORT, LONG = 2_500 + TAIL, 250_000 + TAIL
KEPT = 64
"""Texts that a server keeps in memory: opening as many others makes it forget one."""
WARM_DOCUMENTS = 8
MORE_DOCUMENTS = 250
OTHERS = WARM_DOCUMENTS + KEPT + MORE_DOCUMENTS
ANSWER_SECONDS = 30


@dataclass(frozen=True)
class Documents:
    """The numbers of the documents in a database.

    Attributes:
        long: with SHORT and LONG updates.
        others: with a tail and nothing before it.
    """

    long: Sequence[int]
    others: Sequence[int]


def _dialect(port: int) -> dict[str, str | int]:
    return {"origin": f"http://127.0.0.1:{port}"}


def _subject(name: str, title: str, server: str, database: str) -> Subject:
    return ours_subject(name, title, server, _dialect, database=database)


def open_subjects(postgres: bool) -> list[Subject]:
    """The same document with a short past and with a long one."""
    found = [
        _subject("ours", f"{SHORT:,} updates, SQLite", "lean", "past"),
        _subject("ours-long", f"{LONG:,} updates, SQLite", "lean", "past"),
    ]
    if postgres:
        found += [
            _subject("ours-postgres", f"{SHORT:,} updates, PostgreSQL", "lean", "postgres"),
            _subject("ours-postgres-long", f"{LONG:,} updates, PostgreSQL", "lean", "postgres"),
        ]
    return found


def hold_subjects() -> list[Subject]:
    """One server each, because its memory is looked at."""
    return [
        _subject("ours", "ours (serve)", "lean", "past"),
        _subject("ours-daphne", "ours (daphne)", "daphne", "past"),
    ]


def _documents(context: Context, subject: Subject) -> Documents:
    """The documents of a subject's database, made at the first call."""
    database = subject.server.rpartition("-")[2]
    name = f"histories-{database}"
    if name not in context.prepared:
        assert subject.cookies
        subject.cookies(context)  # makes the people and the room
        command = [sys.executable, "-m", "bench.ours.histories", "--updates", str(SHORT), "--updates", str(LONG)]
        command += ["--others", str(OTHERS), "--tail", str(TAIL)]
        environment = {**os.environ, **ours_environment(context, database)}
        made = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise RuntimeError(f"the documents could not be made: {made.stderr.strip()}")
        context.prepared[name] = made.stdout
    return Documents(**json.loads(str(context.prepared[name])))


class Reader:
    """Somebody who opens documents."""

    def __init__(self, server: Server, cookies: Path) -> None:
        self._url = f"127.0.0.1:{server.port}"
        self._cookies = cookies.read_text().splitlines()

    def open(self, document: int, person: int = 0) -> tuple[ClientConnection, float]:
        """Opens a document; the socket, and ms from the wish until the text was there.

        Raises:
            GeneratorFailed: another answer came.
        """
        cookie = self._cookies[person]
        socket = connect(
            f"ws://{self._url}/ws/editor/{document}/",
            origin=Origin(f"http://{self._url}"),
            additional_headers={"Cookie": cookie},
            compression=None,
            max_size=None,
            proxy=None,
        )
        socket.recv(ANSWER_SECONDS)  # hello
        wish = {
            "type": "document.join",
            "ref": 1,
            "topic": f"document:{document}",
            # bench.sessions numbers people from 1 and writes their cookies in that order.
            "data": {"client_id": f"{person + 1}-bench", "version": None},
        }
        begun = time.perf_counter()
        socket.send(json.dumps(wish))
        text = socket.recv(ANSWER_SECONDS)
        took = (time.perf_counter() - begun) * 1_000
        if '"document.snapshot"' not in str(text[:60]):
            socket.close()
            raise GeneratorFailed(f"no text came: {text[:200]!r}")
        return socket, took

    def glance(self, document: int) -> float:
        """Opens a document and closes it again; ms until the text was there."""
        socket, took = self.open(document)
        socket.close()
        return took


@contextlib.contextmanager
def _on_core(core: int) -> Iterator[None]:
    """This process keeps to the generator's core meanwhile."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def _cell(case: str, took: Sequence[float]) -> Cell:
    return {
        "case": case,
        "opens": len(took),
        "open_p50_ms": statistics.median(took),
        "open_p90_ms": _percentile(took, 0.9),
        "open_most_ms": max(took),
    }


def measure_open(context: Context, servers: Servers, subject: Subject, pace: Pace) -> list[Cell]:
    """A document whose text is not in memory, and one whose text is."""
    documents = _documents(context, subject)
    server = servers.of(subject)
    assert subject.cookies
    reader = Reader(server, subject.cookies(context))
    wanted = documents.long[subject.name.endswith("-long")]
    cold: list[float] = []
    warm: list[float] = []
    with _on_core(context.generator_core):
        for _ in range(pace.opens):
            for other in documents.others[:KEPT]:
                reader.glance(other)
            cold.append(reader.glance(wanted))
            warm.append(reader.glance(wanted))
    return [_cell("cold", cold), _cell("warm", warm)]


def measure_hold(context: Context, servers: Servers, subject: Subject) -> list[Cell]:
    """Resident memory that one more open document costs: of those whose text is kept, and of those beyond."""
    servers.forget(subject)
    documents = _documents(context, subject)
    server = servers.of(subject)
    assert subject.cookies
    reader = Reader(server, subject.cookies(context))
    others = list(documents.others)
    with contextlib.ExitStack() as stack:

        def open_some(count: int) -> None:
            for _ in range(count):
                document = others.pop()
                stack.callback(reader.open(document, person=len(others))[0].close)
            time.sleep(SETTLE_SECONDS)

        open_some(WARM_DOCUMENTS)
        base = server.resident_bytes()
        open_some(KEPT - WARM_DOCUMENTS)
        kept = server.resident_bytes()
        open_some(MORE_DOCUMENTS)
        more = server.resident_bytes()
    return [
        _held("with its text", KEPT - WARM_DOCUMENTS, kept - base, base),
        _held("beyond", MORE_DOCUMENTS, more - kept, base),
    ]


def _held(case: str, count: int, grown: int, base: int) -> Cell:
    return {"case": case, "documents": count, "kib_per_document": grown / count / 1024, "base_mib": base / 2**20}
