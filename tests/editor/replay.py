"""Plays a recorded editing session through the sockets of a real server, and compares the end with the recorded one.

Run as `python -m tests.editor.replay FILE`, on a database of its own that is thrown away. Never called by the tests,
which play a small recording of our own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.editor.recording import Recording, read
from tests.servers import start_valkey

BAR: Final = 40


def show(done: int, of: int) -> None:
    """A progress bar on the terminal, or a line for every tenth where there is none."""
    full = done * BAR // of
    line = f"[{'#' * full}{'.' * (BAR - full)}] {done:,} of {of:,} edits"
    if sys.stderr.isatty():
        print(f"\r{line}", end="\n" if done == of else "", file=sys.stderr, flush=True)
    elif done * 10 // of != max(done - 1, 0) * 10 // of:
        print(line, file=sys.stderr, flush=True)


def prepare(text: str) -> tuple[Any, int]:
    """A site of the environment's own with people and a document."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from tests.editor.player import begin
    from tests.faults.cast import Cast

    cast = Cast()
    return cast, begin(cast, text)


async def play(recording: Recording, cast: Any, document_id: int, count: int) -> None:
    """Plays, compares every text there is with the recorded one and tells how long it took; ends with 1 otherwise."""
    from tests.cluster import running
    from tests.editor.player import replay, replayed_log

    with running(dict(os.environ), count=count) as processes:
        started = time.monotonic()
        texts = await replay(recording, processes, cast, document_id, progress=show)
        seconds = time.monotonic() - started
        errors = [process.log for process in processes if "Traceback" in process.log or "incident" in process.log]
    texts.append(await replayed_log(cast, document_id, recording.start))
    if errors or set(texts) != {recording.end}:
        sys.exit(f"The end is not the recorded one: {[text == recording.end for text in texts]} {errors}")
    edits, pushes = len(recording.edits), sum(1 for _ in recording.turns())
    pace = f"{seconds:.1f} s, {edits / seconds:,.0f} a second"
    print(f"{edits:,} edits of {recording.authors} authors in {pushes:,} pushes took {pace}.")
    print("Every author's text and the replayed log are the recorded text.")


@contextlib.contextmanager
def site(count: int) -> Iterator[None]:
    """Puts a site of its own into the environment; several processes get a Valkey that rings for them.

    Without one a process hears of the others' edits at its next look at the log, and every turn would wait for that.
    """
    with tempfile.TemporaryDirectory(prefix="collab-replay-") as folder, contextlib.ExitStack() as stack:
        Path(folder, "static").mkdir()
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "collab.settings",
            "SECRET_KEY": "only-for-replays-and-long-enough-to-keep-every-system-check-content",
            "COLLAB_DATA_DIR": folder,
            "DATABASE_URL": f"sqlite:///{folder}/replay.sqlite3",
        }
        os.environ.pop("REDIS_URL", None)
        if count > 1:
            os.environ["REDIS_URL"] = stack.enter_context(start_valkey()).url
        yield


def main() -> None:
    parser = argparse.ArgumentParser(description="Play a recorded editing session through real sockets.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--processes", type=int, default=1, help="server processes that the authors are spread over")
    options = parser.parse_args()
    recording = read(options.file)
    with site(options.processes):
        asyncio.run(play(recording, *prepare(recording.start), options.processes))


if __name__ == "__main__":
    main()
