"""python -m bench.bridge: a day of talk through a bridge to Mattermost, with the line cut every minute.

Called from the command line only. The site and the imitated server are its own. Never touches the working copy's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import verdict
from bench.bridged import Bridge, Person, Room, Site, Watcher, cpu_of
from bench.elsewhere import Elsewhere
from bench.prepare import facts
from bench.pump import Pump, cut_now_and_then
from bench.talk import Line, TalkUnreadable, read_talk, share_out

IDLE_SECONDS = 10.0
SETTLE_SECONDS = 180.0
DEAD_SECONDS = 60.0
"""After a cut: the most that a half-open line goes unnoticed, and some more."""
CONNECT_SECONDS = 60.0
LOOK_SECONDS = 0.5
SHOWN_FAULTS = 12


class NotConnected(Exception):
    """The bridge did not begin its work."""


def _say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", flush=True)


async def _until_connected() -> None:
    from integrations.models import MattermostServer

    end = time.monotonic() + CONNECT_SECONDS
    connected = MattermostServer.objects.filter(state=MattermostServer.State.CONNECTED)
    while not await asyncio.to_thread(connected.exists):
        if time.monotonic() > end:
            state = await asyncio.to_thread(lambda: list(MattermostServer.objects.values("state", "error")))
            raise NotConnected(str(state))
        await asyncio.sleep(LOOK_SECONDS)


async def _settled(room: Room) -> tuple[float, dict[str, int]]:
    """Waits until nothing waits any more, three times in a row; how long that took, and what waits all the same."""
    began, quiet = time.monotonic(), 0
    waiting: dict[str, int] = {}
    while quiet < 3 and time.monotonic() - began < SETTLE_SECONDS:
        waiting = await asyncio.to_thread(room.waiting)
        quiet = 0 if any(waiting.values()) else quiet + 1
        await asyncio.sleep(LOOK_SECONDS)
    return time.monotonic() - began, waiting


async def _report_progress(pump: Pump, watcher: Watcher) -> None:
    while True:
        await asyncio.sleep(15)
        _say(f"{len(pump.done.said)} said, {len(watcher.ids)} here, {len(pump.done.lost)} refused")


class Run:
    """One talk through one bridge."""

    def __init__(self, options: argparse.Namespace, lines: list[Line], environment: dict[str, str]) -> None:
        self._options, self._lines, self._environment = options, lines, environment

    async def measure(self) -> dict[str, Any]:
        elsewhere = await Elsewhere.start()
        try:
            hello = await elsewhere.ask("hello")
            here = sorted({line.author for line in self._lines if line.here})
            there = sorted({line.author for line in self._lines if not line.here})
            names = {name: f"t{at}" for at, name in enumerate(there)}
            await elsewhere.ask("people", list(names.values()))
            room = await asyncio.to_thread(Room, here, hello)
            apart = self._options.apart
            environment = {**self._environment, "DJANGO_SETTINGS_MODULE": "bench.ours.settings"}
            environment["START_SERVICES"] = "0" if apart else "1"
            site = await asyncio.to_thread(Site, environment)
            works: Site | Bridge = site
            try:
                if apart:
                    works = Bridge(environment, Path(environment["COLLAB_DATA_DIR"]) / "bridge.log")
                return await self._pumped(elsewhere, room, site, works, names)
            finally:
                if apart and isinstance(works, Bridge):
                    works.kill()
                site.kill()
        finally:
            await elsewhere.stop()

    async def _pumped(
        self, elsewhere: Elsewhere, room: Room, site: Site, works: Site | Bridge, names: dict[str, str]
    ) -> dict[str, Any]:
        await _until_connected()
        watcher = Watcher(site, room.watcher, room.id)
        watching = asyncio.create_task(watcher.watch())
        await asyncio.wait_for(watcher.ready.wait(), CONNECT_SECONDS)
        people = {name: Person(site, key, f"room:{room.id}") for name, key in room.keys.items()}
        idle = [works.cpu(), time.monotonic()]
        await asyncio.sleep(IDLE_SECONDS)
        idle = [(works.cpu() - idle[0]) / (time.monotonic() - idle[1])]
        pump = Pump(lines=self._lines, people=people, names=names, watcher=watcher, elsewhere=elsewhere)
        before = {"bridge": works.cpu(), "site": site.cpu(), "there": cpu_of(elsewhere.pid)}
        began = time.monotonic()
        await self._talk(pump, elsewhere, works, watcher)
        talked = time.monotonic() - began
        # What came on a line that is dead is known to be missing only when the bridge has noticed that it is.
        await asyncio.sleep(max((at for at, _ in pump.done.cuts), default=0.0) + DEAD_SECONDS - time.time())
        settled, waiting = await _settled(room)
        spent = {"bridge": works.cpu(), "site": site.cpu(), "there": cpu_of(elsewhere.pid)}
        spent = {name: value - before[name] for name, value in spent.items()}
        watching.cancel()
        await asyncio.gather(*(person.leave() for person in people.values()))
        facts_of = {"talked": talked, "settled": settled, "waiting": waiting, "cpu": spent, "idle_cpu": idle[0]}
        facts_of["requests"] = (await elsewhere.ask("counts"))["requests"]
        facts_of["notices"] = await asyncio.to_thread(room.notices)
        here = await asyncio.to_thread(room.everything)
        return facts_of | self._judged(pump, watcher, here, await elsewhere.ask("everything"))

    async def _talk(self, pump: Pump, elsewhere: Elsewhere, works: Site | Bridge, watcher: Watcher) -> None:
        others = [asyncio.create_task(_report_progress(pump, watcher))]
        if self._options.cut_seconds:
            every = self._options.cut_seconds
            cutting = cut_now_and_then(
                pump.done, len(self._lines), every=every, elsewhere=elsewhere, works=works, told=_say
            )
            others.append(asyncio.create_task(cutting))
        await pump.run(self._options.rate)
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await elsewhere.open.wait()

    def _judged(self, pump: Pump, watcher: Watcher, here: list[Any], there: list[Any]) -> dict[str, Any]:
        done, lines = pump.done, self._lines
        lag = verdict.lags(lines, done, watcher.shown, there)
        every = lag["to Mattermost"] | lag["from Mattermost"]
        again = verdict.whole_again(done, every)
        return {
            "lines": len(lines),
            "said": len(done.said),
            "here": sum(line.here for line in lines),
            "replies": len(done.roots),
            "beside": len(done.beside),
            "edits": sum(line.change == "edit" for line in lines),
            "deletes": sum(line.change == "delete" for line in lines),
            "reactions": sum(len(line.touches) for line in lines),
            "lost": done.lost,
            "wrong": {kind: found for kind, found in verdict.differences(lines, done, here, there).items() if found},
            "cuts": [
                {"how": how, "whole_again_seconds": late} for (_, how), late in zip(done.cuts, again, strict=True)
            ],
            "lag": {name: _figures(list(found.values())) for name, found in lag.items()},
            "quiet_lag": {
                name: _figures(list(verdict.quiet_lines(done, again, found).values())) for name, found in lag.items()
            },
        }


def _figures(values: list[float]) -> dict[str, float]:
    found = {"count": float(len(values))}
    for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)):
        found[name] = verdict.share(values, part)
    return found


def _report(result: dict[str, Any], options: argparse.Namespace) -> list[str]:
    cpu, said = result["cpu"], max(1, result["said"])
    store = "PostgreSQL and Valkey" if options.postgres else "SQLite" + (" and Valkey" if options.apart else "")
    where = "the bridge in a process of its own" if options.apart else "one process for the site and the bridge"
    faults = Counter({kind: len(found) for kind, found in result["wrong"].items()})
    lines = [
        f"## {store}, {where}",
        "",
        f"{result['said']:,} of {result['lines']:,} lines said, {result['here']:,} of them here; {result['replies']:,} "
        f"as replies in threads ({result['beside']} beside theirs, whose root was not there yet), {result['edits']} "
        f"edits, {result['deletes']} deletions, {result['reactions']} reactions; {options.rate:g} lines a second for "
        f"{result['talked']:.0f} s, and {result['settled']:.0f} s until nothing waited any more.",
        "",
        "| | lines | p50 s | p95 s | p99 s | longest s |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for when, key in (("with the cuts", "lag"), ("while nothing was cut", "quiet_lag")):
        for name, row in result[key].items():
            shown = " | ".join(f"{row[one]:.2f}" for one in ("p50", "p95", "p99", "max"))
            lines.append(f"| {name}, {when} | {row['count']:,.0f} | {shown} |")
    lines += ["", "| cut | seconds until everything was up to date again |", "|---|---:|"]
    lines += [f"| {one['how']} | {one['whole_again_seconds']:.1f} |" for one in result["cuts"]]
    of_all = "the bridge" if options.apart else "the site, the bridge within it"
    lines += [
        "",
        f"CPU a line: {1000 * cpu['bridge'] / said:.1f} ms of {of_all}"
        + (f", {1000 * cpu['site'] / said:.1f} ms of the site" if options.apart else "")
        + f"; while nothing was said {1000 * result['idle_cpu']:.1f} ms a second. "
        f"{result['requests'] / said:.2f} requests a line to the other side.",
        "",
        "Both sides are equal: nothing missing, nothing twice, each author in order, threads and reactions alike."
        if not faults and not result["lost"] and not any(result["waiting"].values())
        else f"**The sides differ**: {dict(faults)}; refused: {len(result['lost'])}; waiting: {result['waiting']}.",
    ]
    return lines


def _write(result: dict[str, Any], text: list[str], options: argparse.Namespace) -> None:
    store = "-postgresql" if options.postgres else ""
    apart = "-apart" if options.apart and not options.postgres else ""
    cut = "" if options.cut_seconds else "-uncut"
    name = f"{datetime.now(UTC).date().isoformat()}-bridge{store}{apart}{cut}"
    told = facts()
    versions = told["versions"]
    assert isinstance(versions, dict)
    head = [
        "# A day of talk through a bridge",
        "",
        f"`python -m bench.bridge {' '.join(_without_paths(sys.argv[1:]))}` · commit {told['commit']}",
        "",
        f"Machine: {told['cpu']}, {told['cores']} cores, {told['memory_gib']} GiB, {told['system']}; load at the end "
        f"{os.getloadavg()[0]:.1f}. Versions: "
        + ", ".join(f"{one} {versions[one]}" for one in ("python", "django", "channels", "uvicorn", "msgspec"))
        + ".",
        "",
    ]
    results = Path(__file__).parent / "results"
    (results / f"{name}.md").write_text("\n".join(head + text) + "\n")
    (results / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")


def _without_paths(words: list[str]) -> list[str]:
    return [Path(word).name if "/" in word else word for word in words]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.bridge", description=__doc__.splitlines()[0])
    parser.add_argument("--chat", type=Path, nargs="+", required=True, help="JSON lines: line, author, body, reply_to")
    parser.add_argument("--rate", type=float, default=20.0, help="lines a second, on both sides together")
    parser.add_argument("--cut-seconds", type=float, default=60.0, help="between two cuts; 0: none")
    parser.add_argument("--most", type=int, default=0, help="only so many lines")
    parser.add_argument("--seed", type=int, default=1, help="of what is changed, deleted and reacted to")
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL and Valkey, the bridge apart")
    parser.add_argument("--apart", action="store_true", help="the bridge in a process of its own, rung by a Valkey")
    parser.add_argument("--no-write", action="store_true", help="print only; leave bench/results alone")
    options = parser.parse_args()
    options.apart = options.apart or options.postgres
    return options


def main() -> int:
    """Exit code 0 when both sides were equal in the end."""
    options = _options()
    try:
        lines = read_talk(options.chat, most=options.most)
    except TalkUnreadable as error:
        print(error, file=sys.stderr)
        return 2
    share_out(lines, seed=options.seed)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="collab-bench-bridge-"))
        os.environ |= {"COLLAB_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "collab.settings"}
        os.environ |= {"OUTBOUND_ALLOW": "127.0.0.1", "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3"}
        os.environ.pop("REDIS_URL", None)
        if options.apart:
            from tests.servers import start_valkey

            os.environ["REDIS_URL"] = stack.enter_context(start_valkey()).url
        if options.postgres:
            from tests.servers import start_postgres

            os.environ["DATABASE_URL"] = stack.enter_context(start_postgres(durable=True)).url
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        call_command("migrate", verbosity=0)
        result = asyncio.run(Run(options, lines, dict(os.environ)).measure())
        connections.close_all()
        with suppress(OSError):
            result["log"] = (Path(folder) / "bridge.log").read_text(errors="replace").splitlines()[-40:]
    text = _report(result, options)
    print("\n" + "\n".join(text))
    for kind, found in [*result["wrong"].items(), ("refused", result["lost"]), ("told", result["notices"])]:
        for one in found[:SHOWN_FAULTS]:
            print(f"{kind}: {one}")
    if not options.no_write:
        _write(result, text, options)
    return 1 if result["wrong"] or result["lost"] else 0


if __name__ == "__main__":
    sys.exit(main())
