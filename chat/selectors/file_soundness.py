"""Proves that files hang together: rows against the storage, against their messages and against the log.

Called by the integrity check. Never repairs anything, and never opens a file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from uuid import UUID

from django.core.files.storage import default_storage
from django.db.models import F, Q

from chat.models import Attachment, Room
from chat.selectors.replay import Replay


def check_files(room: Room) -> Iterator[str]:
    """A sentence for each file of a room whose bytes are lost, or that stands with the wrong message."""
    rows = Attachment.objects.filter(room=room)
    for pk, file, thumbnail in rows.order_by("pk").values_list("pk", "file", "thumbnail").iterator():
        for name in filter(None, (file, thumbnail)):
            if not default_storage.exists(name):
                yield f"file {pk} is not in the storage ({name})."
    lost = Q(state=Attachment.State.PENDING, message__isnull=False) | Q(state=Attachment.State.CLAIMED, message=None)
    elsewhere = Q(message__isnull=False) & ~Q(message__room=F("room"))
    for pk in rows.filter(lost | elsewhere).values_list("pk", flat=True):
        yield f"file {pk} is sent and has no message, or one of another room."


def check_told_files(room: Room, replayed: Replay, messages: Collection[UUID]) -> Iterator[str]:
    """What the log says of the files of these messages against the rows."""
    stored: dict[UUID, dict[UUID, bool]] = defaultdict(dict)
    for message, pk, state in Attachment.objects.filter(room=room).values_list("message", "pk", "state"):
        if message is not None:
            stored[message][pk] = state == Attachment.State.BLOCKED
    for message in set(messages) & replayed.place.keys():
        if stored.get(message, {}) != replayed.files.get(message, {}):
            yield f"message {replayed.place[message]} has other files than the log tells."
