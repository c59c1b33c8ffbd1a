"""The imitated Mattermost server in a process of its own, and how bench.bridge speaks with it.

`python -m bench.elsewhere` serves and takes orders as JSON lines on its standard input; `Elsewhere` is the other end.
Orders are those of people at their own clients, and of whoever pulls plugs. Only for measuring.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from bench.talk import number_of

ROOT = Path(__file__).resolve().parent.parent
LINE_BYTES = 64 * 1024 * 1024


class Host:
    """Does what it is told on the imitated server."""

    def __init__(self, fake: Any) -> None:
        self._fake = fake
        self._seed = fake.seed()
        self._rows: Any = None
        self._seen = 0
        self._found: dict[int, str] = {}

    def hello(self) -> dict[str, Any]:
        return {"url": self._fake.url, **dataclasses.asdict(self._seed)}

    def people(self, names: list[str]) -> None:
        state = self._fake.state
        for name in names:
            user = state.add_user(name)
            state.teams[self._seed.team_id].members.add(user.id)
            state.channels[self._seed.channel_id].members.add(user.id)

    def say(self, name: str, text: str, root: str) -> dict[str, Any]:
        post = self._fake.say(name, self._seed.channel_id, text, root_id=root)
        return {"id": post.id, "at": post.create_at}

    def find(self, number: int) -> str:
        rows = self._fake.state.rows_of[self._seed.channel_id]
        for row in rows[self._seen :]:
            found = number_of(row.message)
            if found is not None:
                self._found.setdefault(found, row.original_id or row.id)
        self._seen = len(rows)
        return self._found.get(number, "")

    def edit(self, name: str, post: str, text: str) -> None:
        self._fake.edit(name, post, text)

    def delete(self, name: str, post: str) -> None:
        self._fake.delete(name, post)

    def react(self, name: str, post: str, emoji: str) -> None:
        self._fake.react(name, post, emoji)

    def unreact(self, name: str, post: str, emoji: str) -> None:
        self._fake.unreact(name, post, emoji)

    def cut(self) -> None:
        self._fake.cut_sockets()

    def freeze(self) -> None:
        self._fake.freeze_sockets()

    def down(self) -> None:
        self._fake.go_down()

    def up(self) -> None:
        self._fake.come_up()

    def counts(self) -> dict[str, int]:
        return {"posts": len(self._fake.posts(self._seed.channel_id)), "requests": len(self._fake.requests)}

    def everything(self) -> list[dict[str, Any]]:
        names = {one.id: one.username for one in self._fake.state.users.values()}
        return [
            {
                "id": post.id,
                "name": names[post.user_id],
                "text": post.message,
                "root": post.root_id,
                "at": post.create_at,
                "reactions": sorted((names[user], emoji) for user, emoji in post.reactions),
            }
            for post in self._fake.posts(self._seed.channel_id)
        ]


def main() -> None:
    from tests.fakes.mattermost import FakeMattermost

    with FakeMattermost() as fake:
        host = Host(fake)
        for order in sys.stdin:
            told = json.loads(order)
            try:
                answer = {"result": getattr(host, told["do"])(*told["with"])}
            except Exception as error:
                answer = {"error": repr(error)}
            print(json.dumps(answer), flush=True)


class ElsewhereFailed(Exception):
    """The imitated server could not do what it was told."""


class Elsewhere:
    """The process with the imitated server, from outside. Nobody says anything there while it is down."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._turn = asyncio.Lock()
        self.open = asyncio.Event()
        self.open.set()

    @classmethod
    async def start(cls) -> Elsewhere:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.elsewhere",
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, do: str, *given: Any) -> Any:
        """Has something done; its result.

        Raises:
            ElsewhereFailed: it could not be done.
        """
        reader, writer = self._process.stdout, self._process.stdin
        assert reader is not None
        assert writer is not None
        async with self._turn:
            writer.write(json.dumps({"do": do, "with": given}).encode() + b"\n")
            await writer.drain()
            line = await reader.readline()
        if not line:
            raise ElsewhereFailed(f"the process ended at {do}")
        answer = json.loads(line)
        if "error" in answer:
            raise ElsewhereFailed(f"{do}: {answer['error']}")
        return answer["result"]

    async def person(self, do: str, *given: Any) -> Any:
        """As ask, for what people do: they wait while the server is away."""
        await self.open.wait()
        return await self.ask(do, *given)

    async def restart(self, seconds: float) -> None:
        """Goes down, and comes up after a while."""
        self.open.clear()
        await self.ask("down")
        await asyncio.sleep(seconds)
        await self.ask("up")
        self.open.set()

    async def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 20)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


if __name__ == "__main__":
    main()
