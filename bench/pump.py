"""Lets a talk happen on both sides of a bridge at a steady rate, with the line cut now and then.

Called by bench.bridge. Decides nothing about the talk (bench.talk does) and judges nothing (bench.verdict does).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from uuid import uuid4

from bench.bridged import Bridge, Person, Site, Watcher
from bench.elsewhere import Elsewhere
from bench.talk import EMOJI, Done, Line, Touch, thread_of

AWAY_SECONDS = 5.0
"""How long a server that is restarted, or a process that is killed, stays away."""
LATER_SECONDS = (1.0, 3.0)
"""After which time somebody changes, deletes or reacts."""
LOOK_SECONDS = 0.25
CUTS = ("connection reset", "line half-open", "server restarted", "process killed")


class Pump:
    """One talk on its way."""

    def __init__(
        self,
        *,
        lines: Sequence[Line],
        people: dict[str, Person],
        names: dict[str, str],
        watcher: Watcher,
        elsewhere: Elsewhere,
    ) -> None:
        self._lines, self._people, self._names = lines, people, names
        self._watcher, self._elsewhere = watcher, elsewhere
        self._chance = random.Random(11)
        self._there: dict[int, str] = {}
        self._last: dict[str, asyncio.Task[None]] = {}
        self._later: set[asyncio.Task[None]] = set()
        self.done = Done()

    async def run(self, rate: float) -> None:
        """Says everything; ends when all of it, and what comes of it, was said."""
        began = time.monotonic()
        for line in self._lines:
            await asyncio.sleep(began + line.number / rate - time.monotonic())
            before = self._last.get(line.author)
            self._last[line.author] = asyncio.create_task(self._after(before, line))
        await asyncio.gather(*self._last.values())
        while self._later:
            await asyncio.gather(*self._later)

    async def _after(self, before: asyncio.Task[None] | None, line: Line) -> None:
        """Each says one thing after the other."""
        if before is not None:
            await before
        root = thread_of(line, self._lines)
        if root is not None and await self._find(root, here=line.here):
            self.done.roots[line.number] = root
        elif root is not None:
            self.done.beside.add(line.number)
            root = None
        await (self._say_here(line, root) if line.here else self._say_there(line, root))
        if line.change:
            self._soon(self._change(line))
        for touch in line.touches:
            self._soon(self._touch(line, touch))

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        async def wait() -> None:
            await asyncio.sleep(self._chance.uniform(*LATER_SECONDS))
            try:
                await work
            except Exception as error:
                self.done.lost.append(repr(error))

        task = asyncio.create_task(wait())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _find(self, number: int, *, here: bool) -> str:
        """What a line is called on one side; nothing where it is not there."""
        if here:
            return self._watcher.ids.get(number, "")
        if not self._there.get(number):
            self._there[number] = await self._elsewhere.ask("find", number)
        return self._there[number]

    async def _say_here(self, line: Line, root: int | None) -> None:
        data = {"cid": str(uuid4()), "body": line.text()}
        if root is not None:
            data["thread"] = self._watcher.ids[root]
        began, answer = await self._people[line.author].do("message.send", data)
        self._note("message.send", line, answer)
        if answer["type"] == "ack":
            self.done.said[line.number] = began
            self._watcher.ids.setdefault(line.number, answer["data"]["id"])

    async def _say_there(self, line: Line, root: int | None) -> None:
        under = self._there[root] if root is not None else ""
        post = await self._elsewhere.person("say", self._names[line.author], line.text(), under)
        self._there[line.number] = post["id"]
        self.done.said[line.number] = post["at"] / 1000

    def _note(self, what: str, line: Line, answer: dict[str, Any]) -> None:
        if answer["type"] != "ack":
            self.done.lost.append(f"{what} of line {line.number}: {answer}")

    async def _change(self, line: Line) -> None:
        gone = line.change == "delete"
        if line.here:
            kind = "message.delete" if gone else "message.edit"
            data = {"id": self._watcher.ids[line.number]} | ({} if gone else {"body": line.final()})
            _, answer = await self._people[line.author].do(kind, data)
            self._note(kind, line, answer)
        else:
            text = () if gone else (line.final(),)
            post = self._there[line.number]
            await self._elsewhere.person("delete" if gone else "edit", self._names[line.author], post, *text)

    async def _touch(self, line: Line, touch: Touch) -> None:
        # Nobody reacts to what they do not see, and it comes to be in another process.
        while not await self._find(line.number, here=touch.here):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)
        await self._react(line, touch, put=True)
        if touch.taken_back:
            await asyncio.sleep(self._chance.uniform(*LATER_SECONDS))
            await self._react(line, touch, put=False)
        else:
            self.done.touched.add((line.number, touch.author, touch.emoji, touch.here))

    async def _react(self, line: Line, touch: Touch, *, put: bool) -> None:
        if touch.here:
            kind = "reaction.add" if put else "reaction.remove"
            data = {"message": self._watcher.ids[line.number], "emoji": EMOJI[touch.emoji]}
            _, answer = await self._people[touch.author].do(kind, data)
            self._note(kind, line, answer)
        else:
            post = self._there[line.number]
            await self._elsewhere.person("react" if put else "unreact", self._names[touch.author], post, touch.emoji)


async def cut_now_and_then(
    done: Done, lines: int, *, every: float, elsewhere: Elsewhere, works: Site | Bridge, told: Callable[[str], None]
) -> None:
    """Cuts the line again and again, each time in another way, until all lines were said."""
    at = 0
    while True:
        await asyncio.sleep(every)
        if len(done.said) >= lines:
            return
        how = CUTS[at % len(CUTS)]
        done.cuts.append((time.time(), how))
        told(f"cut: {how}")
        # Shielded: what was taken away comes back also when the talk ends meanwhile.
        await asyncio.shield(asyncio.ensure_future(_cut(how, elsewhere, works)))
        at += 1


async def _cut(how: str, elsewhere: Elsewhere, works: Site | Bridge) -> None:
    match how:
        case "connection reset":
            await elsewhere.ask("cut")
        case "line half-open":
            await elsewhere.ask("freeze")
        case "server restarted":
            await elsewhere.restart(AWAY_SECONDS)
        case _:
            await asyncio.to_thread(works.kill)
            await asyncio.sleep(AWAY_SECONDS)
            await asyncio.to_thread(works.start)
