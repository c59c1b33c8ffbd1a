"""The imitated server's WebSockets: who hears what, in which order, and what is kept for those who come back.

Called by the routes (publish), by the socket's own handler, and by FakeMattermost for cuts and freezes. A connection
outlives its socket: up to 256 events wait for it, and the last 128 sent can be sent again. Never decides what is told.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import WSMsgType, web

from tests.fakes.mattermost.script import Script
from tests.fakes.mattermost.shapes import Clock, Ids, User, compact

QUEUE_MOST: Final = 256
SLOW_FROM: Final = 128
SENT_KEPT: Final = 128
PONG_SECONDS: Final = 100.0
REAP_EVERY_SECONDS: Final = 300.0
IDLE_SECONDS: Final = 300.0
EXPENDABLE: Final = frozenset({"typing", "status_change", "channel_viewed", "multiple_channels_viewed"})


@dataclass(slots=True)
class Event:
    """Something to tell, without its seq: each connection counts for itself."""

    name: str
    data: dict[str, Any]
    channel_id: str = ""
    user_id: str = ""
    team_id: str = ""
    omit: frozenset[str] = frozenset()
    mentions: frozenset[str] = frozenset()


class Socket:
    """One TCP connection of a client: aiohttp's end of it, and whether the line is down without anybody knowing."""

    def __init__(self, ws: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self.ws, self.transport = ws, transport
        self.frozen_at: float | None = None
        self.stalled = False
        self.ended = False
        self._ice: list[str] = []

    def is_down(self) -> bool:
        """Whether nothing gets through, and neither end knows."""
        return self.frozen_at is not None

    async def send(self, text: str) -> None:
        """Sends a frame; on a frozen line it stays in the network."""
        if self.frozen_at is not None:
            self._ice.append(text)
        else:
            await self.ws.send_str(text)

    async def thaw(self) -> None:
        """Repairs a frozen line: what was in the network arrives, as TCP repeats it."""
        self.frozen_at = None
        ice, self._ice = self._ice, []
        with contextlib.suppress(ConnectionError):
            for text in ice:
                await self.ws.send_str(text)

    def cut(self) -> None:
        """Resets the TCP connection: the client sees an end without a close frame."""
        self.transport.abort()


@dataclass(eq=False)
class Connection:
    """What the server knows of one client between hello and forgetting."""

    id: str
    user: User
    socket: Socket | None
    seen_at: float
    queue: deque[Event | str] = field(default_factory=deque)
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=SENT_KEPT))
    seq: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def reply(self, body: dict[str, Any]) -> None:
        """Queues an answer to an action; answers have no seq of their own."""
        self.queue.append(compact(body))
        self.wake.set()


class Hub:
    """All connections."""

    def __init__(self, *, clock: Clock, ids: Ids, script: Script) -> None:
        self._clock, self._ids, self._script = clock, ids, script
        self.connections: list[Connection] = []
        self.sockets: set[Socket] = set()
        self._reaped_at = clock.seconds()
        self.channel_members: dict[str, set[str]] = {}
        self.team_members: dict[str, set[str]] = {}

    # Who hears it

    def publish(self, event: Event) -> None:
        """Queues an event for everybody whom it concerns, also for those who are away and may come back."""
        for connection in list(self.connections):
            if self._hears(connection.user.id, event):
                self._enqueue(connection, event)

    def _hears(self, user_id: str, event: Event) -> bool:
        if user_id in event.omit:
            return False
        if event.user_id:
            return event.user_id == user_id
        if event.channel_id:
            return user_id in self.channel_members.get(event.channel_id, set())
        if event.team_id:
            return user_id in self.team_members.get(event.team_id, set())
        return True

    def _enqueue(self, connection: Connection, event: Event) -> None:
        if len(connection.queue) >= QUEUE_MOST:
            self.forget(connection)
            if connection.socket is not None:
                connection.socket.cut()
            return
        connection.queue.append(event)
        connection.wake.set()

    # Coming and going

    def open(self, user: User, socket: Socket, *, connection_id: str = "", sequence: int = 0) -> Connection:
        """A connection for this socket: the one it names if that can go on, else a new one with its hello."""
        found = self._resumable(user, connection_id)
        away = not self._is_here(user.id)
        if found is not None and self._rewind(found, sequence):
            found.socket, found.seen_at = socket, self._clock.seconds()
            connection = found
        else:
            if found is not None:
                self.forget(found)
            connection = Connection(self._ids.new(), user, socket, self._clock.seconds())
            self.connections.append(connection)
            self._hello(connection)
        connection.wake.set()
        if away:
            self._status(user, "online")
        return connection

    def _resumable(self, user: User, connection_id: str) -> Connection | None:
        if not connection_id or not self._script.resumes:
            return None
        for connection in self.connections:
            if connection.id == connection_id:
                return connection if connection.socket is None and connection.user is user else None
        return None

    def _rewind(self, connection: Connection, sequence: int) -> bool:
        """Makes a connection go on from a seq; False where that is lost or was never sent."""
        # What an earlier return queued again is among `sent` as well.
        connection.queue = deque(item for item in connection.queue if isinstance(item, Event))
        kept = [(seq, frame) for seq, frame in connection.sent if seq >= sequence]
        if sequence != connection.seq and (not kept or kept[0][0] != sequence):
            return False
        connection.queue.extendleft(frame for _, frame in reversed(kept))
        return True

    def _hello(self, connection: Connection) -> None:
        data: dict[str, Any] = {"server_version": f"{self._script.version}.imitation.none.false"}
        if self._script.resumes:
            data = {"connection_id": connection.id, **data}
        if self._script.newer:
            data["server_hostname"] = "imitation"
        connection.queue.append(Event("hello", data, user_id=connection.user.id))

    def leave(self, connection: Connection, socket: Socket) -> None:
        """Notes that a socket ended; its connection waits for the client to come back."""
        if connection.socket is not socket or socket.frozen_at is not None:
            return
        connection.socket = None
        connection.wake.set()
        if not self._is_here(connection.user.id):
            self._status(connection.user, "offline")

    def forget(self, connection: Connection) -> None:
        """Drops a connection and what waits for it."""
        if connection in self.connections:
            self.connections.remove(connection)

    def forget_everybody(self) -> None:
        """What a restart does: every line cut, nothing kept."""
        self.connections.clear()
        for socket in list(self.sockets):
            socket.frozen_at = None
            socket.cut()

    def _is_here(self, user_id: str) -> bool:
        return any(one.socket is not None for one in self.connections if one.user.id == user_id)

    def _status(self, user: User, status: str) -> None:
        user.status = status
        self.publish(Event("status_change", {"status": status, "user_id": user.id}, user_id=user.id))

    # Time

    async def thaw(self) -> None:
        """Repairs every frozen line; a socket whose client left meanwhile is noticed now."""
        for socket in list(self.sockets):
            await socket.thaw()
            if socket.ended:
                self.part(socket)

    def part(self, socket: Socket) -> None:
        """Notes at once that a socket is no more, whatever its line does."""
        socket.frozen_at = None
        self.sockets.discard(socket)
        for connection in list(self.connections):
            self.leave(connection, socket)

    def keep_house(self) -> None:
        """Drops sockets that answer no ping and connections whose owner was idle too long."""
        now = self._clock.seconds()
        for socket in list(self.sockets):
            if socket.frozen_at is not None and now - socket.frozen_at > PONG_SECONDS:
                socket.cut()
                self.part(socket)
        if now - self._reaped_at < REAP_EVERY_SECONDS:
            return
        self._reaped_at = now
        for connection in list(self.connections):
            if connection.socket is None and now - connection.seen_at > IDLE_SECONDS:
                self.forget(connection)

    # Frames

    async def write(self, connection: Connection, socket: Socket) -> None:
        """Sends what is queued, as long as this socket is the connection's own."""
        with contextlib.suppress(ConnectionError):
            while connection.socket is socket:
                if not connection.queue or socket.stalled:
                    connection.wake.clear()
                    await connection.wake.wait()
                    continue
                await self._write_one(connection, socket)

    async def _write_one(self, connection: Connection, socket: Socket) -> None:
        slow = len(connection.queue) > SLOW_FROM
        item = connection.queue.popleft()
        if isinstance(item, str):
            await socket.send(item)
            return
        if slow and item.name in EXPENDABLE:
            return
        frame = self._frame(item, connection)
        connection.sent.append((connection.seq, frame))
        connection.seq += 1
        await socket.send(frame)

    def _frame(self, event: Event, connection: Connection) -> str:
        broadcast: dict[str, Any] = {
            "omit_users": dict.fromkeys(sorted(event.omit), True) or None,
            "user_id": event.user_id,
            "channel_id": event.channel_id,
            "team_id": event.team_id,
            "connection_id": "",
        }
        data = event.data
        heard = event.mentions
        if self._script.newer:
            broadcast["omit_connection_id"] = ""
            heard = heard & {connection.user.id}
        if heard:
            data = data | {"mentions": compact(sorted(heard))}
        return compact({"event": event.name, "data": data, "broadcast": broadcast, "seq": connection.seq})

    async def flushed(self) -> None:
        """Waits until nothing is queued for sockets that take it."""
        for _ in range(50):
            if not any(one.queue for one in self.connections if one.socket and not one.socket.stalled):
                return
            await asyncio.sleep(0.001)


async def listen(hub: Hub, connection: Connection, socket: Socket, act: Callable[[Connection, str], bool]) -> None:
    """Reads a client's frames and hands them to `act` until the socket ends or `act` says that it shall."""
    writer = asyncio.create_task(hub.write(connection, socket))
    try:
        async for message in socket.ws:
            if socket.frozen_at is not None:
                continue
            if message.type is WSMsgType.PING:
                await socket.ws.pong(message.data)
            elif message.type is WSMsgType.PONG:
                continue
            elif message.type is not WSMsgType.TEXT or not act(connection, message.data):
                break
    finally:
        hub.leave(connection, socket)
        writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writer
