"""Brings the files of posts over, before the message that they belong to is said.

Made by receiving. A file that cannot be had is told in a sentence of the message; what may pass by itself is waited
for, and not for ever: a file that is broken there must not keep back what came after it.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from accounts.selectors import find_person
from chat import services as chat
from chat.selectors.attachments import PER_MESSAGE, megabytes
from integrations.mattermost.rest import Kind, Server, ServerRefused
from integrations.mattermost.wire import File, Post
from integrations.models import BridgeLink
from integrations.services.bridges import arriving
from realtime import threads
from realtime.protocol import Refused

PATIENCE_SECONDS: Final = 300.0
"""So long a file is asked for again that the server fails at: it may be broken there, or what it is stored in."""
_OF_THE_SERVER: Final = frozenset({Kind.TOKEN, Kind.LIMITED, Kind.NOT_REACHED})
"""Not the file's fault: waited for as long as it takes."""
_BUSY: Final = "rate_limited"


class NotNow(Exception):
    """This site cannot take a file at this moment; the words say why."""


class Porter:
    """Who carries the files of one server's posts."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._failing: dict[str, float] = {}
        """Since when files are failed at, by their ids."""

    async def bring(self, link: BridgeLink, post: Post) -> tuple[list[UUID], list[str]]:
        """The ids here of a post's files in their order, and sentences about those that are not carried over.

        Raises:
            ServerRefused, NotNow: ask again later.
        """
        told = {file.id: file for file in post.metadata.files}
        author = await threads.read(arriving.author_of, link_id=link.pk, user_id=post.user_id)
        files: list[UUID] = []
        notes: list[str] = []
        for file_id in post.file_ids:
            file = told.get(file_id, File(id=file_id, name="file"))
            brought = _refused_at_once(file, len(files)) or await self._bring_or_say(link, author, file)
            if isinstance(brought, UUID):
                files.append(brought)
            else:
                notes.append(f"*The file {file.name} was not carried over: {brought}*")
        return files, notes

    async def _bring_or_say(self, link: BridgeLink, author: int, file: File) -> UUID | str:
        """The file's id here, or why there is none."""
        try:
            brought: UUID | str = await self._bring_one(link, author, file)
        except Refused as refused:
            if refused.code == _BUSY:
                raise NotNow(refused.message) from refused
            brought = refused.message
        except ServerRefused as refused:
            if refused.kind in _OF_THE_SERVER or (refused.kind is Kind.UNKNOWN and self._may_pass(file.id)):
                raise
            brought = refused.words
        self._failing.pop(file.id, None)
        return brought

    def _may_pass(self, file_id: str) -> bool:
        now = time.monotonic()
        return now - self._failing.setdefault(file_id, now) < PATIENCE_SECONDS

    async def _bring_one(self, link: BridgeLink, author: int, file: File) -> UUID:
        folder = _spool()
        person = await threads.read(find_person, author)
        upload_id = arriving.upload_id(link.pk, file.id)
        with tempfile.TemporaryDirectory(dir=folder) as own:
            source = Path(own) / "file"
            async with self._server.download(file.id) as incoming:
                with source.open("wb") as target:
                    async for piece in incoming.pieces():
                        target.write(piece)
            return await asyncio.to_thread(
                _keep, author=person, room_id=link.room_id, upload_id=upload_id, name=file.name, source=source
            )


def _spool() -> Path:
    folder = Path(settings.UPLOAD_SPOOL_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _keep(**given: Any) -> UUID:
    # A picture is made anew, which takes too long for the threads that write: this one has a connection of its own.
    try:
        return chat.keep_bridged_file(**given).id
    finally:
        connection.close()


def _refused_at_once(file: File, already: int) -> str:
    if already >= PER_MESSAGE:
        return f"a message has at most {PER_MESSAGE} files."
    if file.size > settings.UPLOAD_BYTES_MOST:
        return f"a file has at most {megabytes(settings.UPLOAD_BYTES_MOST)} MB."
    return ""
