"""What a person follows, keeps and was addressed by, and what a room keeps. Session cookie, GET only.

Called by the page's script through chat.urls. Changes nothing, and decides nothing: selectors do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from chat import selectors
from chat.api.answers import endpoint, number, text

if TYPE_CHECKING:
    from accounts.models import User


@endpoint
def attention(request: HttpRequest, user: User) -> Any:
    """Marks of threads and saved messages."""
    return selectors.attention_view(actor=user)


@endpoint
def mentions(request: HttpRequest, user: User) -> Any:
    """Messages that address the person: `show` all or unread, `before` a mention."""
    return selectors.mentions_page(actor=user, show=text(request, "show") or "all", before=number(request, "before"))


@endpoint
def threads(request: HttpRequest, user: User) -> Any:
    """Followed threads: `skip` so many."""
    return selectors.threads_page(actor=user, skip=number(request, "skip") or 0)


@endpoint
def saved(request: HttpRequest, user: User) -> Any:
    """Saved messages: `before` a bookmark."""
    return selectors.saved_page(actor=user, before=number(request, "before"))


@endpoint
def pins(request: HttpRequest, user: User, room_id: int) -> Any:
    """What the room keeps at hand."""
    return selectors.pins_page(actor=user, room_id=room_id)
