"""How uploads come in: who may not, or has no room left, is told so before a byte is read; the rest goes to disk.

Stands before Django in collab/asgi.py, which would take in the whole body first, whoever sent it. Never decides: it
asks chat.selectors and hands the finished file to the view. What it does not know as an upload it passes on untouched.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import tempfile
from collections import Counter
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from django.conf import settings

from api.answering import problem
from api.dispatch import uploader_of
from chat import selectors
from chat.api import refuse
from chat.uploads import SCOPE_KEY
from realtime import sessions, threads
from realtime.hub import hub
from realtime.middleware import App, Receive, Scope, Send, session_key
from realtime.protocol import Refused

ADDRESS: Final = re.compile(r"/api/(?:rooms/([0-9]{1,18})/uploads/|v1/rooms/([0-9]{1,19})/uploads)")
"""Of the page, and of scripts, who come with a token instead of a cookie."""
AT_ONCE: Final = 4
"""Uploads of one person that this process takes in at the same time."""
SILENCE_SECONDS: Final = 60
"""A client that sends nothing for so long has gone."""
PIECE_BYTES: Final = 1_048_576
"""What is gathered before a thread writes it: to change threads for every packet costs more than to write."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_EMPTY: Final = {"type": "http.request", "body": b"", "more_body": False}


class _Gone(Exception):
    """The client went away before the end."""


class UploadIntake:
    """ASGI wrapper around Django: writes the body of an upload to a file that the view finds in the scope."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._running: Counter[int] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Takes an upload in, or passes the request on."""
        found = ADDRESS.fullmatch(scope["path"]) if scope["method"] == "POST" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        try:
            await self._take(int(found[1] or found[2]), scope, receive, send)
        except Refused as refused:
            await _answer(send, refused, to_script=found[2] is not None)
        except _Gone:
            return

    async def _take(self, room_id: int, scope: Scope, receive: Receive, send: Send) -> None:
        user = await _person(scope)
        if self._running[user.pk] >= AT_ONCE:
            raise Refused("rate_limited", "Too many uploads at once. Wait for the others.", retry_after=2)
        self._running[user.pk] += 1
        try:
            await threads.read(selectors.check_upload, actor=user, room_id=room_id, size_bytes=_declared_bytes(scope))
            path = await _spool(receive)
            try:
                await self._app(_for_view(scope, path), _after_body(receive), send)
            finally:
                await asyncio.to_thread(_remove, path)
        finally:
            self._running[user.pk] -= 1
            if not self._running[user.pk]:
                del self._running[user.pk]


async def _person(scope: Scope) -> Any:
    if scope["path"].startswith("/api/v1/"):
        return (await threads.read(uploader_of, header_of(scope, b"authorization"))).user
    key = session_key(scope)
    answer: sessions.Identity | Refused | None = sessions.cached(key, hub.feeds)
    if answer is None:
        answer = await threads.read(sessions.authenticate, key)
    if isinstance(answer, Refused):
        raise answer
    return answer.user


def header_of(scope: Scope, name: bytes) -> str:
    """A header of the request; "" when it has none."""
    return next((value.decode("latin-1") for given, value in scope["headers"] if given == name), "")


def _declared_bytes(scope: Scope) -> int:
    """What Content-Length says; 0 when it says nothing that can be read, and then the bytes are counted."""
    value = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(value) if value.isdigit() and len(value) <= 18 else 0


async def _spool(receive: Receive) -> Path:
    """The whole body in a file of ours.

    Raises:
        Refused: `too_large`, `storage_full`.
        _Gone: nothing is left of what came.
    """
    path = None
    try:
        path = await asyncio.to_thread(_new_file)
        await _write_body(receive, path)
    except BaseException as error:
        if path is not None:
            _remove(path)
        if isinstance(error, OSError) and error.errno in _FULL:
            raise Refused("storage_full") from error
        raise
    return path


async def _write_body(receive: Receive, path: Path) -> None:
    taken, more = 0, True
    waiting = bytearray()
    while more:
        message = await _next(receive)
        waiting += message.get("body", b"")
        more = bool(message.get("more_body", False))
        if taken + len(waiting) > settings.UPLOAD_BYTES_MOST:
            most = settings.UPLOAD_BYTES_MOST // 1_000_000
            raise Refused("too_large", f"A file has at most {most} MB.", field="file")
        if waiting and (not more or len(waiting) >= PIECE_BYTES):
            await asyncio.to_thread(_append, path, bytes(waiting))
            taken += len(waiting)
            waiting.clear()


async def _next(receive: Receive) -> MutableMapping[str, Any]:
    try:
        async with asyncio.timeout(SILENCE_SECONDS):
            message = await receive()
    except TimeoutError as error:
        raise _Gone from error
    if message["type"] != "http.request":
        raise _Gone
    return message


def _new_file() -> Path:
    folder = Path(settings.UPLOAD_SPOOL_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=folder)
    os.close(number)
    return Path(name)


def _append(path: Path, piece: bytes) -> None:
    with path.open("ab") as file:
        file.write(piece)


def _remove(path: Path) -> None:
    """The file and what was made of it; usually the storage has taken it."""
    for left in (path, *path.parent.glob(f"{path.name}.*")):
        left.unlink(missing_ok=True)


def _for_view(scope: Scope, path: Path) -> Scope:
    """The same request without its body: CSRF looks into forms, and there is none."""
    dropped = {b"content-length", b"content-type", b"transfer-encoding"}
    headers = [(name, value) for name, value in scope["headers"] if name not in dropped]
    return {**scope, "headers": [*headers, (b"content-length", b"0")], SCOPE_KEY: path}


def _after_body(receive: Receive) -> Receive:
    """What Django hears: an empty body, then whether the client goes away."""
    told = False

    async def hear() -> MutableMapping[str, Any]:
        nonlocal told
        if not told:
            told = True
            return dict(_EMPTY)
        return await receive()

    return hear


async def _answer(send: Send, refused: Refused, *, to_script: bool) -> None:
    if to_script:
        response = problem(uuid4().hex, refused)
    else:
        # The room never answers `forbidden`: it is the session that does not hold.
        response = refuse(refused, 401 if refused.code == "forbidden" else None)
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    # What is still on its way is not read.
    headers += [(b"connection", b"close"), (b"content-length", str(len(response.content)).encode())]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
