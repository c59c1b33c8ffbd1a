"""People, rooms and messages for tests, made by the services that the product uses."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import UUID, uuid4

from accounts.models import User
from accounts.services import create_person
from chat import services
from chat.models import Membership, Message, Room

_numbers = itertools.count(1)


def make_person(username: str = "", **given: Any) -> User:
    """Somebody who can sign in; `username` empty takes a new one."""
    username = username or f"person{next(_numbers)}"
    given.setdefault("display_name", username.capitalize())
    return create_person(actor=None, username=username, **given)


def make_room(owner: User, *members: User, kind: str = "public", name: str = "General", **given: Any) -> Room:
    """A room of these people."""
    done = services.create_room(
        actor=owner, cid=uuid4(), kind=kind, name=name, members=[member.pk for member in members], **given
    )
    return Room.objects.get(pk=done.room.id)


def make_direct(actor: User, *others: User) -> Room:
    """The direct or group room of these people."""
    done = services.open_direct(actor=actor, users=[other.pk for other in others])
    return Room.objects.get(pk=done.room.id)


def say(actor: User, room: Room, body: str = "Hello", **given: Any) -> Message:
    """A message in the room."""
    given.setdefault("cid", uuid4())
    return Message.objects.get(pk=services.send_message(actor=actor, room_id=room.pk, body=body, **given).id)


def give_role(room: Room, user: User, role: str) -> None:
    """Makes somebody what a test needs, without an event."""
    Membership.objects.filter(room=room, user=user).update(role=role)


def change(actor: User, room: Room, **settings: Any) -> int:
    """Changes settings of a room; returns the seq."""
    return services.update_room(actor=actor, room_id=room.pk, change=services.RoomChange(**settings)).seq


def nobody() -> UUID:
    """An id of nothing."""
    return uuid4()
