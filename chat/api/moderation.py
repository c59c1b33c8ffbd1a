"""What a room's moderators look at: reports that wait, and sanctions that hold. Session cookie, GET only.

Called by the page's script through chat.urls. Changes nothing, and decides nothing: selectors do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from chat import selectors
from chat.api.answers import endpoint

if TYPE_CHECKING:
    from accounts.models import User


@endpoint
def reports(request: HttpRequest, user: User, room_id: int) -> Any:
    """Reported messages with their context."""
    return selectors.room_cases(actor=user, room_id=room_id)


@endpoint
def sanctions(request: HttpRequest, user: User, room_id: int) -> Any:
    """Who is muted, kicked for a time or banned here."""
    return selectors.room_sanctions(actor=user, room_id=room_id)
