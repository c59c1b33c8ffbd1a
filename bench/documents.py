"""Documents that people edit at once: who takes part, how an edit is said to each, and the two measurements.

Called by bench.__main__. `keystroke` types at a steady rate and counts time; `push` pushes as fast as the answers come
and counts edits.
Never compares subjects and never prints a table.
"""

from __future__ import annotations

from bench import drive
from bench.subjects import (
    DOCUMENT_LENGTH,
    DOCUMENTS,
    Context,
    Dialect,
    DialectOf,
    Subject,
    node,
    options_of,
    ours_dialect,
    ours_subject,
)
from bench.work import OPEN_SECONDS, Cell, Pace, Servers, with_rates

EDITORS = 50
EDITS_PER_SECOND = 4
PUSH_CASES = {"1/1": (1, 1), "4/1": (4, 1), "16/1": (16, 1), "64/1": (64, 1), "4/64": (4, 64), "64/16": (64, 16)}
"""Clients that push at once, and edits in each push: one is a keystroke, many is what was typed without a network."""

HERE = "%d"
"""Stands for the document's number in a dialect."""


def _edited_dialect(port: int) -> Dialect:
    return {
        "tongue": "ours",
        "document": HERE,
        "path": f"/ws/editor/{HERE}/",
        "origin": f"http://127.0.0.1:{port}",
        "hello": '"type":"hello"',
        "ack": '{"type":"ack"',
        "refused": '{"type":"error"',
        "counts": '{"type":"document.updates"',
        "received": '{"type":"received","data":{"frames":%c}}',
        "received-every": 50,
    }


def _relay_dialect(port: int) -> Dialect:
    dialect = ours_dialect("/ws/bench/", f"relay:{HERE}", "bench.relay", "bench.relayed", "{}")(port)
    return {**dialect, "tongue": "relay", "document": HERE}


def _peer_dialect(tongue: str, path: str, document: str) -> DialectOf:
    return lambda port: {"tongue": tongue, "path": path, "document": document}


def _sharedb() -> Subject:
    dialect = _peer_dialect("sharedb", "/", f"bench-{HERE}")
    return Subject("sharedb", "ShareDB (database in memory)", "sharedb", node("sharedb", str(DOCUMENTS)), dialect)


def keystroke_subjects() -> list[Subject]:
    """Whoever hands keystrokes on; ours and ShareDB store them before they answer."""
    named = _peer_dialect("yjs", "/", f"bench-{HERE}")
    by_path = _peer_dialect("yjs", f"/bench-{HERE}", "")
    return [
        ours_subject("ours", "ours, SQLite FULL (serve)", "lean", _edited_dialect),
        ours_subject("ours-relay", "ours, relay without a store (serve)", "lean", _relay_dialect),
        ours_subject("ours-daphne", "ours, SQLite FULL (daphne)", "daphne", _edited_dialect),
        Subject("hocuspocus", "Hocuspocus (no store)", "hocuspocus", node("hocuspocus"), named),
        Subject("y-websocket", "y-websocket's server (no store)", "ywebsocket", node("ywebsocket"), by_path),
        _sharedb(),
    ]


def push_subjects(postgres: bool) -> list[Subject]:
    """Whoever stores an edit before it answers."""
    found = [ours_subject("ours", "ours, SQLite FULL (serve)", "lean", _edited_dialect)]
    if postgres:
        found.append(
            ours_subject("ours-postgres", "ours, PostgreSQL (serve)", "lean", _edited_dialect, database="postgres")
        )
    return [*found, _sharedb()]


def push_cases(subject: Subject) -> list[str]:
    """ShareDB's client makes one op of all that waits, so that many edits in a push cannot be compared."""
    return [case for case in PUSH_CASES if subject.name != "sharedb" or case.endswith("/1")]


def _measure(context: Context, servers: Servers, subject: Subject, extra: drive.Options) -> Cell:
    server = servers.of(subject)
    server.wait_until_quiet()
    number = str(context.fresh_document())
    options = {
        name: value.replace(HERE, number) if isinstance(value, str) else value
        for name, value in options_of(context, subject, server, {"length": DOCUMENT_LENGTH, **extra}).items()
    }
    (line,) = drive.run(context.program, context.generator_core, "edit", options, timeout_seconds=OPEN_SECONDS)
    cell = with_rates(line)
    cell["edits_per_second"] = cell["edits"] / max(cell["seconds"], 1e-9)
    cell["cpu_us_per_edit"] = cell["server_cpu_seconds"] / max(cell["edits"], 1) * 1e6
    return cell


def measure_keystroke(context: Context, servers: Servers, subject: Subject, pace: Pace) -> list[Cell]:
    """Fifty people who type four letters a second each."""
    extra = {"connections": EDITORS, "rate": EDITS_PER_SECOND, "seconds": pace.typing_seconds, "warmup": 1}
    return [_measure(context, servers, subject, extra)]


def measure_push(context: Context, servers: Servers, subject: Subject, case: str, pace: Pace) -> list[Cell]:
    """Everybody pushes again as soon as the last push is stored and back."""
    clients, edits = PUSH_CASES[case]
    extra = {"connections": clients, "edits": edits, "seconds": pace.seconds, "warmup": pace.warmup_seconds}
    return [{**_measure(context, servers, subject, extra), "case": case}]
