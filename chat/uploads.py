"""Uploads of a room: the list of what waits, a new file, one taken back.

Called by chat.urls. The bytes of a POST were put on disk by collab.uploads, which stands before Django; only their
place comes here, in the scope. Decides nothing: services do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from chat import selectors, services
from chat.api import answer, identifier, refuse
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

SCOPE_KEY: Final = "collab.upload"
"""Where in the ASGI scope the path of the file stands."""
NAME_CHARS: Final = 1_000


def uploads(request: HttpRequest, room_id: int) -> HttpResponse:
    """GET: limits and one's own files that wait. POST: one more, whose bytes are the body."""
    if not request.user.is_authenticated:
        return refuse(Refused("forbidden", "Sign in first."), 401)
    user = request.user
    try:
        if request.method == "POST":
            return _store(request, user, room_id)
        if request.method in {"GET", "HEAD"}:
            return answer(selectors.upload_list(actor=user, room_id=room_id))
    except Refused as refused:
        return refuse(refused)
    return _wrong_method("GET, HEAD, POST")


def upload(request: HttpRequest, room_id: int, upload_id: UUID) -> HttpResponse:
    """DELETE: takes a file back that was not sent."""
    if not request.user.is_authenticated:
        return refuse(Refused("forbidden", "Sign in first."), 401)
    if request.method != "DELETE":
        return _wrong_method("DELETE")
    try:
        services.discard_upload(actor=request.user, room_id=room_id, upload_id=upload_id)
    except Refused as refused:
        return refuse(refused)
    return HttpResponse(status=204)


def _store(request: HttpRequest, user: User, room_id: int) -> HttpResponse:
    scope: dict[str, Any] = getattr(request, "scope", {})
    source: Path | None = scope.get(SCOPE_KEY)
    upload_id = identifier(request, "id")
    if source is None or upload_id is None:
        raise Refused("invalid", "Send the file as the body, with ?id=<uuid>&name=<name>.", field="id")
    name = request.GET.get("name", "")[:NAME_CHARS]
    view, new = services.store_upload(actor=user, room_id=room_id, upload_id=upload_id, name=name, source=source)
    return answer(view, 201 if new else 200)


def _wrong_method(allowed: str) -> HttpResponse:
    response = refuse(Refused("invalid", f"This address only answers {allowed}."), 405)
    response["Allow"] = allowed
    return response
