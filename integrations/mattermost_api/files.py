"""Files over HTTP: uploaded for a channel, looked at, read.

Called through integrations.mattermost_api.urls. Decides nothing: services do.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponseBase
from uuid_utils.compat import uuid7

from chat import downloads
from chat import services as chat
from chat.selectors import posts as read
from chat.selectors.attachments import check_upload
from chat.selectors.posts import FileFacts
from integrations.mattermost_api import ids, shapes
from integrations.mattermost_api.dispatch import Asked, address, answer, named_by, room_of
from integrations.mattermost_api.refusing import Failed

FILES_MOST: Final = 10
PIECE_BYTES: Final = 262_144


def _upload(asked: Asked) -> Any:
    request = asked.request
    if request.content_type == "multipart/form-data":
        channel_id, sent = request.POST.get("channel_id", ""), list(_sent(request.FILES))
        named = [(one.name or "file", one.chunks(), one.size or 0) for one in sent]
    else:
        channel_id = request.GET.get("channel_id", "")
        length = request.META.get("CONTENT_LENGTH") or "0"
        size = int(length) if length.isdigit() and len(length) < 18 else 0
        named = [(request.GET.get("filename", ""), iter(lambda: request.read(PIECE_BYTES), b""), size)]
    if not named or len(named) > FILES_MOST or not named[0][0]:
        told = f"Send 1 to {FILES_MOST} files, each with its name."
        raise Failed(400, "api.file.upload_file.incorrect_number_of_files.app_error", told)
    room_id = room_of(channel_id)
    made = [_store(asked, room_id, name, pieces, size) for name, pieces, size in named]
    return answer({"file_infos": made, "client_ids": list(request.POST.getlist("client_ids"))}, 201)


def _sent(found: Any) -> Iterable[UploadedFile[Any]]:
    for _, files in found.lists():
        yield from files


def _store(asked: Asked, room_id: int, name: str, pieces: Iterable[bytes], size: int) -> dict[str, Any]:
    check_upload(actor=asked.user, room_id=room_id, size_bytes=size)
    folder = Path(settings.UPLOAD_SPOOL_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as own:
        source = Path(own) / "file"
        with source.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        view, _ = chat.store_upload(actor=asked.user, room_id=room_id, upload_id=uuid7(), name=name, source=source)
    return _told(read.file_facts(actor=asked.user, attachment_id=view.id))


def _told(facts: FileFacts) -> dict[str, Any]:
    at = shapes.millis(facts.created_at)
    return shapes.file_info(facts.view, room_id=facts.room, owner=facts.owner, at=at, message_id=facts.message)


def _info(asked: Asked, file_id: str) -> Any:
    return _told(read.file_facts(actor=asked.user, attachment_id=named_by(ids.to_uuid, file_id, "file_id")))


def _get(asked: Asked, file_id: str) -> HttpResponseBase:
    wanted = named_by(ids.to_uuid, file_id, "file_id")
    return downloads.send_file(asked.request, actor=asked.user, attachment_id=wanted)


def _thumbnail(asked: Asked, file_id: str) -> HttpResponseBase:
    wanted = named_by(ids.to_uuid, file_id, "file_id")
    return downloads.send_file(asked.request, actor=asked.user, attachment_id=wanted, thumbnail=True)


files = address(POST=("files:write", _upload))
file = address(GET=("messages:read", _get))
info = address(GET=("messages:read", _info))
thumbnail = address(GET=("messages:read", _thumbnail))
