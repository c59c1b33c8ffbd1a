"""The JSON API of documents: lists, texts, history, and what is done to a document without its socket.

Called by the page's script: session cookie, and Django's CSRF token for everything but GET. Decides nothing; an error
is {"code", "message", "field"} with its HTTP status, and unknown and forbidden look the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.http import content_disposition_header

from chat.api import addresses, answer, body, number
from editor import selectors, services
from editor.changes import DOCUMENT_UNITS
from editor.events import Version
from editor.services import DocumentChange
from editor.shapes import DocumentView
from realtime.consumers import take_token
from realtime.protocol import Refused
from realtime.ratelimit import Limit

if TYPE_CHECKING:
    from accounts.models import User

endpoint: Final = addresses("editor.api")
CREATED: Final = 201
REPLAYS: Final = Limit(burst=30, per_second=2)
"""What goes through thousands of updates: a tenth of a second each, at worst half of one."""
UPLOAD_BYTES: Final = 3 * DOCUMENT_UNITS
"""The longest document in UTF-8."""


class NewDocument(msgspec.Struct, forbid_unknown_fields=True):
    """What makes a document; `cid` is the client's lasting id of the wish."""

    cid: UUID
    name: str
    language: str = ""
    text: str = ""


class Patch(msgspec.Struct, forbid_unknown_fields=True):
    """What to change of a document; null or absent leaves it as it is."""

    name: str | None = None
    language: str | None = None
    read_only: bool | None = None
    position: int | None = None


def _list(request: HttpRequest, user: User, room_id: int) -> Any:
    return selectors.document_list(actor=user, room_id=room_id)


def _create(request: HttpRequest, user: User, room_id: int) -> HttpResponse:
    new = _uploaded(request) if request.content_type == "multipart/form-data" else body(request, NewDocument)
    made = services.create_document(
        actor=user, room_id=room_id, cid=new.cid, name=new.name, language=new.language, text=new.text
    )
    return answer(made, CREATED)


def _uploaded(request: HttpRequest) -> NewDocument:
    """A dropped file; its name is the document's, and it must be text in UTF-8.

    Raises:
        Refused: `invalid` or `too_large`, with field file.
    """
    file = request.FILES.get("file")
    if file is None or file.size is None:
        raise Refused("invalid", "There is no file.", field="file")
    if file.size > UPLOAD_BYTES:
        raise Refused("too_large", f"A document has at most {DOCUMENT_UNITS:,} characters.", field="file")
    try:
        text = file.read().decode("utf-8-sig")
        cid = UUID(request.POST.get("cid", ""))
    except UnicodeDecodeError:
        raise Refused("invalid", "This file is not text in UTF-8.", field="file") from None
    except ValueError:
        raise Refused("invalid", "The cid is missing.", field="cid") from None
    name = request.POST.get("name") or file.name or ""
    return NewDocument(cid=cid, name=name, language=request.POST.get("language", ""), text=text)


def _view(request: HttpRequest, user: User, document_id: int) -> DocumentView:
    return selectors.view_document(actor=user, document_id=document_id)


def _update(request: HttpRequest, user: User, document_id: int) -> DocumentView:
    patch = body(request, Patch)
    change = DocumentChange(
        name=patch.name, language=patch.language, read_only=patch.read_only, position=patch.position
    )
    return services.update_document(actor=user, document_id=document_id, change=change)


def _delete(request: HttpRequest, user: User, document_id: int) -> DocumentView:
    return services.delete_document(actor=user, document_id=document_id)


def _restore(request: HttpRequest, user: User, document_id: int) -> DocumentView:
    return services.bring_back(actor=user, document_id=document_id)


def _text(request: HttpRequest, user: User, document_id: int) -> Any:
    return selectors.view_text(actor=user, document_id=document_id, version=number(request, "v"))


def _updates(request: HttpRequest, user: User, document_id: int) -> Any:
    after, limit = number(request, "after") or 0, number(request, "limit")
    return selectors.updates_after(actor=user, document_id=document_id, after=after, limit=limit or 200)


def _history(request: HttpRequest, user: User, document_id: int) -> Any:
    take_token(user.pk, "editor.replay", REPLAYS)
    return selectors.history(actor=user, document_id=document_id)


def _blame(request: HttpRequest, user: User, document_id: int) -> Any:
    take_token(user.pk, "editor.replay", REPLAYS)
    return selectors.blame(actor=user, document_id=document_id, version=number(request, "v"))


def _said(request: HttpRequest, user: User, document_id: int) -> Any:
    take_token(user.pk, "editor.said", REPLAYS)
    version = number(request, "v")
    if version is None:
        raise Refused("invalid", "Name a version.", field="v")
    return selectors.said_then(actor=user, document_id=document_id, version=version)


class NamedBody(msgspec.Struct, forbid_unknown_fields=True):
    """A name for a version; empty takes it away."""

    version: Version
    name: str


class RevertBody(msgspec.Struct, forbid_unknown_fields=True):
    """The version to make again."""

    version: Version


def _name(request: HttpRequest, user: User, document_id: int) -> Any:
    wanted = body(request, NamedBody)
    return services.name_version(actor=user, document_id=document_id, version=wanted.version, name=wanted.name)


def _revert(request: HttpRequest, user: User, document_id: int) -> Any:
    return services.restore_version(actor=user, document_id=document_id, version=body(request, RevertBody).version)


def _discussions(request: HttpRequest, user: User, document_id: int) -> Any:
    if selectors.unbound(actor=user, document_id=document_id):
        services.bind_messages(document_id=document_id)
    services.catch_up_anchors(document_id=document_id)
    return selectors.discussions(actor=user, document_id=document_id)


class ResolvedBody(msgspec.Struct, forbid_unknown_fields=True):
    """Whether a discussion is done."""

    resolved: bool


def _resolve(request: HttpRequest, user: User, document_id: int, message_id: UUID) -> Any:
    return services.resolve_discussion(
        actor=user, document_id=document_id, message_id=message_id, resolved=body(request, ResolvedBody).resolved
    )


def _suggestions(request: HttpRequest, user: User, document_id: int) -> Any:
    services.catch_up_anchors(document_id=document_id)
    return selectors.suggestions(actor=user, document_id=document_id)


class TakeBackBody(msgspec.Struct, forbid_unknown_fields=True):
    """Whose updates to take back: of a run of the assistant, or of a person since a moment."""

    cid: UUID
    run: str | None = None
    author: int | None = None
    since: datetime | None = None
    reason: str = ""


def _take_back(request: HttpRequest, user: User, document_id: int) -> Any:
    take_token(user.pk, "editor.replay", REPLAYS)
    wish = body(request, TakeBackBody)
    return services.revert_updates(
        actor=user,
        document_id=document_id,
        run=wish.run,
        author_id=wish.author,
        since=wish.since,
        cid=wish.cid,
        reason=wish.reason,
    )


def _take_back_preview(request: HttpRequest, user: User, document_id: int) -> Any:
    take_token(user.pk, "editor.replay", REPLAYS)
    return selectors.revert_preview(
        actor=user,
        document_id=document_id,
        run=request.GET.get("run") or None,
        author_id=number(request, "author"),
        since=_moment(request, "since"),
    )


def _edited(request: HttpRequest, user: User, room_id: int) -> Any:
    take_token(user.pk, "editor.replay", REPLAYS)
    author = number(request, "author")
    if author is None:
        raise Refused("invalid", "Name a person.", field="author")
    return selectors.edited_documents(actor=user, room_id=room_id, author_id=author, since=_moment(request, "since"))


def _moment(request: HttpRequest, name: str) -> datetime | None:
    """An aware time of the query; None when it is missing.

    Raises:
        Refused: `invalid`.
    """
    given = request.GET.get(name)
    if not given:
        return None
    try:
        found = msgspec.convert(given, datetime, strict=False)
    except msgspec.ValidationError:
        found = None
    if found is None or found.tzinfo is None:
        raise Refused("invalid", "A time with its zone, as 2026-01-05T09:00:00Z.", field=name)
    return found


def _download(request: HttpRequest, user: User, document_id: int) -> HttpResponse:
    view = selectors.view_document(actor=user, document_id=document_id)
    text = selectors.view_text(actor=user, document_id=document_id, version=number(request, "v")).text
    response = HttpResponse(text.encode(), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=view.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    patch_cache_control(response, private=True, no_store=True)
    return response


documents = endpoint(GET=_list, POST=_create)
document = endpoint(GET=_view, PATCH=_update, DELETE=_delete)
restore = endpoint(POST=_restore)
text = endpoint(GET=_text)
updates = endpoint(GET=_updates)
history = endpoint(GET=_history)
blame = endpoint(GET=_blame)
said = endpoint(GET=_said)
versions = endpoint(POST=_name)
revert = endpoint(POST=_revert)
discussions = endpoint(GET=_discussions)
discussion = endpoint(POST=_resolve)
suggestions = endpoint(GET=_suggestions)
take_back = endpoint(GET=_take_back_preview, POST=_take_back)
edited = endpoint(GET=_edited)
download = endpoint(GET=_download)
