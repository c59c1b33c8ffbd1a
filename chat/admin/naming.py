"""What staff are told of a room whose door is closed to them: its kind and number.

Used by the other modules of chat.admin. A private room's name can say as much as its messages; whoever reveals a
reported message with a reason reads it there. Superusers read every name.
"""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q, Value
from django.http import HttpRequest

from accounts.admin.site import me
from chat.models import Room


def closed_to(request: HttpRequest, path: str = "") -> Any:
    """For a query: whether the room is closed to this member of staff; `path` leads to the room, as `room__`."""
    if me(request).is_superuser:
        return Value(False)
    return ExpressionWrapper(~Q(**{f"{path}kind": Room.Kind.PUBLIC}), output_field=BooleanField())


def closed_name(room: Room) -> str:
    """How a closed room is called."""
    return f"{room.get_kind_display()} room #{room.pk}"


def shown_to(request: HttpRequest, room: Room) -> str:
    """How one room is called towards this member of staff."""
    closed = room.kind != Room.Kind.PUBLIC and not me(request).is_superuser
    return closed_name(room) if closed else f"# {room.name}"
