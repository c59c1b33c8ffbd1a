"""The room that is talked in and its documents, made straight in the tables: so many joins would take too long.

Called by bench.sessions in our database.
Never called by anything that serves.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from chat.models import Membership, Room
from editor.models import Document, Snapshot

LINE = "def area(width, height):\n    return width * height  # of a rectangle\n"
DOCUMENT_LENGTH = 100_000


def make_room(people: list[Any]) -> None:
    """A public room with these members; it must be the first, for the generator names it room:1."""
    room = Room.objects.create(kind=Room.Kind.PUBLIC, slug="bench", name="Bench", created_by=people[0])
    if room.pk != 1:
        raise RuntimeError(f"the database was not empty: the room is {room.pk}")
    Membership.objects.bulk_create([Membership(room=room, user=person) for person in people], batch_size=500)


@transaction.atomic
def make_documents(count: int) -> None:
    """So many equal documents in the room, `document:1` and so on; bench/peers/text.js makes the same text."""
    text = (LINE * (DOCUMENT_LENGTH // len(LINE) + 1))[:DOCUMENT_LENGTH]
    room, now = Room.objects.get(), timezone.now()
    for number in range(1, count + 1):
        document = Document.objects.create(
            room=room,
            name=f"bench-{number}.py",
            language="python",
            created_by=room.created_by,
            created_at=now,
            length=len(text),
            position=number,
        )
        if document.pk != number:
            raise RuntimeError(f"the database was not empty: the document is {document.pk}")
        Snapshot.objects.create(document=document, version=0, text=text, at=now)
