"""The JSON API of bridges for the page's script: what a room is joined with, and who is on which server.

Called by integrations.urls. Changes nothing; an error is {"code", "message", "field"} with its HTTP status.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from chat.api import endpoint, text
from integrations.selectors import joined

if TYPE_CHECKING:
    from accounts.models import User


@endpoint
def room(request: HttpRequest, user: User, room_id: int) -> Any:
    """What the room is joined with; `q` finds people of those servers."""
    return joined.room_bridges(actor=user, room_id=room_id, q=text(request, "q"))


@endpoint
def people(request: HttpRequest, user: User) -> Any:
    """On which server these are: `ids`, with commas between."""
    given = text(request, "ids")[:2_000].split(",")
    return joined.bridged_people(ids=[int(one) for one in given if one.isascii() and one.isdecimal() and len(one) < 19])
