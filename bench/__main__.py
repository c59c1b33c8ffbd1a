"""bench/run: measures our server beside its peers in one interleaved run and writes the result down.

Called from the command line only.
Never runs two measurements at once.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bench import documents, goals, openings, prepare, report
from bench.drive import GeneratorFailed
from bench.subjects import Context, Subject, fanout_subjects, send_subjects, socket_subjects
from bench.work import Cell, Pace, Servers, measure_connect, measure_fanout, measure_idle, measure_send

KINDS = ("fanout", "send", "connect", "idle", "keystroke", "push", "open", "hold")
SIZES = [50, 500, 2000]
FULL = Pace(
    typing_seconds=5.0, seconds=1.0, warmup_seconds=0.3, connects=2000, connect_seconds=2.5, idle_sockets=2000, opens=20
)
QUICK = Pace(
    typing_seconds=2.0, seconds=0.5, warmup_seconds=0.2, connects=1000, connect_seconds=1.5, idle_sockets=1000, opens=5
)

NOISY = 0.15
"""A measurement is repeated once when others used more of the machine than this."""

Step = tuple[Subject, Callable[[], list[Cell]]]


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench/run", description="Measures our server beside its peers.")
    parser.add_argument("kinds", nargs="*", metavar="|".join(KINDS), help="what to measure; nothing: all")
    parser.add_argument("--quick", action="store_true", help="one short round: shows that it works, not how fast")
    parser.add_argument("--rounds", type=int, help="how often each subject has its turn (3)")
    parser.add_argument("--seconds", type=float, help="how long one load measurement lasts (1)")
    parser.add_argument("--only", default="", help="subjects, separated by commas; default: all")
    parser.add_argument("--sizes", default="", help="sockets in the fan-out, separated by commas (50,500,2000)")
    parser.add_argument("--limit-minutes", type=float, default=15, help="nothing new begins after this (15)")
    parser.add_argument("--no-write", action="store_true", help="print only; leave bench/results alone")
    options = parser.parse_args(arguments)
    options.kinds = options.kinds or list(KINDS)
    if unknown := set(options.kinds) - set(KINDS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(KINDS)}")
    options.sizes = [int(size) for size in options.sizes.split(",")] if options.sizes else SIZES
    if set(options.sizes) - set(SIZES):
        parser.error(f"sizes are {SIZES}")
    return options


def _noise(cells: list[Cell]) -> float:
    return max((cell.get("others_share", 0.0) for cell in cells), default=0.0)


class Run:
    """One run of bench/run."""

    def __init__(self, options: argparse.Namespace, context: Context, servers: Servers) -> None:
        self.options = options
        self.context = context
        self.servers = servers
        self.pace = QUICK if options.quick else FULL
        if options.seconds:
            self.pace = Pace(**{**vars(self.pace), "seconds": options.seconds})
        self.rounds = options.rounds or (1 if options.quick else 3)
        self.only = {name for name in options.only.split(",") if name}
        self.started = time.monotonic()
        self.subjects = {kind: self._subjects(kind) for kind in options.kinds}
        self.cells: dict[str, list[Cell]] = {kind: [] for kind in options.kinds}
        self.failures: dict[str, list[str]] = {kind: [] for kind in options.kinds}

    def _subjects(self, kind: str) -> list[Subject]:
        if kind == "fanout":
            found = fanout_subjects(redis=bool(self.context.redis_url))
        elif kind == "send":
            found = send_subjects(postgres=bool(self.context.postgres_url))
        elif kind == "keystroke":
            found = documents.keystroke_subjects()
        elif kind == "push":
            found = documents.push_subjects(postgres=bool(self.context.postgres_url))
        elif kind == "open":
            found = openings.open_subjects(postgres=bool(self.context.postgres_url))
        elif kind == "hold":
            found = openings.hold_subjects()
        else:
            found = socket_subjects()
        return [subject for subject in found if not self.only or subject.name in self.only]

    def _measure_of(self, kind: str) -> Callable[[Subject], list[Cell]] | None:
        """The measurement that every subject of this kind has once; None for a kind with cases."""
        context, servers, pace = self.context, self.servers, self.pace
        found: dict[str, Callable[[Subject], list[Cell]]] = {
            "send": lambda subject: measure_send(context, servers, subject, pace),
            "connect": lambda subject: measure_connect(context, servers, subject, pace),
            "idle": lambda subject: measure_idle(context, servers, subject, pace),
            "keystroke": lambda subject: documents.measure_keystroke(context, servers, subject, pace),
            "open": lambda subject: openings.measure_open(context, servers, subject, pace),
            "hold": lambda subject: openings.measure_hold(context, servers, subject),
        }
        return found.get(kind)

    def _steps(self, kind: str) -> Iterator[Step]:
        """One turn of every subject."""
        measure = self._measure_of(kind)
        if measure is not None:
            yield from ((subject, partial(measure, subject)) for subject in self.subjects[kind])
        if kind == "push":
            yield from self._pushes()
        for size in self.options.sizes if kind == "fanout" else []:
            for subject in self.subjects[kind]:
                yield subject, lambda s=subject, n=size: measure_fanout(self.context, self.servers, s, n, self.pace)  # type: ignore[misc]

    def _pushes(self) -> Iterator[Step]:
        for case in documents.PUSH_CASES:
            for subject in self.subjects["push"]:
                if case in documents.push_cases(subject):
                    measure = partial(documents.measure_push, self.context, self.servers)
                    yield subject, partial(measure, subject, case, self.pace)

    def measure(self) -> int:
        """All rounds of all kinds; returns the rounds that were begun."""
        done = 0
        for turn in range(self.rounds):
            if turn and self._minutes() > self.options.limit_minutes * turn / (turn + 1):
                print(f"{self._minutes():.1f} minutes are gone: no further round", flush=True)
                break
            done += 1
            for kind in self.options.kinds:
                steps = list(self._steps(kind))
                # Another subject begins each round, so that nobody always runs first.
                begin = turn * len(steps) // max(1, self.rounds)
                for subject, step in steps[begin:] + steps[:begin]:
                    if self._minutes() > self.options.limit_minutes:
                        self.failures[kind].append(f"{subject.name}, round {turn + 1}: left out, time was up")
                    else:
                        self._take(kind, turn, subject, step)
        return done

    def _minutes(self) -> float:
        return (time.monotonic() - self.started) / 60

    def _take(self, kind: str, turn: int, subject: Subject, step: Callable[[], list[Cell]]) -> None:
        try:
            cells = self._quietest(step)
        except (GeneratorFailed, RuntimeError, OSError, subprocess.SubprocessError) as error:
            text = f"{subject.name}, round {turn + 1}: {str(error).strip()}"
            self.failures[kind].append(" ".join(text.split())[:600])
            print(f"{kind:8} {text}", flush=True)
            self.servers.forget(subject)
            return
        for cell in cells:
            cell |= {"subject": subject.name, "round": turn + 1}
            self.cells[kind].append(cell)
            line = " · ".join(report.figures(kind, cell))
            print(f"{kind:8} {subject.name:15} {report.case_of(kind, cell):8} {line}", flush=True)

    def _quietest(self, step: Callable[[], list[Cell]]) -> list[Cell]:
        """The cells of a step, measured again when others were busy meanwhile and there is time."""
        cells = step()
        if self.options.quick or _noise(cells) <= NOISY or self._minutes() > self.options.limit_minutes / 3:
            return cells
        return min(cells, step(), key=_noise)

    def noise(self) -> list[float]:
        """How busy others were during each measurement where no side server of ours counts among them."""
        cells = [cell for kind in self.cells.values() for cell in kind]
        return [
            cell["others_share"]
            for cell in cells
            if "others_share" in cell and cell["subject"] not in {"ours-postgres", "tutorial-redis"}
        ]

    def goals(self, kind: str) -> list[goals.Goal]:
        """What this kind of work is held to."""
        return {
            "fanout": goals.fanout_goals(self.options.sizes),
            "send": goals.send_goals(),
            "connect": goals.connect_goals(),
            "idle": goals.idle_goals(),
            "keystroke": goals.keystroke_goals(),
            "push": goals.push_goals(),
            "open": goals.open_goals(),
            "hold": [],
        }[kind]

    def render(self, kind: str) -> str:
        """The report's part about one kind."""
        titles = {subject.name: subject.title for subject in self.subjects[kind]}
        return report.render(kind, titles, self.cells[kind], self.goals(kind), self.failures[kind])


def _side_servers(stack: ExitStack, context: Context, kinds: list[str]) -> None:
    """Valkey for the tutorial's second layer and PostgreSQL for stored messages, where they are at hand."""
    from tests.servers import ServerNotFound, start_postgres, start_valkey

    try:
        if "fanout" in kinds:
            context.redis_url = stack.enter_context(start_valkey()).url
        if {"send", "push", "open"} & set(kinds):
            context.postgres_url = stack.enter_context(start_postgres(durable=True)).url
    except ServerNotFound as error:
        print(f"left out: {error}", flush=True)


def main() -> int:
    """Exit code 0 when every cell was measured."""
    options = parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything started is stopped
    with ExitStack() as stack:
        try:
            program = prepare.build_generator()
            prepare.install_peers()
        except prepare.NotReady as error:
            print(f"bench: {error}", file=sys.stderr)
            return 2
        facts: dict[str, Any] = {"date": datetime.now(UTC).date().isoformat(), **prepare.facts()}
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="collab-bench-")))
        context = Context(folder, program, facts["server_core"], facts["generator_core"])
        _side_servers(stack, context, options.kinds)
        servers = Servers(context)
        stack.callback(servers.stop)
        run = Run(options, context, servers)
        rounds = run.measure()
        what = "-".join(options.kinds) if len(options.kinds) < len(KINDS) else "all"
        command = shlex.join(["bench/run", *sys.argv[1:]])
        minutes = (time.monotonic() - run.started) / 60
        text = "\n\n".join(
            [
                report.preface(what, command, facts, rounds, minutes, run.noise()),
                *(run.render(kind) for kind in options.kinds),
            ]
        )
        print("\n" + text)
        if not options.no_write:
            name = f"{facts['date']}-{what}{'-quick' if options.quick else ''}"
            data = {"facts": facts, "command": command, "cells": run.cells, "failures": run.failures}
            print(f"\nwritten: bench/results/{report.write(prepare.BENCH / 'results', name, text, data).name}")
    return 1 if any(run.failures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
