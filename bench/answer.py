"""python -m bench.answer: an answer of the assistant before 1 and 20 pairs of eyes: how soon, how many bytes, what CPU.

Called from the command line only. The site is its own, in a temporary folder; the provider is the scripted one, over
HTTP, in this process. Never touches the site of the working copy.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

WORDS, PAUSE = 600, 0.02
"""An answer of six hundred words, fifty a second, which is what a quick provider writes."""
ANSWERS = 5
VIEWERS = (1, 20)
RECEIVED_EVERY = 50
SENTENCE = "The build is green again since the lock file was made anew this morning. "


def _text() -> str:
    words = (SENTENCE * WORDS).split()[:WORDS]
    blocks = [" ".join(words[first : first + 40]) for first in range(0, WORDS, 40)]
    return "\n\n".join(blocks)


class Viewer:
    """One page: takes every frame and notes when it came and how long it was."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.frames: list[tuple[float, int, dict[str, Any]]] = []

    async def watch(self) -> None:
        """Until an answer has ended."""
        await self.socket.send("ping")
        while True:
            text = await self.socket._link.receive()
            assert isinstance(text, str), f"closed with {text}"
            frame = json.loads(text)
            self.frames.append((time.perf_counter(), len(text.encode()), frame))
            if "topic" in frame and frame["type"] != "reset":
                await self._confirm()
            if frame["type"] == "run.changed" and frame["data"]["run"]["state"] == "done":
                return

    async def _confirm(self) -> None:
        self.socket.taken += 1
        if self.socket.taken % RECEIVED_EVERY == 0:
            await self.socket.send_raw(json.dumps({"type": "received", "data": {"frames": self.socket.taken}}))

    def of(self, *kinds: str) -> list[tuple[float, int, dict[str, Any]]]:
        """Frames of these kinds."""
        return [one for one in self.frames if one[2]["type"] in kinds]


async def _one(process: Any, viewers: list[Viewer], topic: str) -> dict[str, float]:
    before = _cpu(process.pid)
    for viewer in viewers:
        viewer.frames.clear()
    data = {"cid": str(uuid.uuid4()), "body": "@assistant How is the build?"}
    begun = time.perf_counter()
    await viewers[0].socket.send("message.send", data, topic=topic)
    await asyncio.gather(*(viewer.watch() for viewer in viewers))
    asker = viewers[0]
    deltas = asker.of("run.delta")
    told = "".join(frame["data"]["text"] for _, _, frame in deltas)
    ended = asker.of("run.changed")[-1]
    # The end is durable and goes at once; the last piece may still wait its 30 ms for company.
    assert ended[2]["data"]["body"].startswith(told), "something was lost"
    whole, so_far = 0, 0
    for _, _, frame in deltas:
        so_far += len(frame["data"]["text"].encode())
        whole += so_far
    created = [one for one in asker.of("message.created") if one[2]["data"]["message"]["kind"] == "assistant"]
    return {
        "answer_shown_ms": (created[0][0] - begun) * 1000,
        "first_delta_ms": (deltas[0][0] - begun) * 1000,
        "deltas": len(deltas),
        "seconds": ended[0] - begun,
        "delta_bytes": sum(size for _, size, _ in deltas),
        "bytes_a_delta": median(size for _, size, _ in deltas),
        "rendered_bytes": sum(size for _, size, _ in asker.of("run.rendered")),
        "durable_bytes": sum(size for _, size, _ in asker.of("run.changed", "message.created")),
        "whole_text_bytes": whole,
        "text_bytes": len(told.encode()),
        "cpu_ms": (_cpu(process.pid) - before) * 1000,
    }


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _measure(folder: str) -> list[dict[str, Any]]:
    from assistant.fake.server import FakeOpenAI
    from tests.cluster import open_socket, running
    from tests.faults.cast import CastElsewhere

    cells = []
    with FakeOpenAI() as fake:
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3",
            "OPENAI_BASE_URL": fake.base_url,
            "OPENAI_API_KEY": "sk-bench",
            "ASSISTANT_PERSON_DAY_TOKENS": "0",
            "ASSISTANT_PERSON_DAY_COST": "0",
        }
        cast = await asyncio.to_thread(CastElsewhere, environment)
        with running(environment) as [process]:
            await asyncio.sleep(5)  # the keeper makes the assistant's account
            for count in VIEWERS:
                viewers = [Viewer(await open_socket(process, key)) for key in cast.keys[:count]]
                for viewer in viewers:
                    await viewer.socket.subscribe(**{f"room_{cast.room_id}": None})
                rounds = []
                for _ in range(ANSWERS):
                    fake.drip(_text(), PAUSE)
                    rounds.append(await _one(process, viewers, cast.topic))
                cells.append({"viewers": count, **{key: median(one[key] for one in rounds) for key in rounds[0]}})
                print(cells[-1], flush=True)
                for viewer in viewers:
                    await viewer.socket.close()
    return cells


def _report(cells: list[dict[str, Any]]) -> str:
    first = cells[0]
    lines = [
        f"Load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores. An answer of "
        f"{first['text_bytes']:,.0f} bytes, {WORDS} words at {1 / PAUSE:.0f} a second; SQLite, one process, the "
        f"provider scripted and on the same machine; medians of {ANSWERS} answers.",
        "",
        "| readers | empty answer shown ms | first text ms | pieces | bytes a piece | all pieces, a reader | HTML | "
        "durable | whole text each time | CPU ms |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    shown = ["viewers", "answer_shown_ms", "first_delta_ms", "deltas", "bytes_a_delta", "delta_bytes", "rendered_bytes"]
    shown += ["durable_bytes", "whole_text_bytes", "cpu_ms"]
    lines += ["| " + " | ".join(f"{cell[name]:,.0f}" for name in shown) + " |" for cell in cells]
    ratio = first["whole_text_bytes"] / (first["delta_bytes"] + first["rendered_bytes"])
    lines += ["", f"To send the whole text each time would be {ratio:.0f} times the bytes of pieces and HTML together."]
    return "\n".join(lines)


def main() -> int:
    """Exit code 0 when everything was measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.answer", description=__doc__.splitlines()[0])
    parser.add_argument("--no-write", action="store_true", help="print only; leave bench/results alone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="collab-bench-answer-") as folder:
        os.environ |= {"COLLAB_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "collab.settings"}
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/site.sqlite3"
        import django

        django.setup()
        cells = asyncio.run(_measure(folder))
    text = _report(cells)
    print("\n" + text)
    if not options.no_write:
        name = f"{datetime.now(UTC).date().isoformat()}-answer"
        results = Path(__file__).parent / "results"
        (results / f"{name}.md").write_text(f"# An answer\n\n`python -m bench.answer`\n\n{text}\n")
        (results / f"{name}.json").write_text(json.dumps(cells, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
