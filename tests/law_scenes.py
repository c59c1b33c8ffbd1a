"""The scenes of the snapshot law, by name, and those of moderation.

Filled and played by tests/test_snapshot_law.py. Each is one deed before the eyes of one person.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts import services as accounts
from accounts.models import User
from chat import services
from tests.law import World

Act = Callable[[World], Any]
SCENES: dict[str, tuple[str, Act]] = {}


def scene(viewer: str, name: str) -> Callable[[Act], Act]:
    """Declares what happens before the eyes of `viewer`."""

    def keep(act: Act) -> Act:
        SCENES[name] = (viewer, act)
        return act

    return keep


@scene("teo", "one is banned from a room")
def _(world: World) -> None:
    mina, teo, closed = world.people["mina"], world.people["teo"], world.rooms["closed"]
    services.sanction_member(actor=mina, room_id=closed.pk, user_id=teo.pk, kind="ban", reason="Spam")


@scene("mina", "somebody who wrote is kicked")
def _(world: World) -> None:
    mina, teo = world.people["mina"], world.people["teo"]
    services.sanction_member(actor=mina, room_id=world.room.pk, user_id=teo.pk, kind="kick", reason="Spam")


@scene("mina", "somebody's account is deleted")
def _(world: World) -> None:
    boss = User.objects.create(pk=199, username="boss", is_superuser=True)
    accounts.delete_permanently(actor=boss, user=world.people["teo"])
