"""Calls the load generator and reads its answers.

Called by bench.work.
Never interprets a figure.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Options = Mapping[str, str | int | float]


class GeneratorFailed(Exception):
    """The generator gave up; the text is what it said."""


def _command(program: Path, core: int, mode: str, options: Options) -> list[str]:
    command = ["taskset", "-c", str(core), str(program), mode]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    return command


def run(program: Path, core: int, mode: str, options: Options, *, timeout_seconds: float) -> list[dict[str, Any]]:
    """Runs the generator to its end; one dict per line that it printed."""
    try:
        result = subprocess.run(
            _command(program, core, mode, options), capture_output=True, text=True, timeout=timeout_seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise GeneratorFailed(f"no end after {timeout_seconds:.0f} s") from error
    if result.returncode != 0:
        raise GeneratorFailed(result.stderr.strip() or f"exit code {result.returncode}")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    if result.stderr.strip():
        lines[-1]["said"] = result.stderr.strip()
    return lines


@contextmanager
def idle_sockets(program: Path, core: int, options: Options) -> Iterator[None]:
    """Holds sockets open inside the block."""
    process = subprocess.Popen(
        _command(program, core, "idle", options),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    try:
        if not process.stdout.readline():
            raise GeneratorFailed(process.stderr.read().strip())
        yield
        if process.poll() is not None:
            raise GeneratorFailed(process.stderr.read().strip())
    finally:
        process.stdin.close()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        process.stderr.close()
