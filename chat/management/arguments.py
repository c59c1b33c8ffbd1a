"""What chat's commands are told on the command line: rooms and people by name.

Called by the commands of this app. Never writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from chat.models import Room

if TYPE_CHECKING:
    from accounts.models import User


def find_room(slug: str) -> Room:
    """The room with this address.

    Raises:
        CommandError.
    """
    room = Room.objects.filter(slug=slug).first()
    if room is None:
        raise CommandError(f"There is no room “{slug}”. Give the last part of its address.")
    return room


def find_person(username: str) -> User:
    """Somebody who can write in rooms.

    Raises:
        CommandError.
    """
    person = get_user_model().objects.filter(username=username.removeprefix("@").lower(), is_active=True).first()
    if person is None:
        raise CommandError(f"There is nobody called “{username}”, or the account is closed.")
    return person


def find_owner(username: str | None) -> User:
    """Who shall own a new room: the person named, else the first superuser.

    Raises:
        CommandError.
    """
    if username is not None:
        return find_person(username)
    owner = get_user_model().objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if owner is None:
        raise CommandError("A room needs an owner: give --owner USERNAME.")
    return owner
