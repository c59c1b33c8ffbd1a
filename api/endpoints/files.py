"""Files: uploaded for a room, sent with a message, read by whoever sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.http import HttpResponseBase

from api.declared import Call, endpoint
from api.shapes import FileName, NoQuery
from chat import downloads, selectors, services
from chat.shapes import AttachmentView, UploadList
from chat.uploads import SCOPE_KEY
from realtime.protocol import Refused

TAG = "Files"


@endpoint("GET", "rooms/<int:room_id>/uploads", tag=TAG, scope="files:write", refuses=("not_found",))
def list_uploads(call: Call[NoQuery, None], room_id: int) -> UploadList:
    """What may be uploaded here, and your own files that wait for a message."""
    return selectors.upload_list(actor=call.user, room_id=room_id)


@endpoint(
    "POST",
    "rooms/<int:room_id>/uploads",
    tag=TAG,
    scope="files:write",
    status=201,
    once="cid",
    takes_file=True,
    refuses=("not_member", "read_only", "muted", "quota_full", "storage_full"),
)
def upload_file(call: Call[FileName, None], room_id: int) -> AttachmentView:
    """Upload a file: its bytes are the body. Then send a message with its id in `attachments`.

    The Idempotency-Key becomes its id: a repeat is answered 200. What no message claims is swept after a day.
    """
    scope: dict[str, Any] = getattr(call.request, "scope", {})
    source: Path | None = scope.get(SCOPE_KEY)
    if source is None:
        raise Refused("invalid", "Send the file as the body.", field="body")
    view, new = services.store_upload(
        actor=call.user, room_id=room_id, upload_id=call.cid, name=call.query.name, source=source
    )
    if not new:
        call.status = 200
    return view


@endpoint(
    "DELETE",
    "rooms/<int:room_id>/uploads/<uuid:upload_id>",
    tag=TAG,
    scope="files:write",
    status=204,
    refuses=("conflict",),
)
def discard_upload(call: Call[NoQuery, None], room_id: int, upload_id: UUID) -> None:
    """Take back a file that no message has claimed; one that is not there is no error."""
    services.discard_upload(actor=call.user, room_id=room_id, upload_id=upload_id)


@endpoint("GET", "files/<uuid:file_id>", tag=TAG, scope="messages:read", refuses=("not_found",))
def get_file(call: Call[NoQuery, None], file_id: UUID) -> HttpResponseBase:
    """The bytes of a file; `Range` asks for a part of them."""
    return downloads.send_file(call.request, actor=call.user, attachment_id=file_id)
