"""Proves that what people keep of a room belongs to it: pins, threads they follow, drafts.

Called by chat.selectors.integrity, inside its moment. Never repairs anything.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import F, Q, QuerySet

from chat.models import Draft, Pin, Room, ThreadFollow


def check_kept(room: Room, head: int) -> Iterator[str]:
    """A sentence for each fault of one room.

    Args:
        room: which.
        head: the last seq of its log.
    """
    for seq in _seqs(Pin.objects.filter(message__room=room).exclude(room=room)):
        yield f"the pin of message {seq} hangs in another room."
    follows = ThreadFollow.objects.filter(root__room=room)
    for seq, user in follows.exclude(room=room).values_list("root__seq", "user"):
        yield f"user:{user} follows thread {seq} in another room."
    for seq, user in follows.filter(root__thread_root__isnull=False).values_list("root__seq", "user"):
        yield f"user:{user} follows message {seq}, which is a reply and no thread."
    for seq, user in follows.filter(last_read_seq__gt=head).values_list("root__seq", "user"):
        yield f"user:{user} has read thread {seq} beyond the head {head}."
    yield from _check_drafts(room)


def _check_drafts(room: Room) -> Iterator[str]:
    drafts = Draft.objects.filter(room=room)
    elsewhere = Q(thread_root__isnull=False) & ~Q(thread_root__room=F("room"))
    in_reply = Q(thread_root__thread_root__isnull=False)
    quoting = Q(reply_to__isnull=False) & ~Q(reply_to__room=F("room"))
    for pk, user in drafts.filter(elsewhere | in_reply | quoting).values_list("pk", "user"):
        yield f"draft {pk} of user:{user} answers no message of this room."
    for pk, user in drafts.filter(rev=0).exclude(body="").values_list("pk", "user"):
        yield f"draft {pk} of user:{user} has a text and was never saved."


def _seqs(pins: QuerySet[Pin]) -> list[int]:
    return list(pins.values_list("message__seq", flat=True))
