"""A socket that publishes what it is told, through the hub alone or through the log first.

Called by the route that apps.py adds.
Never checks a right and never touches the hub's insides but for a topic's last seq.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from django.db import transaction
from django.utils import timezone

from realtime import log, protocol
from realtime.consumers import BaseConsumer, command
from realtime.feed import Feed
from realtime.hub import hub
from realtime.protocol import Ack, Command, Event, Struct
from realtime.ratelimit import Limit

UNLIMITED = Limit(burst=1e9, per_second=1e9)


class Message(Struct, frozen=True, kw_only=True):
    """What every peer relays."""

    kind: str
    at: str
    author: int
    room: int
    id: str
    body: str


class Relay(Command, frozen=True, kw_only=True):
    """Publish without storing: the hub's fan-out alone."""

    type: ClassVar[str] = "bench.relay"
    topic: ClassVar[str] = "relay"
    message: Message


class Relayed(Event, frozen=True, kw_only=True):
    """What Relay publishes."""

    type: ClassVar[str] = "bench.relayed"
    topic: ClassVar[str] = "relay"
    message: Message


class Publish(Command, frozen=True, kw_only=True):
    """Publish through the log: stored, then delivered."""

    type: ClassVar[str] = "bench.publish"
    topic: ClassVar[str] = "stored"
    message: Message


class Published(Event, frozen=True, kw_only=True):
    """What Publish publishes."""

    type: ClassVar[str] = "bench.published"
    topic: ClassVar[str] = "stored"
    message: Message


class Hint(Command, frozen=True, kw_only=True):
    """Publish as typing and presence are: late on purpose, and not at all when the socket is full."""

    type: ClassVar[str] = "bench.hint"
    topic: ClassVar[str] = "hint"
    message: Message


class Hinted(Event, frozen=True, kw_only=True):
    """What Hint publishes."""

    type: ClassVar[str] = "bench.hinted"
    topic: ClassVar[str] = "hint"
    durable: ClassVar[bool] = False
    message: Message


@transaction.atomic
def publish_stored(*, actor: Any, topic: str, message: Message) -> int:
    """Appends one event, as every service does after its change."""
    return log.append(topic=topic, event=Published(message=message), actor_id=actor.pk)


class _Seqs:
    """Seqs for events that are in no log: a topic that is followed anew begins anew."""

    def __init__(self) -> None:
        self.feed: Feed | None = None
        self.last = 0

    def take(self, topic: str) -> int:
        feed = hub.feeds[topic]
        if feed is not self.feed:
            self.feed, self.last = feed, feed.last
        self.last += 1
        return self.last


_seqs = _Seqs()


class BenchConsumer(BaseConsumer):
    """Any topic for anybody who is signed in."""

    async def authorize(self, topics: Collection[str]) -> set[str]:
        return set(topics)

    @command(Relay)
    async def relay(self, command: Relay, topic: str) -> Ack:
        seq = _seqs.take(topic)
        data = protocol.encode(Relayed(message=command.message))
        stamp = timezone.now().isoformat().replace("+00:00", "Z")
        frame = protocol.event_frame(topic=topic, event_type=Relayed.type, data=data, seq=seq, at=stamp)
        hub.publish(log.Entry(topic, seq, frame))
        return Ack()

    @command(Publish)
    async def publish(self, command: Publish, topic: str) -> Ack:
        await self.write(publish_stored, topic=topic, message=command.message)
        return Ack()

    @command(Hint)
    async def hint(self, command: Hint, topic: str) -> Ack:
        hub.publish_ephemeral(topic=topic, event=Hinted(message=command.message), key=command.message.id)
        return Ack()


BenchConsumer.rate_limits = {kind: UNLIMITED for kind, _ in BenchConsumer.handlers.values()}
