"""The search of the page. Session cookie, GET only.

Called by the page's script through chat.urls. Decides nothing: the selector does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest

from chat import selectors
from chat.api.answers import endpoint, text
from realtime.consumers import take_token
from realtime.ratelimit import Limit

if TYPE_CHECKING:
    from accounts.models import User

SEARCHES: Final = Limit(burst=30, per_second=3)
"""Of one person; the page asks at most four times a second while somebody types."""
ZONE_CHARS: Final = 60


@endpoint
def search(request: HttpRequest, user: User) -> Any:
    """What is found: `q`, `kind`, `order`, `tz` (name of a time zone), `more`."""
    take_token(user.pk, "search", SEARCHES)
    return selectors.search(
        actor=user,
        q=text(request, "q"),
        kind=request.GET.get("kind") or "messages",
        order=request.GET.get("order") or "newest",
        more=request.GET.get("more", ""),
        zone=_zone(text(request, "tz")),
    )


def _zone(name: str) -> ZoneInfo | None:
    """The person's time zone; None for one that nobody knows, which is no reason to find nothing."""
    try:
        return ZoneInfo(name) if name and len(name) <= ZONE_CHARS else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
