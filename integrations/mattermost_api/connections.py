"""What a program hears, apart from the socket that brings it: it goes on while a cut line is mended, for five minutes.

Made by consumers.py. Our events come in as the hub writes them, are translated in their order, and wait until a socket
takes them; the newest that were sent are kept, so that a socket that comes back goes on without a gap. Runs on the
event loop.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Final
from uuid import UUID

import msgspec

from accounts.tokens import Bearer
from chat import selectors as chat
from chat.selectors import posts as read_posts
from chat.shapes import RoomView
from integrations.mattermost_api import echoes, ids, shapes
from integrations.mattermost_api.channels import people_of
from integrations.mattermost_api.posts import shown
from integrations.mattermost_api.translating import Known, Object, Told, message_named, translate
from integrations.selectors.posts import pending_of
from realtime import threads
from realtime.hub import hub
from realtime.sessions import Identity
from realtime.socket import Socket
from realtime.transport import Outlet, payloads_of

logger = logging.getLogger(__name__)

QUEUED_MOST: Final = 256
"""Events that wait for a socket; one more, and the connection is over: what was missed is read over HTTP."""
KEPT_SENT: Final = 128
"""Events that were sent and can be sent again."""
TYPING_QUEUED: Final = 128
"""Where so many wait, nobody is told any more who types."""
KEPT_SECONDS: Final = 300.0
APART_MOST: Final = 8
"""Connections of one person without a socket."""
ENDED: Final = 1001
TYPING: Final = "typing"


class Connection(Outlet):
    """One program's hearing.

    Attributes:
        id: what it names to go on later.
        bearer: whose token opened it.
        over: it hears nothing more and cannot be taken up again.
        code: what its socket is closed with then.
    """

    # Outlet has slots for its writer alone.
    __slots__ = ("__dict__",)

    def __init__(self, bearer: Bearer) -> None:
        self.id = ids.new_id()
        self.bearer = bearer
        self.over = False
        self.code = ENDED
        self.apart_since = 0.0
        self.rooms: dict[int, Known] = {}
        self.waiting: deque[tuple[int | None, bytes]] = deque()
        self.woken = asyncio.Event()
        self._on_end: Callable[[], None] | None = None
        self._sent: deque[tuple[int, bytes]] = deque(maxlen=KEPT_SENT)
        self._seq = count()
        self._next = 0
        self._incoming: deque[bytes] = deque()
        self._task: asyncio.Task[None] | None = None
        self._taken = 0
        self.write = self._hear
        identity = Identity(bearer.user, "", bearer.session, time.monotonic())
        self.socket = Socket(identity, self, self._closed_by_hub, self._dropped)

    # Life

    async def open(self) -> None:
        """Hears one's own topic and one's rooms, after the greeting."""
        hub.start()
        own = f"user:{self.bearer.user.pk}"
        self._emit(Told("hello", {"connection_id": self.id, "server_version": _version()}, user=self.bearer.user.pk))
        await hub.attach(self.socket, [own])
        hub.close_oldest(own)
        hub.activate(self.socket, own, None)
        rooms = await threads.read(_rooms_of, self.bearer)
        await self._follow(rooms, {})
        echoes.listen(self._hear_again)
        _connections[self.id] = self

    def attach(self, on_end: Callable[[], None]) -> None:
        """A socket takes what waits from here on; `on_end` is called when there will be no more."""
        self._on_end = on_end
        self.apart_since = 0.0

    def detach(self) -> None:
        """Its socket is gone: what comes now waits. Answers to commands went with it."""
        self._on_end = None
        self.apart_since = time.monotonic()
        self.waiting = deque(item for item in self.waiting if item[0] is not None)
        _end_old_ones(self.bearer.user.pk)

    def end(self) -> None:
        """Hears nothing more."""
        if self.over:
            return
        self.over = True
        _connections.pop(self.id, None)
        echoes.forget(self._hear_again)
        hub.closed(self.socket)
        if self._task is not None:
            self._task.cancel()
        if self._on_end is not None:
            self._on_end()

    def _closed_by_hub(self, code: int, reason: str) -> None:
        self.code = code
        self.end()

    # Going on

    def go_on(self, seq: int) -> bool:
        """Whether a socket can go on at this place; then what it lacks waits for it."""
        first_waiting = next((number for number, _ in self.waiting if number is not None), self._next)
        if seq == first_waiting:
            return True
        again = [item for item in self._sent if item[0] >= seq]
        if not again or again[0][0] != seq:
            return False
        self.waiting.extendleft(reversed(again))
        self._sent = deque((item for item in self._sent if item[0] < seq), maxlen=KEPT_SENT)
        return True

    def take(self) -> bytes | None:
        """The next frame for the socket; None when nothing waits."""
        if not self.waiting:
            self.woken.clear()
            return None
        seq, text = self.waiting.popleft()
        if seq is not None:
            self._sent.append((seq, text))
        return text

    # Hearing

    def reply(self, answer: Object) -> None:
        """Answers a command, in the order of the events around it."""
        self._queue(None, msgspec.json.encode(answer))

    def _emit(self, told: Told) -> None:
        if told.event == TYPING and len(self.waiting) > TYPING_QUEUED:
            return
        seq = next(self._seq)
        self._next = seq + 1
        frame = {"event": told.event, "data": told.data, "broadcast": told.broadcast(), "seq": seq}
        self._queue(seq, msgspec.json.encode(frame))

    def _queue(self, seq: int | None, text: bytes) -> None:
        if self.over:
            return
        self.waiting.append((seq, text))
        self.woken.set()
        if len(self.waiting) > QUEUED_MOST:
            self.end()

    def _hear(self, frames: bytes) -> None:
        self._incoming.extend(payloads_of(frames))
        if self._task is None and not self.over:
            self._task = asyncio.get_running_loop().create_task(self._work())

    def _hear_again(self, room_id: int, name: str, data: dict[str, Any]) -> None:
        # A room that was left is known for a moment longer, for what came before that.
        if room_id in self.rooms and f"room:{room_id}" in self.socket.feeds:
            self._emit(Told(name, data, room=room_id))

    async def _work(self) -> None:
        """Translates what came in, as much at once as there is; lives only while something is there."""
        try:
            while self._incoming and not self.over:
                frames = [msgspec.json.decode(one) for one in self._incoming]
                self._incoming.clear()
                await self._translate(frames)
        except Exception:
            logger.exception("A program of user %s could not be told of an event", self.bearer.user.pk)
            self._task = None
            self.end()
        finally:
            self._task = None

    async def _translate(self, frames: Sequence[Object]) -> None:
        if any(frame["type"] == "reset" for frame in frames):
            # Events are lost: only a new connection says so.
            self.end()
            return
        named = [one for frame in frames if "topic" in frame and (one := message_named(frame)) is not None]
        posts = await threads.read(_posts, list(dict.fromkeys(named))) if named else {}
        for frame in frames:
            if "topic" not in frame:
                continue
            message = message_named(frame)
            post = posts.get(message) if message is not None else None
            for told in translate(frame, me=self.bearer.user.pk, rooms=self.rooms, post=post):
                self._emit(told)
            await self._note(frame)
            self._taken += 1
        if self.socket.received(self._taken):
            hub.catch_up(self.socket)

    async def _note(self, frame: Object) -> None:
        """Keeps the list of rooms as events change it."""
        if frame["type"] == "room.added":
            summary = frame["data"]["summary"]
            room = msgspec.convert(summary["room"], RoomView)
            await self._follow([await threads.read(_known, room)], {room.id: summary["head_seq"]})
        elif frame["type"] == "room.updated":
            room = msgspec.convert(frame["data"]["room"], RoomView)
            if room.id in self.rooms:
                self.rooms[room.id].room = room

    async def _follow(self, rooms: Sequence[Known], after: dict[int, int]) -> None:
        """Hears these rooms, as far as the person is in them now."""
        named = {f"room:{one.room.id}": one for one in rooms}
        topics = {topic: one for topic, one in named.items() if topic not in self.socket.feeds}
        if not topics:
            return
        await hub.attach(self.socket, list(topics))
        allowed = await threads.read(chat.visible_topics, actor=self.bearer.user, topics=list(topics))
        for topic, known in topics.items():
            if topic in allowed:
                self.rooms[known.room.id] = known
                hub.activate(self.socket, topic, after.get(known.room.id))
            else:
                hub.unsubscribe(self.socket, topic)
        hub.catch_up(self.socket)

    def _dropped(self, topic: str) -> None:
        # What came before it may still wait for its translation.
        asyncio.get_running_loop().call_later(1.0, self._forget_room, int(topic.partition(":")[2]))

    def _forget_room(self, room_id: int) -> None:
        if f"room:{room_id}" not in self.socket.feeds:
            self.rooms.pop(room_id, None)


_connections: Final[dict[str, Connection]] = {}


def find(connection_id: str, *, token_id: int) -> Connection | None:
    """A connection that was opened with this token and waits for its socket in this process.

    Another token of the same owner begins anew: what ends a token ends what was opened with it, and nothing else.
    """
    found = _connections.get(connection_id)
    if found is None or found.bearer.token_id != token_id or not found.apart_since:
        return None
    if time.monotonic() - found.apart_since > KEPT_SECONDS:
        found.end()
        return None
    return found


def _end_old_ones(user_id: int) -> None:
    """Connections that waited too long go, and the oldest of too many."""
    now = time.monotonic()
    apart = sorted((one for one in _connections.values() if one.apart_since), key=lambda one: one.apart_since)
    mine = [one for one in apart if one.bearer.user.pk == user_id]
    surplus = mine[: max(0, len(mine) - APART_MOST)]
    for one in [*(one for one in apart if now - one.apart_since > KEPT_SECONDS), *surplus]:
        one.end()


def _version() -> str:
    return f"{shapes.VERSION}.collab.{'0' * 32}.false"


def _rooms_of(bearer: Bearer) -> list[Known]:
    views = [one.room for one in chat.home_snapshot(actor=bearer.user).rooms]
    return [_known(room) for room in views]


def _known(room: RoomView) -> Known:
    return Known(room, people_of(room))


def _posts(wanted: Sequence[UUID]) -> dict[UUID, Object]:
    pending = pending_of(wanted)
    found = read_posts.posts_of(wanted)
    made = {post.view.id: told for post, told in zip(found, shown(found), strict=True)}
    for message_id, name in pending.items():
        if message_id in made:
            made[message_id]["pending_post_id"] = name
    return made
