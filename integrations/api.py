"""The JSON API of bridges for the page's script: what a room is joined with, who is where, when it was said.

Called by integrations.urls. Changes nothing; an error is {"code", "message", "field"} with its HTTP status.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest

from chat.api import endpoint, text
from integrations.selectors import joined
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User


@endpoint
def room(request: HttpRequest, user: User, room_id: int) -> Any:
    """What the room is joined with; `q` finds people of those servers."""
    return joined.room_bridges(actor=user, room_id=room_id, q=text(request, "q"))


@endpoint
def said(request: HttpRequest, user: User, room_id: int) -> Any:
    """When messages of the room were said where they came from: `ids`, with commas between."""
    given = text(request, "ids")[:4_000].split(",")
    try:
        ids = [UUID(one) for one in given if one]
    except ValueError:
        raise Refused("invalid", "These are no ids of messages.", field="ids") from None
    return joined.said_there(actor=user, room_id=room_id, ids=ids)


@endpoint
def people(request: HttpRequest, user: User) -> Any:
    """On which server these are: `ids`, with commas between."""
    given = text(request, "ids")[:2_000].split(",")
    return joined.bridged_people(ids=[int(one) for one in given if one.isascii() and one.isdecimal() and len(one) < 19])
