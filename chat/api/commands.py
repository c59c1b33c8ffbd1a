"""What one may type after a slash in a room.

Called by chat.urls. Changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from chat.api.answers import endpoint
from chat.services import slash

if TYPE_CHECKING:
    from accounts.models import User


@endpoint
def commands(request: HttpRequest, user: User, room_id: int) -> Any:
    """Those that the person may use there, by name."""
    return slash.offered(actor=user, room_id=room_id)
