"""The room that is talked in, made straight in the tables: five hundred joins would take longer than the run.

Called by bench.sessions in our database.
Never called by anything that serves.
"""

from __future__ import annotations

from typing import Any

from chat.models import Membership, Room


def make_room(people: list[Any]) -> None:
    """A public room with these members; it must be the first, for the generator names it room:1."""
    room = Room.objects.create(kind=Room.Kind.PUBLIC, slug="bench", name="Bench", created_by=people[0])
    if room.pk != 1:
        raise RuntimeError(f"the database was not empty: the room is {room.pk}")
    Membership.objects.bulk_create([Membership(room=room, user=person) for person in people], batch_size=500)
