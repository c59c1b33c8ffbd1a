"""Mends what can be found out again from the rest: places that follow a message's own, read marks, the index.

Called by `manage.py check_integrity --repair`, also while people write. Never touches a text, a message or the log:
what is wrong with those is for a person to judge, with a backup at hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from chat.models import Membership, Mention, Pin, Reaction, Room, ThreadFollow
from chat.search.index import backend
from chat.selectors.views import room_topic
from chat.services.search import repair_messages
from realtime import log


@transaction.atomic
def mend_room(room: Room) -> int:
    """Mends one room; returns how many rows."""
    topic = room_topic(room.pk)
    log.lock(topic)
    head = log.heads([topic])[topic][0]
    mended = _mend_places(room)
    mended += ThreadFollow.objects.filter(root__room=room, root__thread_root__isnull=False).delete()[0]
    mended += ThreadFollow.objects.filter(room=room, last_read_seq__gt=head).update(last_read_seq=head)
    for field in ("last_read_seq", "joined_seq"):
        mended += Membership.objects.filter(room=room, **{f"{field}__gt": head}).update(**{field: head})
    gone = {"message__room": room, "message__deleted_at__isnull": False}
    for model in (Pin, Mention, Reaction):
        mended += model.objects.filter(**gone).delete()[0]
    return mended


def _mend_places(room: Room) -> int:
    """The room and the place of what hangs on a message are those of the message."""
    mended = Pin.objects.filter(message__room=room).exclude(room=room).update(room=room)
    mended += ThreadFollow.objects.filter(root__room=room).exclude(room=room).update(room=room)
    wrong = ~Q(room=room) | ~Q(seq=F("message__seq"))
    for mention in Mention.objects.filter(wrong, message__room=room).select_related("message"):
        mended += Mention.objects.filter(pk=mention.pk).update(room=room, seq=mention.message.seq)
    return mended


def check_index(*, repair: bool) -> Iterator[str]:
    """A sentence for each kind of fault of the search index; with `repair` wrong entries are made anew instead."""
    yield from (f"search: {fault}" for fault in backend().faults())
    missing = stale = surplus = 0
    after: UUID | None = None
    while True:
        batch, end = repair_messages(after=after, dry_run=not repair)
        if end is None:
            break
        if batch.wrong and not repair:
            # Somebody may have written between the two readings; what is wrong stays wrong.
            batch, _ = repair_messages(after=after, dry_run=True)
        missing, stale, surplus = missing + batch.missing, stale + batch.stale, surplus + batch.surplus
        after = end
    if not repair and missing + stale + surplus:
        yield f"search: {missing} entries are missing, {stale} out of date, {surplus} left over."
