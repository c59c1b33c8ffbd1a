"""The log: durable events per topic, in the order of their seq.

Services append inside the transaction of the change itself; the hub reads. Never talks to a socket.
Readers are registered by topic prefix, so an app may keep its own log (a document's updates) instead of Event rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from realtime import group as groups
from realtime import protocol
from realtime.models import Event, Topic
from realtime.rows import Rows, marks


@dataclass(frozen=True, slots=True)
class Entry:
    """One durable event, ready for sockets: `frame` is the whole JSON frame."""

    topic: str
    seq: int
    frame: bytes
    effect: protocol.Effect | None = None


Listener = Callable[[Entry], None]
Reader = Callable[[str, int, int], list[Entry]]
"""(topic, after seq, limit) -> entries in order."""
Heads = Callable[[Sequence[str]], dict[str, tuple[int, int]]]
"""Topics of one kind -> (head seq, oldest seq) of those that have a log."""

PRUNE_EVENTS: Final = 5_000
"""Deleted in one transaction."""

_readers: Final[dict[str, Reader]] = {}
_heads_elsewhere: Final[dict[str, Heads]] = {}
_listeners: Final[list[Listener]] = []

_events: Final = Rows(Event)
_HEADS: Final = "SELECT key, head_seq, min_seq FROM realtime_topic WHERE key IN "
_RESERVE: Final = (
    "INSERT INTO realtime_topic (key, head_seq, min_seq) VALUES (%s, %s, 1) "
    "ON CONFLICT (key) DO UPDATE SET head_seq = realtime_topic.head_seq + excluded.head_seq RETURNING head_seq"
)


def register_reader(prefix: str, reader: Reader, heads: Heads | None = None) -> None:
    """Lets an app keep the log of topics `prefix:…` itself; what it stores it tells by `tell_after_commit`.

    Args:
        prefix: kind of the topics.
        reader: reads entries.
        heads: reads how far the logs reach; None when rows of Topic say it.
    """
    _readers[prefix] = reader
    if heads is not None:
        _heads_elsewhere[prefix] = heads


def is_kept_elsewhere(topic: str) -> bool:
    """Whether an app keeps this topic's log itself."""
    return topic.partition(":")[0] in _readers


def on_append(listener: Listener) -> None:
    """Registers who is told of every entry after its commit, on the thread that committed."""
    _listeners.append(listener)


def reserve(topic: str) -> int:
    """Takes the next seq of `topic`; the row stays locked until the transaction ends, so there is no gap.

    Call it inside the transaction of the change, and append exactly one event for it.
    """
    return reserve_many(topic, 1)


def reserve_many(topic: str, count: int) -> int:
    """Takes the next `count` seqs of `topic`, at least one, and returns the first; otherwise as `reserve`."""
    group = groups.current()
    head = _move_head(topic, count) if group is None else group.take(topic, count, _move_head)
    return head - count + 1


def _move_head(topic: str, count: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, [topic, count])
        return int(cursor.fetchone()[0])


def append(
    *,
    topic: str,
    event: protocol.Event,
    actor_id: int | None = None,
    seq: int | None = None,
    effect: protocol.Effect | None = None,
    at: datetime | None = None,
) -> int:
    """Writes one durable event in the caller's transaction and publishes it after the commit.

    Args:
        topic: for example `room:12`; its prefix must be the event's own.
        event: a durable event.
        actor_id: whose doing it is.
        seq: a seq from `reserve` in this transaction; None takes the next one.
        effect: what delivering it does to sockets.
        at: aware UTC time of the event; None is now.

    Returns:
        The event's seq.

    Raises:
        ValueError: the event is ephemeral or belongs to another kind of topic.
    """
    _check_kind(topic, event)
    seq = reserve(topic) if seq is None else seq
    at = at or timezone.now()
    data = protocol.encode(event)
    _events.insert(
        _events.new(
            topic=topic,
            seq=seq,
            type=event.type,
            data=data.decode(),
            effect=protocol.encode(effect).decode() if effect else "",
            actor_id=actor_id,
            at=at,
        )
    )
    entry = Entry(topic, seq, _frame(topic, seq, event.type, data, at), effect)
    transaction.on_commit(lambda: _tell(entry), robust=True)
    return seq


@dataclass(frozen=True, slots=True)
class Past:
    """An event that `append_many` writes: whose doing it was and when it happened."""

    event: protocol.Event
    actor_id: int | None
    at: datetime


def append_many(*, topic: str, first_seq: int, past: Sequence[Past]) -> None:
    """Writes many events at once, for imports, in the caller's transaction.

    After the commit only the last one is told: who listens finds the hole and reads the log.

    Args:
        topic: as in `append`.
        first_seq: from `reserve_many` for exactly as many.
        past: durable events in their order, at least one.

    Raises:
        ValueError: an event is ephemeral or belongs to another kind of topic.
    """
    rows = []
    for seq, one in enumerate(past, first_seq):
        _check_kind(topic, one.event)
        data = protocol.encode(one.event).decode()
        row = Event(topic=topic, seq=seq, type=one.event.type, data=data, actor_id=one.actor_id, at=one.at)
        rows.append(row)
    Event.objects.bulk_create(rows)
    last = _entry(rows[-1])
    transaction.on_commit(lambda: _tell(last), robust=True)


def entry_of(*, topic: str, seq: int, event: protocol.Event, at: datetime) -> Entry:
    """The entry of an event in a log that an app keeps itself.

    Raises:
        ValueError: the event is ephemeral or belongs to another kind of topic.
    """
    _check_kind(topic, event)
    return Entry(topic, seq, _frame(topic, seq, event.type, protocol.encode(event), at))


def tell_after_commit(entries: Sequence[Entry]) -> None:
    """Publishes entries, in their order, that an app has stored itself in the transaction of the caller."""

    def tell() -> None:
        for entry in entries:
            _tell(entry)

    transaction.on_commit(tell, robust=True)


def _check_kind(topic: str, event: protocol.Event) -> None:
    if not event.durable or topic.partition(":")[0] != event.topic:
        raise ValueError(f"{event.type} cannot be appended to {topic}")


def _tell(entry: Entry) -> None:
    for listener in _listeners:
        listener(entry)


def _frame(topic: str, seq: int, event_type: str, data: bytes, at: datetime) -> bytes:
    stamp = protocol.encode(at)[1:-1].decode()
    return protocol.event_frame(topic=topic, event_type=event_type, data=data, seq=seq, at=stamp)


def read(topic: str, after: int, limit: int) -> list[Entry]:
    """Entries of `topic` with seq > after, in order, at most `limit`."""
    reader = _readers.get(topic.partition(":")[0], _read_events)
    return reader(topic, after, limit)


def _read_events(topic: str, after: int, limit: int) -> list[Entry]:
    rows = Event.objects.filter(topic=topic, seq__gt=after).order_by("seq")[:limit]
    return [_entry(row) for row in rows]


def _entry(row: Event) -> Entry:
    return Entry(
        row.topic,
        row.seq,
        _frame(row.topic, row.seq, row.type, row.data.encode(), row.at),
        msgspec.json.decode(row.effect, type=protocol.Effect) if row.effect else None,
    )


def find(*, topic: str, kind: type[protocol.Event], at: datetime) -> list[Entry]:
    """Entries of one kind and one moment, in order: for whoever must redact and does not know their seq."""
    rows = Event.objects.filter(topic=topic, type=kind.type, at=at).order_by("seq")
    return [_entry(row) for row in rows]


def each_of(kind: type[protocol.Event]) -> Iterator[tuple[str, int, str]]:
    """(topic, seq, data) of every event of one kind that Event rows hold: for whoever must redact it."""
    rows = Event.objects.filter(type=kind.type).order_by("pk")
    yield from rows.values_list("topic", "seq", "data").iterator(500)


def between(*, topic: str, kind: type[protocol.Event], first: int, last: int) -> list[tuple[int, str]]:
    """(seq, data) of the events of one kind from `first` to `last`, in order: for whoever must redact some of them."""
    rows = Event.objects.filter(topic=topic, type=kind.type, seq__gte=first, seq__lte=last).order_by("seq")
    return list(rows.values_list("seq", "data"))


def lock(topic: str) -> None:
    """Keeps others from appending to the topic until the transaction of the caller ends; takes no seq."""
    Topic.objects.select_for_update().filter(key=topic).first()


def redact(*, topic: str, seqs: Iterable[int], event: protocol.Event) -> None:
    """Replaces what old events said, so that a deleted text cannot be replayed from the log.

    Hubs remember frames as they were: the event that tells of it carries an effect that makes them forget.
    """
    Event.objects.filter(topic=topic, seq__in=list(seqs)).update(type=event.type, data=protocol.encode(event).decode())


def heads(topics: Iterable[str]) -> dict[str, tuple[int, int]]:
    """(head seq, oldest seq that can be replayed) of each topic; (0, 1) for one nothing was published to."""
    wanted = list(topics)
    found: dict[str, tuple[int, int]] = {}
    for prefix, heads_elsewhere in _heads_elsewhere.items():
        kept = [topic for topic in wanted if topic.startswith(f"{prefix}:")]
        found |= heads_elsewhere(kept) if kept else {}
    own = [topic for topic in wanted if topic.partition(":")[0] not in _heads_elsewhere]
    for start in range(0, len(own), 500):
        part = own[start : start + 500]
        with connection.cursor() as cursor:
            cursor.execute(_HEADS + marks(part), part)
            found.update({key: (head, oldest) for key, head, oldest in cursor.fetchall()})
    return {topic: found.get(topic, (0, 1)) for topic in wanted}


def prune(*, before: datetime, keep: int, dry_run: bool = False) -> int:
    """Deletes events older than `before`, but of every topic the newest `keep` stay; returns how many.

    A client that asks for a deleted seq is answered with a reset or a snapshot.
    """
    deleted = 0
    for topic in Topic.objects.filter(head_seq__gt=F("min_seq") - 1 + keep).iterator():
        rows = Event.objects.filter(topic=topic.key, seq__lte=topic.head_seq - keep, at__lt=before)
        newest = rows.order_by("-seq").values_list("seq", flat=True).first()
        if newest is None:
            continue
        rows = Event.objects.filter(topic=topic.key, seq__lte=newest)
        if dry_run:
            deleted += rows.count()
            continue
        deleted += _prune_to(topic.key, newest)
    return deleted


def _prune_to(topic: str, newest: int) -> int:
    """Deletes the events of a topic up to a seq, piece by piece: a writer waits for one piece at most."""
    deleted = 0
    while True:
        first = Event.objects.filter(topic=topic, seq__lte=newest).order_by("seq").values_list("seq", flat=True).first()
        if first is None:
            return deleted
        last = min(first + PRUNE_EVENTS - 1, newest)
        with transaction.atomic():
            Topic.objects.filter(key=topic).update(min_seq=last + 1)
            deleted += Event.objects.filter(topic=topic, seq__lte=last).delete()[0]
