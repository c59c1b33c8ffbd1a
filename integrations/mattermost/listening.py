"""Hears a Mattermost server: one WebSocket after the other, resumed where it can be, and a word where it cannot.

Called by the bridge, which gives a `Hearer`. What comes is read at once and handed on in order by another task, so that
a slow database never makes the server drop us. Never touches the database and applies nothing.
"""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol
from urllib.parse import urlencode

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from integrations.mattermost.heard import Hello, told_by
from integrations.mattermost.rest import PREFIX
from integrations.mattermost.wire import Event, Reply, Unreadable, read_frame
from outbound import dialing
from outbound.links import port_of, read_url
from outbound.refusing import OutboundRefused

FRAME_BYTES_MOST: Final = 16 * 1024 * 1024
WAITING_MOST: Final = 5_000
BATCH_MOST: Final = 100


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go on: what the server called the connection, and the seq that comes next. Empty: nowhere."""

    connection_id: str = ""
    next_seq: int = 0


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait for what, in seconds.

    Attributes:
        ping: between our questions whether the line is alive.
        pong: for the answer; together they bound how long a dead line goes unnoticed.
        retry_least: before another connection, at first; each failure doubles it.
        retry_most: at last.
        settled: a connection that lasted so long begins anew with `retry_least`.
    """

    ping: float = 30.0
    pong: float = 15.0
    connect: float = 15.0
    retry_least: float = 1.0
    retry_most: float = 60.0
    settled: float = 10.0


class Hearer(Protocol):
    """Who is told. One call at a time, in order; a call that raises ends the listening."""

    async def take(self, events: Sequence[Event], cursor: Cursor) -> None:
        """Events in their order. Kept together with `cursor`, in one transaction, they are heard exactly once."""

    async def missed(self) -> None:
        """What comes next is not what came after the last event: something in between has to be caught up."""

    async def connected(self, *, resumed: bool) -> None:
        """The server speaks to us."""

    async def disconnected(self, words: str, *, retry_seconds: float) -> None:
        """The line ended or was not made, in a sentence, and when it is tried again."""


@dataclass(frozen=True, slots=True)
class _Connected:
    resumed: bool


@dataclass(frozen=True, slots=True)
class _Missed:
    """The server began anew: what was said before has to be caught up."""


@dataclass(frozen=True, slots=True)
class _Ended:
    words: str
    retry_seconds: float


@dataclass(frozen=True, slots=True)
class _Heard:
    event: Event
    cursor: Cursor


_Item = _Connected | _Missed | _Ended | _Heard


class Lost(Exception):
    """A connection ended. `words` say why; `again`: the next may go on where it was."""

    def __init__(self, words: str, *, again: bool = True) -> None:
        super().__init__(words)
        self.words, self.again = words, again


class Listener:
    """Listens to one server as one account until it is cancelled.

    Args:
        url: where the site is, without /api/v4.
        token: goes into a header; a token in a challenge could not resume.
        cursor: what was kept with the last event that was taken.
        ask: asks the server after a line that never spoke and says in words why, or nothing; it raises nothing.
    """

    def __init__(
        self,
        *,
        url: str,
        token: str,
        hearer: Hearer,
        cursor: Cursor = Cursor(),  # noqa: B008 - frozen
        pace: Pace = Pace(),  # noqa: B008 - frozen
        ask: Callable[[], Awaitable[str]] | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._url, self._token, self._hearer = url.rstrip("/"), token, hearer
        self._cursor, self._pace, self._ask, self._trust = cursor, pace, ask, trust
        self._items: asyncio.Queue[_Item] = asyncio.Queue(WAITING_MOST)
        self._failures = 0
        self.generation = 0
        """Counts the connections: what belongs to an earlier one is none of ours any more."""

    @property
    def cursor(self) -> Cursor:
        """Where it would go on now."""
        return self._cursor

    async def run(self) -> None:
        """Listens; ends when it is cancelled, or with a group of whatever the hearer raised."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hand_on())
            group.create_task(self._keep_connected())

    # Handing on

    async def _hand_on(self) -> None:
        item: _Item | None = None
        while True:
            item = item or await self._items.get()
            if not isinstance(item, _Heard):
                await self._tell(item)
                item = None
                continue
            batch, item = self._batch(item)
            await self._hearer.take([one.event for one in batch], batch[-1].cursor)

    def _batch(self, first: _Heard) -> tuple[list[_Heard], _Item | None]:
        """The events that wait, and what came after them that is none."""
        batch = [first]
        while len(batch) < BATCH_MOST and not self._items.empty():
            item = self._items.get_nowait()
            if not isinstance(item, _Heard):
                return batch, item
            batch.append(item)
        return batch, None

    async def _tell(self, item: _Item) -> None:
        match item:
            case _Connected(resumed):
                await self._hearer.connected(resumed=resumed)
            case _Missed():
                await self._hearer.missed()
            case _Ended(words, retry_seconds):
                await self._hearer.disconnected(words, retry_seconds=retry_seconds)
            case _:
                raise TypeError(item)

    # Connecting

    async def _keep_connected(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await self._connection()
            except Lost as lost:
                if not lost.again:
                    self._cursor = Cursor()
                # A server that greets and hangs up is no better than one that does not answer.
                if time.monotonic() - began >= self._pace.settled:
                    self._failures = 0
                await self._pause(lost.words)

    async def _pause(self, words: str) -> None:
        self._failures += 1
        longest = min(self._pace.retry_least * 2 ** min(self._failures - 1, 16), self._pace.retry_most)
        seconds = longest * random.uniform(0.5, 1.0)
        await self._items.put(_Ended(words, seconds))
        await asyncio.sleep(seconds)

    async def _connection(self) -> None:
        """One connection from its making to its end.

        Raises:
            Lost: always.
        """
        self.generation += 1
        line = await self._dial()
        ear = _Ear(line, self._cursor, self._pace)
        try:
            await self._listen(ear)
        except (ConnectionClosed, TimeoutError) as error:
            words = await self._reason(ear)
            raise Lost(words) from error
        finally:
            # Not a goodbye: to a half-open line it would wait for an answer that never comes.
            line.transport.abort()

    async def _dial(self) -> ClientConnection:
        try:
            url = read_url(self._url)
        except OutboundRefused as refused:
            raise Lost(refused.words) from refused
        try:
            async with asyncio.timeout(self._pace.connect):
                opened = await dialing.connect(url.host, port_of(url))
                try:
                    return await self._shake_hands(opened, encrypted=url.scheme == "https")
                except BaseException:
                    opened.close()
                    raise
        except OutboundRefused as refused:
            raise Lost(refused.words) from refused
        except ssl.SSLError as error:
            # Before ValueError, which a wrong certificate is as well.
            raise Lost(f"The certificate of {url.host} is not valid.") from error
        except (WebSocketException, ValueError) as error:
            raise Lost(f"{url.host} opens no WebSocket at this address.") from error
        except TimeoutError as error:
            raise Lost(f"{url.host} did not open the connection in time.") from error
        except (OSError, EOFError) as error:
            raise Lost(f"The connection to {url.host} could not be made.") from error

    async def _shake_hands(self, opened: socket.socket, *, encrypted: bool) -> ClientConnection:
        place = self._url.partition("://")[2]
        address = f"{'wss' if encrypted else 'ws'}://{place}{PREFIX}/websocket"
        if self._cursor.connection_id:
            query = {"connection_id": self._cursor.connection_id, "sequence_number": self._cursor.next_seq}
            address += f"?{urlencode(query)}"
        return await connect(
            address,
            sock=opened,
            ssl=(self._trust or _system_trust()) if encrypted else None,
            additional_headers={"Authorization": f"Bearer {self._token}"},
            max_size=FRAME_BYTES_MOST,
            max_queue=None,
            compression=None,
            open_timeout=None,
            ping_interval=None,
            proxy=None,
        )

    async def _reason(self, ear: _Ear) -> str:
        if ear.spoke or self._ask is None:
            return ear.silent_words if ear.silent else "The server ended the connection."
        # A token that nobody believes is told by nothing but a line that closes after five seconds.
        return await self._ask() or "The server ended the connection before it said anything."

    # Hearing

    async def _listen(self, ear: _Ear) -> None:
        tasks = [asyncio.create_task(self._read(ear)), asyncio.create_task(ear.keep_alive())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for how in ended:
            if isinstance(how, BaseException) and not isinstance(how, asyncio.CancelledError):
                raise how

    async def _read(self, ear: _Ear) -> None:
        while True:
            frame = ear.read(await ear.line.recv())
            if isinstance(frame, Reply):
                await self._answered(ear, frame)
            else:
                await self._heard(ear, frame)

    async def _answered(self, ear: _Ear, reply: Reply) -> None:
        ear.answered(reply)
        if not ear.spoke and ear.resuming:
            await self._begin(ear, resumed=True)

    async def _heard(self, ear: _Ear, event: Event) -> None:
        hello = ear.hello(event)
        if hello is not None:
            await self._items.put(_Missed())
            await self._begin(ear, resumed=False)
            self._cursor = ear.expect(Cursor(connection_id=hello.connection_id, next_seq=event.seq + 1))
            return
        if event.seq != ear.cursor.next_seq or not (ear.spoke or ear.resuming):
            raise Lost("The server's events have a gap.", again=False)
        if not ear.spoke:
            await self._begin(ear, resumed=True)
        self._cursor = ear.expect(msgspec.structs.replace(ear.cursor, next_seq=event.seq + 1))
        try:
            self._items.put_nowait(_Heard(event, self._cursor))
        except asyncio.QueueFull:
            raise Lost("More came than could be kept up with.", again=False) from None

    async def _begin(self, ear: _Ear, *, resumed: bool) -> None:
        ear.spoke = True
        await self._items.put(_Connected(resumed))


class _Ear:
    """One connection: what it expects, and whether it is alive."""

    def __init__(self, line: ClientConnection, cursor: Cursor, pace: Pace) -> None:
        self.line, self.cursor, self._pace = line, cursor, pace
        self.resuming = bool(cursor.connection_id)
        self.spoke = False
        self.silent = False
        self.silent_words = "The server stopped answering."
        self._ref = 0
        self._answer = asyncio.Event()

    def expect(self, cursor: Cursor) -> Cursor:
        """Notes what comes next."""
        self.cursor = cursor
        return cursor

    def hello(self, event: Event) -> Hello | None:
        """The hello, if this is one.

        Raises:
            Lost: it cannot be read.
        """
        if event.event != "hello":
            return None
        try:
            told = told_by(event)
        except Unreadable as error:
            raise Lost(str(error), again=False) from error
        return told if isinstance(told, Hello) else None

    def read(self, text: str | bytes) -> Event | Reply:
        """A frame.

        Raises:
            Lost: it cannot be read; what it was is lost.
        """
        try:
            return read_frame(text)
        except Unreadable as error:
            raise Lost(str(error), again=False) from error

    def answered(self, reply: Reply) -> None:
        """Notes the answer to our question whether anybody is there."""
        if reply.seq_reply == self._ref:
            self._answer.set()

    async def keep_alive(self) -> None:
        """Asks at once, which also confirms a resume with nothing to say, and then again and again.

        Raises:
            TimeoutError: nobody answered.
        """
        while True:
            self._ref += 1
            self._answer.clear()
            await self.line.send(msgspec.json.encode({"seq": self._ref, "action": "ping"}).decode())
            try:
                # Not wait_for: before Python 3.12 it forgets a cancellation that comes together with the answer.
                async with asyncio.timeout(self._pace.pong):
                    await self._answer.wait()
            except TimeoutError:
                self.silent = True
                raise
            await asyncio.sleep(self._pace.ping)


@cache
def _system_trust() -> ssl.SSLContext:
    return ssl.create_default_context()
