"""Hears topics for a service of this process, as a socket hears them for a page.

Called by services that want to know at once what another process did. What is heard is a hint: whoever has to know
everything reads the log. Never counts as somebody's presence.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Collection
from types import SimpleNamespace
from typing import Final

from realtime.hub import hub
from realtime.sessions import Identity
from realtime.socket import Socket
from realtime.transport import Outlet

NOBODY: Final = 0
"""Nobody's id and no session: no event takes an ear off its topic, or closes it."""


class Ear:
    """Hears what is told on topics, durable and ephemeral.

    Args:
        heard: gets frames, joined as `realtime.transport.payloads_of` takes them apart; on the hub's loop.
    """

    def __init__(self, heard: Callable[[bytes], None]) -> None:
        outlet = Outlet()
        outlet.write = heard
        identity = Identity(SimpleNamespace(pk=NOBODY), "", "", time.monotonic())
        self._socket = Socket(identity, outlet, lambda code, reason: None)
        # Nobody reads slowly here: nothing is ever held back.
        self._socket.frames_limit = self._socket.bytes_limit = sys.maxsize

    async def follow(self, topics: Collection[str]) -> None:
        """Hears these topics from now on, and no others. Where no hub runs on this loop, nothing is heard.

        Raises:
            ConnectionError, TimeoutError: a topic could not be followed.
        """
        if not hub.is_here():
            return
        for topic in self._socket.feeds.keys() - set(topics):
            hub.unsubscribe(self._socket, topic)
        new = [topic for topic in topics if topic not in self._socket.feeds]
        await hub.attach(self._socket, new)
        for topic in new:
            hub.activate(self._socket, topic, None)

    def end(self) -> None:
        """Hears nothing more."""
        for topic in list(self._socket.feeds):
            hub.unsubscribe(self._socket, topic)
