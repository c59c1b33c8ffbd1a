"""Deletes what was said longer ago than a room, or the site, wants to keep.

Called by `manage.py apply_retention` and by the leased service in chat.keeper, while people write: in bounded batches,
each a transaction of its own, safe to stop and to repeat. A thread goes when its last reply is old enough, root and
replies together. What is pinned stays, and so does what an open report or somebody's draft hangs on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from chat import hooks
from chat.events import RoomAdded
from chat.models import Draft, Message, MessageRevision, Pin, Report, Room
from chat.selectors.views import room_topic
from chat.services.attachments import remove_attachments
from chat.services.redaction import without_last
from realtime import log, renewal

BATCH_MESSAGES: Final = 200
PAUSE_SECONDS: Final = 0.05
"""Between batches, so that people's writing comes in between where one writes at a time."""


@dataclass(frozen=True, slots=True)
class Due:
    """A room and the moment before which its messages go."""

    room_id: int
    slug: str
    before: datetime


def rooms_with_an_end(*, room_id: int | None = None, now: datetime | None = None) -> list[Due]:
    """Rooms that do not keep everything: by their own setting, else by MESSAGE_RETENTION_DAYS."""
    now = now or timezone.now()
    rooms = Room.objects.order_by("pk")
    rooms = rooms if room_id is None else rooms.filter(pk=room_id)
    found = []
    for pk, slug, own in rooms.values_list("pk", "slug", "retention_days"):
        days = settings.MESSAGE_RETENTION_DAYS if own is None else own
        if days > 0:
            found.append(Due(pk, slug, now - timedelta(days=days)))
    return found


def count_due(due: Due) -> int:
    """How many messages would go now."""
    roots = _roots(due)
    return roots.count() + Message.objects.filter(thread_root__in=roots).count()


def expire_room(due: Due) -> Iterator[int]:
    """Deletes batch by batch; yields how many went with each.

    Whoever listens takes a snapshot, if the log tells of what went: the log of the room begins anew then.
    """
    renewed = 0
    while True:
        gone, told = expire_batch(due)
        renewed += told
        if not gone:
            break
        yield gone
        time.sleep(PAUSE_SECONDS)
    if renewed:
        # Who came in between has been shown what went after that.
        renewal.renew_topic(room_topic(due.room_id))


@transaction.atomic
def expire_batch(due: Due) -> tuple[int, bool]:
    """Deletes the oldest batch with its files, revisions and index entries.

    Returns:
        How many messages went, and whether the log told of them.
    """
    topic = room_topic(due.room_id)
    # Nobody answers in an old thread while it goes.
    log.lock(topic)
    roots = list(_roots(due).order_by("seq").values_list("pk", flat=True)[:BATCH_MESSAGES])
    replies = Message.objects.filter(thread_root__in=roots).order_by("-seq")
    doomed = list(replies.values_list("pk", flat=True)[:BATCH_MESSAGES])
    # A long thread goes from its end on, its root at last.
    doomed = doomed if len(doomed) == BATCH_MESSAGES else doomed + roots
    if not doomed:
        return 0, False
    told = _last_told(doomed) >= log.heads([topic])[topic][1]
    remove_attachments(doomed)
    hooks.messages_gone(doomed)
    Message.objects.filter(pk__in=doomed).delete()
    if told:
        renewal.renew_topic(topic)
    return len(doomed), told


def _roots(due: Due) -> QuerySet[Message]:
    """Messages of the room, and roots with all of their thread, that are old enough and that nothing keeps."""
    kept = Q(Exists(Pin.objects.filter(message=OuterRef("pk")))) | Q(
        Exists(Report.objects.filter(message=OuterRef("pk"), state=Report.State.OPEN))
    )
    replies = Message.objects.filter(thread_root=OuterRef("pk"))
    drafts = Draft.objects.filter(thread_root=OuterRef("pk")).filter(~Q(body="") | Q(copies__isnull=False))
    return (
        Message.objects.filter(room=due.room_id, thread_root=None, created_at__lt=due.before)
        .exclude(kept)
        .exclude(Exists(replies.filter(Q(created_at__gte=due.before) | kept)))
        .exclude(Exists(drafts))
    )


def _last_told(doomed: list[UUID]) -> int:
    """The last seq whose event holds a text of these messages: their own, an edit's, a quote's."""
    own = Message.objects.filter(pk__in=doomed).aggregate(last=Max("seq"))["last"]
    edited = MessageRevision.objects.filter(message__in=doomed).aggregate(last=Max("seq"))["last"]
    quoted = Message.objects.filter(reply_to__in=doomed).aggregate(last=Max("seq"))["last"]
    return max(own or 0, edited or 0, quoted or 0)


def forget_in_lists(*, dry_run: bool = False) -> int:
    """Takes excerpts of messages that are gone out of the events that told people of a room; returns how many."""
    done = 0
    for topic, seq, data in log.each_of(RoomAdded):
        event = msgspec.json.decode(data, type=RoomAdded)
        last = event.summary.last_message
        if last is None or not last.excerpt or Message.objects.filter(pk=last.id).exists():
            continue
        done += 1
        if not dry_run:
            log.redact(topic=topic, seqs=[seq], event=without_last(event))
    return done
