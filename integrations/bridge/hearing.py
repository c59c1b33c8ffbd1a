"""Hears one server: what comes is kept and nothing else, so that a slow database or disk never makes it drop us.

Called by the listener, on behalf of the runner. Typing alone is passed on at once and never kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from chat.events import Typing as TypingHere
from integrations.bridge.typing import Typist
from integrations.mattermost.heard import Typing, told_by
from integrations.mattermost.listening import Cursor
from integrations.mattermost.wire import Event, Unreadable
from integrations.models import MattermostServer
from integrations.services.bridges import inbox, outbox, setup
from integrations.services.bridges.setup import Access
from realtime import threads
from realtime.hub import hub

logger = logging.getLogger(__name__)


class Keeper:
    """The hearer of one server.

    Args:
        wake: called when there is something to apply.
        typist: tells the other way who types, and is told who does so there.
    """

    def __init__(self, access: Access, wake: Callable[[], None], typist: Typist) -> None:
        self._access, self._wake, self._typist = access, wake, typist

    async def take(self, events: Sequence[Event], cursor: Cursor) -> None:
        """Keeps what a bridge needs, with the place on the line."""
        kept = []
        for event in events:
            try:
                told = told_by(event)
            except Unreadable as unreadable:
                logger.warning("An event of Mattermost server %s was passed over: %s", self._access.server, unreadable)
                await self.missed()
                continue
            if isinstance(told, Typing):
                await self._type(told)
            elif told is not None:
                kept.append(event)
        await threads.write(inbox.keep_events, access=self._access, events=kept, cursor=cursor)
        self._wake()

    async def _type(self, told: Typing) -> None:
        if self._typist.is_echo(channel_id=told.channel_id, account=told.user_id):
            return
        found = await threads.read(inbox.hears_typing, server_id=self._access.server, told=told)
        if found is not None:
            room_id, user_id, thread = found
            self._typist.note_there(room_id=room_id, user_id=user_id)
            event = TypingHere(user=user_id, thread=thread)
            hub.publish_ephemeral(topic=f"room:{room_id}", event=event, key=str(user_id))

    async def missed(self) -> None:
        """Every link has to be caught up."""
        await threads.write(setup.note_missed, access=self._access)
        self._wake()

    async def connected(self, *, resumed: bool) -> None:
        """The server speaks to us."""
        how = "goes on" if resumed else "began"
        logger.info("The line to Mattermost server %s %s", self._access.server, how)
        await self._note(MattermostServer.State.CONNECTED)
        await threads.write(outbox.hurry, access=self._access)
        self._wake()

    async def disconnected(self, words: str, *, retry_seconds: float) -> None:
        """The line ended."""
        logger.debug("The line to Mattermost server %s ended: %s", self._access.server, words)
        await self._note(MattermostServer.State.BROKEN, words)

    async def _note(self, state: str, error: str = "") -> None:
        await threads.write(setup.note_state, server_id=self._access.server, state=state, error=error)
