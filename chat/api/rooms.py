"""Snapshots, history and lists of rooms. Session cookie, GET only.

Called by the page's script through chat.urls. Changes nothing, and decides nothing: selectors do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest

from chat import selectors
from chat.api.answers import endpoint, identifier, number, text

if TYPE_CHECKING:
    from accounts.models import User


@endpoint
def home(request: HttpRequest, user: User) -> Any:
    """All rooms of the person."""
    return selectors.home_snapshot(actor=user)


@endpoint
def rooms(request: HttpRequest, user: User) -> Any:
    """Rooms to browse: `q`, `archived`."""
    archived = request.GET.get("archived", "0") not in {"", "0"}
    return selectors.browse_rooms(actor=user, q=text(request, "q"), archived=archived)


@endpoint
def snapshot(request: HttpRequest, user: User, room_id: int) -> Any:
    """One room: `around` a message, or its newest page."""
    return selectors.room_snapshot(actor=user, room_id=room_id, around_id=identifier(request, "around"))


@endpoint
def messages(request: HttpRequest, user: User, room_id: int) -> Any:
    """A page of history: `before` or `after` a seq, `limit`."""
    limit = number(request, "limit")
    return selectors.message_page(
        actor=user,
        room_id=room_id,
        before=number(request, "before"),
        after=number(request, "after"),
        limit=50 if limit is None else limit,
    )


@endpoint
def thread(request: HttpRequest, user: User, room_id: int, root_id: UUID) -> Any:
    """A thread."""
    return selectors.thread_snapshot(actor=user, room_id=room_id, root_id=root_id)


@endpoint
def links(request: HttpRequest, user: User, room_id: int) -> Any:
    """Invite links that still work."""
    return selectors.invite_links(actor=user, room_id=room_id)


@endpoint
def revisions(request: HttpRequest, user: User, message_id: UUID) -> Any:
    """What a message says and said."""
    return selectors.revisions(actor=user, message_id=message_id)


@endpoint
def people(request: HttpRequest, user: User) -> Any:
    """People by a part of their name: `q`, `room`."""
    return selectors.find_people(actor=user, q=text(request, "q"), room_id=number(request, "room"))
