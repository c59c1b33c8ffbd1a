"""The bell: hints to other processes that something was published, over the Channels layer.

Used by hub.py only. The layer may lose, repeat or reorder rings, or be absent: nothing depends on it but speed.
Never waits for the layer while something is delivered locally.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from asgiref.sync import async_to_sync
from channels.layers import BaseChannelLayer, InMemoryChannelLayer, get_channel_layer

from realtime import metrics, protocol

logger = logging.getLogger(__name__)

FOLLOW_SECONDS: Final = 1.0
"""A follow waits this long for the layer; afterwards the poll finds what the bell could not tell."""
SILENCE_SECONDS: Final = 2.0
"""After a failure the layer is left alone this long."""
RINGS_WAITING: Final = 10_000


class Ring(msgspec.Struct, array_like=True):
    """One hint: a durable event (seq; frame when it is at hand) or an ephemeral one (key, frame)."""

    seq: int = 0
    key: str = ""
    frame: bytes = b""
    effect: protocol.Effect | None = None


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[Ring]).decode


def group_of(topic: str) -> str:
    """The layer's group of a topic: letters, digits and dots only."""
    return f"topic.{topic.replace(':', '.')}"


class Bell:
    """This process's place at the channel layer: one channel, one group for each followed topic."""

    def __init__(self, process: str, heard: Callable[[str, Ring], None]) -> None:
        self._process = process
        self._heard = heard
        self._layer: BaseChannelLayer | None = None
        self._channel = ""
        self._listener: asyncio.Task[None] | None = None
        self._worker: asyncio.Task[None] | None = None
        self._rings: dict[str, list[Ring]] = {}
        self._waiting = 0
        self._wanted: set[str] = set()
        self._joined: set[str] = set()
        self._due: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._silent_until = 0.0

    def start(self) -> None:
        """Begins to listen; the first contact with the layer happens in the background.

        A layer in memory ends with the process, where nobody else listens: it is not rung, and costs nothing.
        """
        layer = get_channel_layer()
        if layer is not None and not isinstance(layer, InMemoryChannelLayer):
            self._layer = layer
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def stop(self) -> None:
        """Ends both tasks."""
        tasks = [task for task in (self._worker, self._listener) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._worker = self._listener = None

    # What the hub asks for

    def ring(self, topic: str, ring: Ring) -> None:
        """Tells the other processes, soon; rings of one topic that wait together go in one message."""
        if self._layer is None:
            return
        if self._waiting >= RINGS_WAITING:
            metrics.bells_lost.inc()
            return
        self._rings.setdefault(topic, []).append(ring)
        self._waiting += 1
        self._wake.set()

    async def follow(self, topics: list[str]) -> None:
        """Joins the topics' groups, waiting for the layer a moment at most."""
        if self._layer is None:
            return
        self._wanted.update(topics)
        self._due.update(dict.fromkeys(topics))
        self._settled.clear()
        self._wake.set()
        if time.monotonic() >= self._silent_until:
            try:
                async with asyncio.timeout(FOLLOW_SECONDS):
                    await self._settled.wait()
            except TimeoutError:
                logger.warning("The channel layer is slow: %d topics are followed by polling", len(topics))

    def unfollow(self, topic: str) -> None:
        """Leaves the topic's group, soon."""
        if self._layer is not None:
            self._wanted.discard(topic)
            self._due[topic] = None
            self._wake.set()

    @staticmethod
    def ring_from_outside(topic: str, ring: Ring) -> None:
        """Rings from a process without a hub (a command, a plain WSGI worker)."""
        layer = get_channel_layer()
        if layer is None or isinstance(layer, InMemoryChannelLayer):
            return
        message = {"type": "bell", "from": "", "topic": topic, "rings": _pack([ring])}
        try:
            async_to_sync(layer.group_send)(group_of(topic), message)
        except Exception as error:  # noqa: BLE001 - the poll of the others finds the event
            metrics.bells_lost.inc()
            logger.warning("The bell of %s was not heard: %r", topic, error)

    # The conversation with the layer

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            delay = self._silent_until - time.monotonic()
            if delay > 0:
                await asyncio.sleep(delay)
            try:
                await self._listen()
                await self._change_groups()
                await self._ring_all()
            except Exception as error:  # noqa: BLE001 - whatever the layer's client raises
                metrics.bells_lost.inc(self._waiting)
                logger.warning("The channel layer does not answer, events go by polling: %r", error)
                self._rings, self._waiting = {}, 0
                self._silent_until = time.monotonic() + SILENCE_SECONDS
                if self._due:
                    self._wake.set()
                self._settled.set()
            if not self._due:
                self._settled.set()

    async def _listen(self) -> None:
        layer = self._require_layer()
        if self._listener is None:
            self._channel = await layer.new_channel("hub.")
            self._listener = asyncio.get_running_loop().create_task(self._receive(layer.receive))

    async def _change_groups(self) -> None:
        layer = self._require_layer()
        while self._due:
            topic = next(iter(self._due))
            # Whoever changes their mind meanwhile puts it there again.
            del self._due[topic]
            try:
                if topic in self._wanted and topic not in self._joined:
                    await layer.group_add(group_of(topic), self._channel)
                    self._joined.add(topic)
                elif topic not in self._wanted and topic in self._joined:
                    await layer.group_discard(group_of(topic), self._channel)
                    self._joined.discard(topic)
            except BaseException:
                self._due[topic] = None
                raise

    async def _ring_all(self) -> None:
        layer = self._require_layer()
        while self._rings:
            topic, rings = next(iter(self._rings.items()))
            del self._rings[topic]
            self._waiting -= len(rings)
            message = {"type": "bell", "from": self._process, "topic": topic, "rings": _pack(rings)}
            await layer.group_send(group_of(topic), message)

    async def _receive(self, receive: Callable[[str], Awaitable[dict[str, Any]]]) -> None:
        while True:
            try:
                message = await receive(self._channel)
                if message["from"] != self._process:
                    for ring in _unpack(message["rings"]):
                        self._heard(message["topic"], ring)
            except Exception as error:  # noqa: BLE001 - a ring that cannot be read is a lost ring
                logger.warning("A bell could not be read: %r", error)
                await asyncio.sleep(0.5)  # a layer that is down fails at once: no hot loop over it

    def _require_layer(self) -> BaseChannelLayer:
        if self._layer is None:
            raise RuntimeError("no channel layer is configured")
        return self._layer
