"""Tells channels that somebody of ours types: now or never, seldom, and never in the way of anything else.

Made by the runner; hears the rooms of links as `following` does. What the server refuses is left alone, and what came
too late is not told. Never touches what waits to be told.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from integrations.mattermost.rest import Server, ServerRefused
from integrations.services.bridges import own, telling
from integrations.services.bridges.setup import Access
from realtime import threads
from realtime.protocol import Refused
from realtime.transport import payloads_of

EVERY_SECONDS: Final = 5.0
"""Between two words about an account in a channel: so long Mattermost shows one."""
LATE_SECONDS: Final = 3.0
ECHO_SECONDS: Final = 6.0
_TYPING: Final = b'"typing"'


class _Wish(NamedTuple):
    room_id: int
    user_id: int


class Typist:
    """What one server hears of our people's typing.

    Args:
        access: to the server.
        server: as the bridge's account sees it.
        clock: seconds that only grow.
    """

    def __init__(self, access: Access, server: Server, clock: Callable[[], float] = time.monotonic) -> None:
        self._access, self._server, self._clock = access, server, clock
        self._woken = asyncio.Event()
        self._waiting: dict[_Wish, tuple[UUID | None, float]] = {}
        self._told: dict[tuple[str, str], float] = {}
        self._from_there: dict[_Wish, float] = {}

    # Called on the loop, without waiting

    def hear(self, frames: bytes) -> None:
        """Looks through what was told in rooms."""
        for payload in payloads_of(frames):
            if _TYPING not in payload:
                continue
            frame = msgspec.json.decode(payload)
            if frame["type"] == "typing":
                thread = frame["data"].get("thread")
                wish = _Wish(int(frame["topic"].partition(":")[2]), frame["data"]["user"])
                self._waiting[wish] = UUID(thread) if thread else None, self._clock()
                self._woken.set()

    def note_there(self, *, room_id: int, user_id: int) -> None:
        """Somebody types there: what is told here of it is not told there again."""
        self._from_there[_Wish(room_id, user_id)] = self._clock()

    def is_echo(self, *, channel_id: str, account: str) -> bool:
        """Whether an account types there because we said so."""
        return self._clock() - self._told.get((channel_id, account), -ECHO_SECONDS) < ECHO_SECONDS

    # Telling

    async def run(self) -> None:
        """Tells it until it is cancelled."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            waiting, self._waiting = self._waiting, {}
            now = self._clock()
            self._told = {key: at for key, at in self._told.items() if now - at < ECHO_SECONDS}
            self._from_there = {key: at for key, at in self._from_there.items() if now - at < ECHO_SECONDS}
            for wish, (thread, at) in waiting.items():
                if wish not in self._from_there and self._clock() - at < LATE_SECONDS:
                    await self._tell(wish, thread)

    async def _tell(self, wish: _Wish, thread: UUID | None) -> None:
        places = await threads.read(
            telling.typing_to_tell,
            server_id=self._access.server,
            room_id=wish.room_id,
            user_id=wish.user_id,
            thread=thread,
        )
        for channel_id, account, root_id in places:
            who = account or self._access.account_id
            before = self._told.get((channel_id, who))
            if before is not None and self._clock() - before < EVERY_SECONDS:
                continue
            self._told[channel_id, who] = self._clock()
            try:
                voice = await self._voice(account)
                await voice.send_typing(user_id=who, channel_id=channel_id, parent_id=root_id)
            except (ServerRefused, Refused):
                # The next message finds out why and writes it down.
                continue

    async def _voice(self, account: str) -> Server:
        if not account:
            return self._server
        token = await threads.read(own.token_of, server_id=self._access.server, remote_id=account)
        return self._server.as_account(token)
