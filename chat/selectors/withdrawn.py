"""Which of the messages that somebody quoted may not be quoted any more: deleted, edited since, or gone for good.

Called by apps that keep words of messages (the assistant's logs). Never writes, and never asks who may see them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from chat.models import Message


def withdrawn_numbers(*, room_id: int, seqs: Collection[int], since: datetime) -> set[int]:
    """Those of the numbers whose message does not say any more what it said then.

    Args:
        room_id: where they stand.
        seqs: numbers of messages.
        since: when they were quoted.
    """
    if not seqs:
        return set()
    as_it_was = Q(edited_at=None) | Q(edited_at__lte=since)
    kept = Message.objects.filter(as_it_was, room_id=room_id, seq__in=list(seqs), deleted_at=None)
    return set(seqs) - set(kept.values_list("seq", flat=True))


def standing_of_ids(*, room_id: int, ids: Collection[UUID]) -> set[UUID]:
    """Those of the messages that stand in the room and are not deleted."""
    if not ids:
        return set()
    found = Message.objects.filter(room_id=room_id, pk__in=list(ids), deleted_at=None)
    return set(found.values_list("pk", flat=True))
