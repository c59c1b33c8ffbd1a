"""python -m bench.ticks: what numbers cost: to hand them over, to add up those of many processes, to tell who looks.

Called from the command line only. The site is its own, in a temporary folder. Never touches that of the working copy.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import sys
import tempfile
import time
import urllib.request
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

TICKS = 30
PROCESSES = (1, 8, 64)
ROOMS = (0, 100)
"""In which something happens in the same second."""
WATCHERS = (0, 1, 50, 200)
SECONDS = 15
MESSAGES = 2
"""A second, so that there is something to tell."""


def _said(process: int, rooms: list[int]) -> Any:
    """What a busy process hands over."""
    from dashboard import catalogue
    from dashboard.flushed import Flushed

    chance = random.Random(process)
    edges = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05]
    return Flushed(
        label=f"bench:{process}",
        counters={name: float(chance.randrange(1, 500)) for name in catalogue.COUNTED},
        rooms=[(room, name, 2.0) for room in rooms for name in ("messages", "edits")],
        histograms={
            metric: [(low, high, float(chance.randrange(1, 90))) for low, high in itertools.pairwise(edges)]
            for metric in catalogue.HISTOGRAMS
        },
        gauges=dict.fromkeys(catalogue.OWN, 10.0),
    )


def _record(processes: int, rooms: list[int]) -> dict[str, float]:
    """Medians of ticks: ms on the clock and of this thread's CPU."""
    from dashboard.flusher import Counts
    from dashboard.models import Process
    from dashboard.services import recording

    stored, walls, cpus, looks = [], [], [], []
    counts = Counts()
    for number in range(1, TICKS + 1):
        for process in range(processes):
            said = _said(process, rooms if process == 0 else [])
            begun = time.perf_counter()
            recording.store_flush(process=f"bench-{process}", number=number, data=said)
            stored.append(time.perf_counter() - begun)
        begun, cpu = time.perf_counter(), time.thread_time()
        recording.record()
        walls.append(time.perf_counter() - begun)
        cpus.append(time.thread_time() - cpu)
        begun = time.thread_time()
        counts.look()[1]()
        looks.append(time.thread_time() - begun)
    for process in range(processes):
        Process.objects.filter(pk=f"bench-{process}").delete()
    return {
        "processes": processes,
        "rooms": len(rooms),
        "look_cpu_ms": 1000 * median(looks),
        "store_ms": 1000 * median(stored),
        "record_ms": 1000 * median(walls),
        "record_cpu_ms": 1000 * median(cpus),
    }


def _adding_up() -> list[dict[str, float]]:
    from dashboard.models import Sample
    from tests import factories

    mina = factories.make_person("mina")
    rooms = [factories.make_room(mina, name=f"Room {number}").pk for number in range(max(ROOMS))]
    cells = []
    for processes in PROCESSES:
        for count in ROOMS:
            Sample.objects.all().delete()
            cells.append(_record(processes, rooms[:count]))
            print(cells[-1], flush=True)
    return cells


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _board(process: Any, cast: Any) -> int:
    """The board of the room, which is made when it is asked for."""
    request = urllib.request.Request(f"{process.url}/api/rooms/{cast.room_id}/board/")
    request.add_header("Cookie", f"sessionid={cast.keys[0]}")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return int(json.load(answer)["board"]["id"])


async def _telling(environment: dict[str, str]) -> list[dict[str, Any]]:
    from tests.cluster import open_socket, running
    from tests.faults.cast import CastElsewhere

    cast = await asyncio.to_thread(CastElsewhere, environment)
    cells = []
    with running(environment) as [process]:
        board = await asyncio.to_thread(_board, process, cast)
        speaker = await open_socket(process, cast.keys[0])
        for count in WATCHERS:
            path = f"/ws/dashboard/{board}/"
            pages = [
                await open_socket(process, cast.keys[number % len(cast.keys)], path=path) for number in range(count)
            ]
            for page in pages:
                await page.subscribe(**{f"dashboard_{board}": None})
            heard = [asyncio.create_task(_listen(page)) for page in pages]
            await asyncio.sleep(3)
            before = _cpu(process.pid)
            await _speak(speaker, f"room:{cast.room_id}")
            cpu = (_cpu(process.pid) - before) / SECONDS
            for task in heard:
                task.cancel()
            sizes = [size for found in await asyncio.gather(*heard, return_exceptions=True) for size in _sizes(found)]
            for page in pages:
                await page.close()
            cells.append({"watchers": count, "cpu_ms": 1000 * cpu, "bytes": median(sizes) if sizes else 0})
            print(cells[-1], flush=True)
        await speaker.close()
    return cells


def _sizes(found: Any) -> list[int]:
    return found if isinstance(found, list) else []


async def _listen(page: Any) -> list[int]:
    sizes: list[int] = []
    try:
        while True:
            text = await page._link.receive()
            page.taken += 1
            if page.taken % 50 == 0:
                await page.send_raw(json.dumps({"type": "received", "data": {"frames": page.taken}}))
            if isinstance(text, str) and '"samples.recorded"' in text:
                sizes.append(len(text.encode()))
    except asyncio.CancelledError:
        return sizes


async def _speak(speaker: Any, topic: str) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        await speaker.command("message.send", {"cid": str(uuid.uuid4()), "body": "A word"}, topic=topic)
        await asyncio.sleep(1 / MESSAGES)


def _report(adding: list[dict[str, float]], telling: list[dict[str, Any]], where: str) -> str:
    lines = [
        f"Load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores. {where}.",
        "",
        f"Handed over by busy processes and added up in one tick; medians of {TICKS} ticks. `look` is what a process "
        "spends to read its registry, `store` one row of it, `record` the transaction of the recorder.",
        "",
        "| processes | rooms | look CPU ms | store ms | record ms | record CPU ms |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    shown = ("look_cpu_ms", "store_ms", "record_ms", "record_cpu_ms")
    lines += [
        f"| {cell['processes']:.0f} | {cell['rooms']:.0f} | " + " | ".join(f"{cell[name]:.2f}" for name in shown) + " |"
        for cell in adding
    ]
    lines += [
        "",
        f"A real server on SQLite, all that it does: {MESSAGES} messages a second in a room, and so many sockets on "
        "its board.",
        "",
        "| who look | CPU ms a second | bytes a tick |",
        "|---:|---:|---:|",
    ]
    lines += [f"| {cell['watchers']} | {cell['cpu_ms']:.1f} | {cell['bytes']:.0f} |" for cell in telling]
    return "\n".join(lines)


def main() -> int:
    """Exit code 0 when everything was measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.ticks", description=__doc__.splitlines()[0])
    parser.add_argument("--postgres", action="store_true", help="a private PostgreSQL instead of SQLite")
    parser.add_argument("--no-write", action="store_true", help="print only; leave bench/results alone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="collab-bench-ticks-") as folder, ExitStack() as stack:
        os.environ |= {"COLLAB_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "collab.settings"}
        url = f"sqlite:///{folder}/site.sqlite3"
        if options.postgres:
            from tests.servers import start_postgres

            url = stack.enter_context(start_postgres()).url
        os.environ["DATABASE_URL"] = url
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        adding = _adding_up()
        telling = asyncio.run(_telling({**os.environ, "DATABASE_URL": f"sqlite:///{folder}/live.sqlite3"}))
    text = _report(adding, telling, "PostgreSQL" if options.postgres else "SQLite")
    print("\n" + text)
    if not options.no_write:
        name = f"{datetime.now(UTC).date().isoformat()}-ticks{'-postgresql' if options.postgres else ''}"
        results = Path(__file__).parent / "results"
        call = f"python -m bench.ticks{' --postgres' if options.postgres else ''}"
        (results / f"{name}.md").write_text(f"# Numbers\n\n`{call}`\n\n{text}\n")
        (results / f"{name}.json").write_text(json.dumps({"adding": adding, "telling": telling}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
