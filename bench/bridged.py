"""Our side of a measured bridge: the site and the bridge as processes, the room, its people and who watches it.

Called by bench.bridge. The site is its own, in a temporary folder. Reads the database only before and after the talk.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.talk import number_of

ROOT = Path(__file__).resolve().parent.parent
AGAIN_SECONDS = 0.2
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pid: int) -> float:
    """Seconds of user and system time; 0 for a process that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


class Runs:
    """A process that may be killed and started again; its CPU time is that of all its lives."""

    def __init__(self) -> None:
        self._spent = 0.0

    @property
    def pid(self) -> int:
        raise NotImplementedError

    def cpu(self) -> float:
        return self._spent + cpu_of(self.pid)

    def _note(self) -> None:
        self._spent += cpu_of(self.pid)


class Site(Runs):
    """`manage.py serve`."""

    def __init__(self, environment: dict[str, str]) -> None:
        from tests.cluster import Process

        super().__init__()
        self.process = Process(environment)

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        self._note()
        self.process.kill()

    def start(self) -> None:
        self.process.start()


class Bridge(Runs):
    """`manage.py bridge_mattermost`."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        super().__init__()
        self._environment, self._log = environment, log
        self.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "bridge_mattermost"],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        self._note()
        self._process.kill()
        self._process.wait()


class Room:
    """The room that is linked, with a session for each of its people, all made by the product's own services."""

    def __init__(self, names: list[str], elsewhere: dict[str, Any]) -> None:
        from integrations.mattermost.catching_up import Place
        from integrations.services.bridges import setup
        from realtime.testing import make_session
        from tests import factories

        boss = factories.make_person("boss", is_staff=True, is_superuser=True)
        people = [factories.make_person(f"h{at}", display_name=name[:40]) for at, name in enumerate(names)]
        room = factories.make_room(boss, *people, name="Bridged")
        server = setup.make_server(actor=boss, name="Elsewhere", url=elsewhere["url"], token=elsewhere["bot_token"])
        setup.link_room(
            actor=boss,
            server_id=server.pk,
            room_id=room.pk,
            channel_id=elsewhere["channel_id"],
            channel_name="bridge",
            place=Place(),
        )
        self.id = room.pk
        self.keys = {name: make_session(person) for name, person in zip(names, people, strict=True)}
        self.ids = {name: person.pk for name, person in zip(names, people, strict=True)}
        self.watcher = make_session(boss)

    def everything(self) -> list[dict[str, Any]]:
        """What the room says now, but for lines of the system and what was deleted, in its order."""
        from chat.models import Message
        from integrations.models import BridgedPerson

        there = dict(BridgedPerson.objects.values_list("user_id", "username"))
        here = {pk: name for name, pk in self.ids.items()}
        rows = Message.objects.filter(room=self.id, deleted_at=None).exclude(kind="system").order_by("seq")
        return [
            {
                "id": str(row.pk),
                "name": here.get(row.author_id) or there.get(row.author_id, ""),
                "theirs": row.kind == "bridge",
                "text": row.body,
                "root": str(row.thread_root_id or ""),
                "reactions": sorted(
                    (there.get(one.user_id) or here[one.user_id], one.emoji, one.user_id in there)
                    for one in row.reactions.all()
                ),
            }
            for row in rows.prefetch_related("reactions")
        ]

    @staticmethod
    def waiting() -> dict[str, int]:
        """What the bridge has not done yet."""
        from django.db.models import F

        from integrations.models import BridgeInbox, BridgeLink, BridgeOutbox
        from integrations.services.bridges import outbox

        link = BridgeLink.objects.get()
        return {
            "inbox": BridgeInbox.objects.count(),
            "outbox": BridgeOutbox.objects.filter(state="waiting").count(),
            "failed": BridgeOutbox.objects.filter(state="failed").count(),
            "untold": len(outbox.links_to_queue(server_id=link.server_id)),
            "behind": BridgeLink.objects.exclude(missed=F("caught")).count(),
        }

    @staticmethod
    def notices() -> list[str]:
        from integrations.models import BridgeLink, BridgeOutbox

        told = [one for row in BridgeLink.objects.values_list("problem", "notice") for one in row if one]
        return told + list(BridgeOutbox.objects.exclude(problem="").values_list("problem", flat=True))


class Person:
    """Somebody at our page: a socket that is opened again when it is lost, and commands that are repeated then."""

    def __init__(self, site: Site, key: str, topic: str) -> None:
        self._site, self._key, self._topic = site, key, topic
        self._socket: Any = None
        self._turn = asyncio.Lock()

    async def do(self, kind: str, data: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Does something for certain; when the attempt began that was answered, and the answer."""
        from tests.cluster import open_socket

        async with self._turn:
            while True:
                try:
                    if self._socket is None:
                        self._socket = await open_socket(self._site.process, self._key)
                    began = time.time()
                    answer = await self._socket.command(kind, data, topic=self._topic)
                    if answer.get("code") != "rate_limited":
                        return began, answer
                    # Few people say what many said that day: they wait as a page does.
                    await asyncio.sleep(answer["retry_after"] or AGAIN_SECONDS)
                except Exception:
                    await self.leave()
                    await asyncio.sleep(AGAIN_SECONDS)

    async def leave(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(socket.close(), 2)


class Watcher:
    """Somebody who reads the room: which line is which message, and when it was first shown."""

    def __init__(self, site: Site, key: str, room_id: int) -> None:
        self._site, self._key, self._topic = site, key, f"room:{room_id}"
        self._last: int | None = None
        self.ids: dict[int, str] = {}
        self.shown: dict[int, float] = {}
        self.ready = asyncio.Event()

    async def watch(self) -> None:
        """Reads until it is cancelled."""
        from tests.cluster import open_socket

        while True:
            try:
                socket = await open_socket(self._site.process, self._key)
                await socket.subscribe(**{self._topic.replace(":", "_"): self._last})
                for frame in list(socket._frames):
                    self._see(frame)
                self.ready.set()
                await self._read(socket)
            except Exception:
                await asyncio.sleep(AGAIN_SECONDS)

    async def _read(self, socket: Any) -> None:
        while True:
            text = await socket._link.receive()
            if not isinstance(text, str):
                return
            frame = json.loads(text)
            if "topic" in frame:
                socket.taken += 1
                if socket.taken % 50 == 0:
                    await socket.send_raw(json.dumps({"type": "received", "data": {"frames": socket.taken}}))
            self._see(frame)

    def _see(self, frame: dict[str, Any]) -> None:
        if frame.get("topic") != self._topic or "seq" not in frame:
            return
        self._last = frame["seq"]
        if frame["type"] == "message.created":
            message = frame["data"]["message"]
            number = number_of(message["body"])
            if number is not None:
                self.ids.setdefault(number, message["id"])
                self.shown.setdefault(number, time.time())
