"""Four kinds of measurement: fan-out, stored messages, connects, idle memory. Those of documents are in documents.py.

Called by bench.__main__, cell by cell, so that the subjects take turns.
Never compares subjects and never prints a table.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench import drive
from bench.process import Server
from bench.subjects import PEOPLE, ROOM_PEOPLE, Context, Subject, options_of

Cell = dict[str, Any]

SENDERS = 8
CHAT_SENDERS = 64
WARM_SOCKETS = 100
CONNECT_CONCURRENCY = 32
SETTLE_SECONDS = 1.5
OPEN_SECONDS = 180.0


@dataclass(frozen=True)
class Pace:
    """How long a measurement takes."""

    typing_seconds: float
    seconds: float
    warmup_seconds: float
    connects: int
    connect_seconds: float
    idle_sockets: int
    opens: int


class Servers:
    """The servers of a run, started at first use and kept until the end, each pinned to the servers' core."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._running: dict[str, Server] = {}

    def of(self, subject: Subject) -> Server:
        """The running server of a subject."""
        if subject.server not in self._running:
            self._running[subject.server] = subject.start(self._context)
        return self._running[subject.server]

    def forget(self, subject: Subject) -> None:
        """Ends a subject's server, so that the next use starts a fresh one."""
        if server := self._running.pop(subject.server, None):
            server.stop()

    def stop(self) -> None:
        """Ends all of them."""
        for server in self._running.values():
            server.stop()
        self._running.clear()


def _others(line: Cell) -> float:
    """How much of the machine other processes used meanwhile; PostgreSQL and Valkey are among them."""
    return float(line["other_cpu_seconds"] / line["bill_seconds"] / (os.cpu_count() or 1))


def with_rates(line: Cell) -> Cell:
    """What the generator counted, by time and by delivery."""
    seconds, deliveries = max(line["seconds"], 1e-9), max(line["deliveries"], 1)
    return line | {
        "cpu_us_per_delivery": line["server_cpu_seconds"] / deliveries * 1e6,
        "deliveries_per_second": line["deliveries"] / seconds,
        "acks_per_second": line["acks"] / seconds,
        "server_cpu_share": line["server_cpu_seconds"] / seconds,
        "others_share": _others(line),
        "generator_busy_share": line["generator_busy_seconds"] / seconds,
    }


def _load(context: Context, subject: Subject, server: Server, pace: Pace, extra: Mapping[str, str | int]) -> list[Cell]:
    server.wait_until_quiet()
    options = options_of(context, subject, server, {"seconds": pace.seconds, "warmup": pace.warmup_seconds, **extra})
    lines = drive.run(context.program, context.generator_core, "load", options, timeout_seconds=OPEN_SECONDS + 120)
    return [with_rates(line) for line in lines]


def measure_fanout(context: Context, servers: Servers, subject: Subject, size: int, pace: Pace) -> list[Cell]:
    """One cell per number of messages in flight."""
    windows = subject.windows[size]
    return _load(
        context, subject, servers.of(subject), pace, {"connections": size, "senders": SENDERS, "windows": windows}
    )


def measure_send(context: Context, servers: Servers, subject: Subject, pace: Pace) -> list[Cell]:
    """64 senders in one room of 500, each with one unanswered message at most on average."""
    extra: dict[str, str | int] = {
        "connections": ROOM_PEOPLE,
        "senders": CHAT_SENDERS,
        "windows": str(CHAT_SENDERS),
        "done": "ack",
    }
    return _load(context, subject, servers.of(subject), pace, extra)


def measure_connect(context: Context, servers: Servers, subject: Subject, pace: Pace) -> list[Cell]:
    """Connects that read the session, then (where there are accounts) connects of people who are there already."""
    server = servers.of(subject)
    server.wait_until_quiet()
    extra = {"connections": pace.connects, "concurrency": CONNECT_CONCURRENCY, "seconds": pace.connect_seconds}
    options = options_of(context, subject, server, extra)
    cells = [_connect(context, options, "first")]
    if subject.cookies:
        with drive.idle_sockets(context.program, context.generator_core, dict(options) | {"connections": PEOPLE // 4}):
            time.sleep(0.5)
            # As many cookies as there are open sockets, again and again.
            cells.append(_connect(context, dict(options) | {"cookie-count": PEOPLE // 4}, "again"))
    return cells


def _connect(context: Context, options: drive.Options, which: str) -> Cell:
    (line,) = drive.run(context.program, context.generator_core, "connect", options, timeout_seconds=OPEN_SECONDS)
    line["which"] = which
    line["connects_per_second"] = line["connects"] / max(line["seconds"], 1e-9)
    line["others_share"] = _others(line)
    line["generator_cpu_share"] = line["generator_cpu_seconds"] / max(line["seconds"], 1e-9)
    line["cpu_us_per_connect"] = line["server_cpu_seconds"] / max(line["connects"], 1) * 1e6
    return line


def measure_idle(context: Context, servers: Servers, subject: Subject, pace: Pace) -> list[Cell]:
    """Resident memory that one more idle socket costs, on a fresh server that has already served some."""
    servers.forget(subject)
    server = servers.of(subject)
    options = dict(options_of(context, subject, server, {}))
    with drive.idle_sockets(context.program, context.generator_core, options | {"connections": WARM_SOCKETS}):
        time.sleep(SETTLE_SECONDS)
        before = server.resident_bytes()
        with drive.idle_sockets(context.program, context.generator_core, options | {"connections": pace.idle_sockets}):
            time.sleep(SETTLE_SECONDS)
            grown = server.resident_bytes() - before
    return [
        {"sockets": pace.idle_sockets, "kib_per_socket": grown / pace.idle_sockets / 1024, "base_mib": before / 2**20}
    ]
