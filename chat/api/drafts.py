"""Other versions of one's own drafts, for the page that compares them.

Called by chat.urls. Changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from chat import selectors
from chat.api.answers import endpoint, identifier, number
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User


@endpoint
def copies(request: HttpRequest, user: User) -> Any:
    """What is kept beside the draft in `room`, or in its `thread`."""
    room_id = number(request, "room")
    if room_id is None:
        raise Refused("invalid", "Say which room.", field="room")
    return selectors.draft_copies(actor=user, room_id=room_id, thread_id=identifier(request, "thread"))
