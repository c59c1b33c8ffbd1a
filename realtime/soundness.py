"""Proves that the log is whole: no hole, no double, every event readable.

Called by manage.py check_integrity. Never repairs anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from django.db.models import Count, Max, Min

from realtime import log, protocol
from realtime.models import Event, Topic


def check_log() -> Iterator[str]:
    """A sentence for each fault of the topics whose events are Event rows, in order of topic; nothing when all is well.

    A topic whose log an app keeps itself is that app's to check.
    """
    counted = {
        row["topic"]: row
        for row in Event.objects.order_by()
        .values("topic")
        .annotate(rows=Count("pk"), seqs=Count("seq", distinct=True), first=Min("seq"), last=Max("seq"))
    }
    topics = {topic.key: topic for topic in Topic.objects.filter(key__in=counted)}
    for key in sorted(counted):
        topic = topics.get(key)
        if topic is None:
            yield f"{key}: has events and no head."
        else:
            yield from _compare(topic, counted[key])
    yield from _check_empty()
    yield from _check_events()


def _compare(topic: Topic, found: Mapping[str, Any]) -> Iterator[str]:
    if found["last"] != topic.head_seq:
        yield f"{topic.key}: the head is {topic.head_seq}, the last event {found['last']}."
    if found["first"] != topic.min_seq:
        yield f"{topic.key}: the oldest seq is said to be {topic.min_seq}, the first event is {found['first']}."
    if found["rows"] != found["seqs"]:
        yield f"{topic.key}: {found['rows'] - found['seqs']} events have a seq that another has."
    missing = found["last"] - found["first"] + 1 - found["seqs"]
    if missing:
        yield f"{topic.key}: {missing} events are missing between {found['first']} and {found['last']}."


def _check_empty() -> Iterator[str]:
    for topic in Topic.objects.exclude(key__in=Event.objects.values("topic")).order_by("key"):
        if not log.is_kept_elsewhere(topic.key) and topic.head_seq >= topic.min_seq:
            yield f"{topic.key}: the head is {topic.head_seq}, and there is no event."


def _check_events() -> Iterator[str]:
    kinds = protocol.events()
    effects = msgspec.json.Decoder(protocol.Effect)
    rows = Event.objects.order_by("topic", "seq").values_list("topic", "seq", "type", "data", "effect")
    for topic, seq, name, data, effect in rows.iterator(chunk_size=2_000):
        kind = kinds.get(name)
        if kind is None or not kind.durable or kind.topic != topic.partition(":")[0]:
            yield f"{topic} {seq}: {name} is no event of this log."
            continue
        try:
            msgspec.json.decode(data, type=kind)
            if effect:
                effects.decode(effect)
        except msgspec.DecodeError as error:
            yield f"{topic} {seq}: {name} cannot be read: {error}."
