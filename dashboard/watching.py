"""The boards that somebody looks at in this process: it says so in the database, and asks again who may look.

Called by dashboard.consumers on the event loop. Rights that ended without an event of their own (somebody is no longer
staff, a room was deleted) end the socket within ten seconds. Never touches the ORM itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import Final

from dashboard import services
from dashboard.selectors.rights import who_sees
from realtime import threads
from realtime.hub import hub
from realtime.socket import Socket

logger = logging.getLogger(__name__)
RENEW_SECONDS: Final = 10.0


class Watching:
    """Sockets by board."""

    def __init__(self) -> None:
        self._boards: defaultdict[int, set[Socket]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    async def join(self, board_id: int, socket: Socket) -> None:
        """A socket looks at the board from now on."""
        is_new = not self._boards[board_id]
        self._boards[board_id].add(socket)
        if self._task is None or self._task.done():
            self._task = hub.keep(self._renew_forever())
        if is_new:
            await threads.write(services.renew_watches, process=hub.process, board_ids=[board_id])

    def leave(self, board_id: int, socket: Socket) -> None:
        """It looks no more; the last one ends the watch."""
        looking = self._boards.get(board_id)
        if looking is None:
            return
        looking.discard(socket)
        if not looking:
            del self._boards[board_id]
            hub.keep(self._end(board_id))

    async def _end(self, board_id: int) -> None:
        if board_id not in self._boards:
            await threads.write(services.end_watches, process=hub.process, board_ids=[board_id])

    async def _renew_forever(self) -> None:
        while self._boards:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await self._renew()
            except Exception:
                logger.exception("The watches of boards could not be renewed")

    async def _renew(self) -> None:
        if self._boards:
            await threads.write(services.renew_watches, process=hub.process, board_ids=list(self._boards))
        for board_id, sockets in list(self._boards.items()):
            people = {socket.user_id for socket in sockets}
            seen = await threads.read(who_sees, board_id=board_id, user_ids=people)
            for socket in list(sockets):
                if socket.user_id not in seen:
                    hub.close(socket, 4403, "You may no longer see this board.")


watching: Final = Watching()
