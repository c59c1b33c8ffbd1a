"""Pages of the rooms: one application shell with the snapshots for its first view, and the page of an invite link.

Called by collab.urls. Decides nothing: selectors say what may be seen, services let somebody in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts import invitations
from chat import selectors, services
from chat.shapes import RoomSnapshot
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

SOCKET: Final = "/ws/chat/"
LINK_STATUS: Final = {"open": 200, "unknown": 404}
LINK_GONE: Final = 410


def _shell(
    request: HttpRequest,
    *,
    room: RoomSnapshot | None = None,
    message: UUID | None = None,
    status: int = 200,
    barred: str = "",
) -> HttpResponse:
    boot = {
        "home": selectors.home_snapshot(actor=_user(request)),
        "room": room,
        "message": message,
        "socket": SOCKET,
        "static": settings.STATIC_URL,
    }
    return render(request, "chat/app.html", {"boot": msgspec.to_builtins(boot), "barred": barred}, status=status)


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


@never_cache
@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The start page and the list of rooms: the script draws both."""
    return _shell(request)


@never_cache
@require_GET
@login_required
def room(request: HttpRequest, slug: str, message_id: UUID | None = None) -> HttpResponse:
    """A room by its name, perhaps at one message."""
    return _room_page(request, message_id, lambda user: selectors.room_by_slug(actor=user, slug=slug), direct=False)


@never_cache
@require_GET
@login_required
def direct(request: HttpRequest, room_id: int, message_id: UUID | None = None) -> HttpResponse:
    """A direct or group room, perhaps at one message."""
    return _room_page(request, message_id, lambda user: room_id, direct=True)


def _room_page(
    request: HttpRequest, message_id: UUID | None, find: Callable[[User], int], *, direct: bool
) -> HttpResponse:
    user = _user(request)
    try:
        snapshot = selectors.room_snapshot(actor=user, room_id=find(user), around_id=message_id)
    except Refused as refused:
        barred = refused.message if refused.code == "banned" else ""
        return _shell(request, status=403 if barred else 404, barred=barred)
    if snapshot.room.url.startswith("/direct/") != direct:
        return _shell(request, status=404)
    return _shell(request, room=snapshot, message=message_id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """An invite link: shows the room and who invites; a post of somebody signed in joins."""
    if request.method == "POST" and request.user.is_authenticated:
        try:
            joined = services.join_room(actor=_user(request), token=token)
        except Refused as refused:
            return _link_page(request, token, refused=refused.message if refused.code == "banned" else "")
        return HttpResponseRedirect(joined.room.url)
    return _link_page(request, token)


def _link_page(request: HttpRequest, token: str, *, refused: str = "") -> HttpResponse:
    page = selectors.link_page(token=token)
    context: dict[str, Any] = {"state": page.state, "refused": refused}
    if page.room is not None:
        if not request.user.is_authenticated:
            invitations.allow_sign_up(request.session)
        back = urlencode({"next": request.path})
        context |= {
            "room_name": page.room.name,
            "room_kind": page.room.kind,
            "member_count": page.members,
            "inviter_id": page.inviter.id if page.inviter else 0,
            "inviter_name": page.inviter.display_name if page.inviter else "Somebody",
            "role": page.role,
            "expires_at": page.expires_at,
            "sign_up_url": f"{reverse('account_signup')}?{back}",
            "sign_in_url": f"{reverse('account_login')}?{back}",
        }
    return render(request, "chat/join.html", context, status=LINK_STATUS.get(page.state, LINK_GONE))
