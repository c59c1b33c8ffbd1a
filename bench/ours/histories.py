"""Documents with a past, made straight in the tables: a quarter of a million pushes would take too long.

Called by bench.openings as a program of its own, after bench.sessions has made the room; prints the documents' numbers.
Never called by anything that serves.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import django

BATCH = 5_000
SNAPSHOT_EVERY = 500


def changes_of(version: int, length: int) -> str:
    """A letter comes, and the next update takes it away: however long the past, the text keeps its length."""
    place = ((version - 1) // 2 * 7_919) % length
    change: list[Any] = [0, "x"] if version % 2 else [1]
    return json.dumps([place, change, length - place] if place else [change, length], separators=(",", ":"))


def make_history(name: str, updates: int) -> int:
    """A document of this many updates, an even number, with a text stored where the product would store it."""
    from django.utils import timezone

    from bench.ours.room import DOCUMENT_LENGTH, LINE
    from chat.models import Room
    from editor.models import Document, Snapshot, Update

    text = (LINE * (DOCUMENT_LENGTH // len(LINE) + 1))[:DOCUMENT_LENGTH]
    room, now = Room.objects.get(slug="bench"), timezone.now()
    author = room.created_by
    document = Document.objects.create(
        room=room,
        name=name,
        language="python",
        created_by=author,
        created_at=now,
        length=len(text),
        version=updates,
        edited_at=now,
    )
    for start in range(1, updates + 1, BATCH):
        rows = [
            Update(
                document=document,
                version=version,
                author=author,
                client_id=f"{room.created_by_id}-bench",
                changes=changes_of(version, len(text)),
                at=now,
            )
            for version in range(start, min(start + BATCH, updates + 1))
        ]
        Update.objects.bulk_create(rows, batch_size=500)
    for version in range(0, updates + 1, SNAPSHOT_EVERY):
        Snapshot.objects.create(document=document, version=version, text=text, at=now)
    return document.pk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, action="append", required=True, help="one document of so many updates")
    parser.add_argument("--others", type=int, required=True, help="so many documents more")
    parser.add_argument("--tail", type=int, required=True, help="with so many updates each")
    options = parser.parse_args()
    django.setup()
    from django.db import transaction

    with transaction.atomic():
        long = [make_history(f"past-{updates}.py", updates) for updates in options.updates]
        others = [make_history(f"open-{number}.py", options.tail) for number in range(options.others)]
    print(json.dumps({"long": long, "others": others}))


if __name__ == "__main__":
    main()
