"""Files of messages: read by whoever may see the message, asked anew each time, in pieces if a player wants them so.

Called by chat.urls. What a browser may show is what we made (pictures) or what it only plays (sound, film); everything
else is saved, and nothing runs. Decides nothing: selectors say who may.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import closing
from typing import IO, TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from chat import files, selectors
from chat.selectors import StoredFile
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

PIECE_BYTES: Final = 262_144
POLICY: Final = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
"""For whoever opens a file by itself: nothing in it runs, loads or sends anything."""
_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class _Piece:
    """Bytes of a file, read on threads; Django closes it when the answer ends, however it ends."""

    def __init__(self, file: IO[bytes], start: int, length: int) -> None:
        self._file = file
        self._start = start
        self._left = length

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await asyncio.to_thread(self._file.seek, self._start)
        while self._left > 0:
            piece = await asyncio.to_thread(self._file.read, min(PIECE_BYTES, self._left))
            if not piece:
                return
            self._left -= len(piece)
            yield piece

    def close(self) -> None:
        """Gives the file back."""
        self._file.close()


@require_safe
def file(request: HttpRequest, attachment_id: UUID, name: str = "") -> HttpResponseBase:
    """A file; its name in the address is only for people."""
    return _answer(request, attachment_id, thumbnail=False)


@require_safe
def thumbnail(request: HttpRequest, attachment_id: UUID) -> HttpResponseBase:
    """The small version of a picture."""
    return _answer(request, attachment_id, thumbnail=True)


def _answer(request: HttpRequest, attachment_id: UUID, *, thumbnail: bool) -> HttpResponseBase:
    if not request.user.is_authenticated:
        return _nothing()
    try:
        return send_file(request, actor=request.user, attachment_id=attachment_id, thumbnail=thumbnail)
    except Refused:
        return _nothing()


def send_file(request: HttpRequest, *, actor: User, attachment_id: UUID, thumbnail: bool = False) -> HttpResponseBase:
    """A file for somebody who may read it now.

    Raises:
        Refused: `not_found`.
    """
    found = selectors.find_file(actor=actor, attachment_id=attachment_id, thumbnail=thumbnail)
    try:
        response = _sent(request, found)
    except FileNotFoundError:
        raise Refused("not_found") from None
    return _dressed(response, found)


def _nothing() -> HttpResponse:
    """Whether it never was, is gone or is not for them."""
    response = HttpResponse("There is nothing here, or you may not see it.", status=404, content_type="text/plain")
    response["Cache-Control"] = "private, no-store"
    return response


def _dressed(response: HttpResponseBase, found: StoredFile) -> HttpResponseBase:
    """What every answer says: ask again each time, guess nothing, run nothing."""
    response["ETag"] = f'"{found.etag}"'
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Cookie"
    response["Accept-Ranges"] = "bytes"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    if response.status_code in {200, 206}:
        response["Content-Type"] = found.content_type if found.shown else files.UNKNOWN
        disposition = content_disposition_header(as_attachment=not found.shown, filename=found.name)
        response["Content-Disposition"] = disposition or "attachment"
    return response


def _sent(request: HttpRequest, found: StoredFile) -> HttpResponseBase:
    if f'"{found.etag}"' in request.headers.get("If-None-Match", ""):
        return HttpResponse(status=304)
    if settings.X_ACCEL_PREFIX:
        response = HttpResponse()
        response["X-Accel-Redirect"] = settings.X_ACCEL_PREFIX + quote(found.path)
        return response
    size = default_storage.size(found.path)
    wanted = _wanted(request, found, size)
    if wanted is None:
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{size}"
        return response
    return _streamed(request, found, wanted, size)


def _wanted(request: HttpRequest, found: StoredFile, size: int) -> range | None:
    """The bytes that are asked for: all of them unless there is one good range; None for a range beyond the end."""
    asked = request.headers.get("Range", "")
    condition = request.headers.get("If-Range")
    one = _RANGE.fullmatch(asked.strip()) if condition in {None, f'"{found.etag}"'} else None
    # RFC 9110, 14.2: what we do not understand, several ranges among it, is answered as if it were not there.
    if one is None or one[0] == "bytes=-":
        return range(size)
    first, last = one[1], one[2]
    if not first:
        return range(max(0, size - int(last)), size) if int(last) else None
    if last and int(last) < int(first):
        return range(size)
    return range(int(first), min(int(last) + 1 if last else size, size)) if int(first) < size else None


def _streamed(request: HttpRequest, found: StoredFile, wanted: range, size: int) -> HttpResponseBase:
    status = 200 if len(wanted) == size else 206
    response: Any
    if request.method == "HEAD" or not wanted:
        with closing(default_storage.open(found.path)):
            response = HttpResponse(status=status)
    else:
        piece = _Piece(cast("IO[bytes]", default_storage.open(found.path)), wanted.start, len(wanted))
        response = StreamingHttpResponse(piece, status=status)
    response["Content-Length"] = str(len(wanted))
    if status == 206:
        response["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
    return cast("HttpResponseBase", response)
