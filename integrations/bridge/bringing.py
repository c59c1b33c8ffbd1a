"""Brings the files of a message to a channel, before the post that has them; what cannot be brought is said in it.

Called by sending. A file that was brought before, and whose post is not known, is not brought again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Final

from django.core.files.storage import default_storage

from chat.selectors.attachments import StoredFile
from integrations.bridge.voices import Voices
from integrations.mattermost import mapping
from integrations.mattermost.rest import Kind, Server, ServerRefused
from integrations.mattermost.splitting import POST_CHARS_MOST
from integrations.mattermost.wire import File
from integrations.models import BridgeLink
from integrations.services.bridges import telling
from integrations.services.bridges.setup import Access
from integrations.services.bridges.telling import Telling
from realtime import threads

PIECE_BYTES: Final = 1_048_576
_LEFT_OUT: Final = frozenset({Kind.TOO_LARGE, Kind.INVALID})
"""A file that the server does not take keeps no words back."""
GONE: Final = "it is not among the files of this site any more."


async def bring(access: Access, voices: Voices, link: BridgeLink, told: Telling) -> tuple[list[str], list[str]]:
    """The ids there of a message's files, and sentences about those that stay here.

    Raises:
        CannotSpeak, ServerRefused: see Voices.speak.
    """
    ids: list[str] = []
    notes: list[str] = []
    for file_id, file, brought in told.files:
        if brought:
            ids.append(brought)
            continue
        made = await _upload(voices, link, told.speaker, file)
        if isinstance(made, str):
            notes.append(mapping.hushed(f"*The file {file.name} was not carried over: {made}*"))
            continue
        await threads.write(
            telling.note_file,
            access=access,
            link_id=link.pk,
            file_id=file_id,
            remote_id=made.id,
            account=told.speaker,
        )
        ids.append(made.id)
    return ids, notes


async def _upload(voices: Voices, link: BridgeLink, speaker: str, file: StoredFile) -> File | str:
    """The file there, or why it stays here."""
    if not await asyncio.to_thread(default_storage.exists, file.path):
        return GONE
    try:
        return await voices.speak(link, speaker, partial(_send, link.channel_id, file))
    except ServerRefused as refused:
        final = await voices.final(link, refused)
        if final.kind not in _LEFT_OUT:
            raise
        return final.words


async def _send(channel_id: str, file: StoredFile, server: Server) -> File:
    return await server.upload(channel_id=channel_id, name=file.name, content=_pieces(file))


async def _pieces(file: StoredFile) -> AsyncIterator[bytes]:
    opened = await asyncio.to_thread(default_storage.open, file.path)
    try:
        while piece := await asyncio.to_thread(opened.read, PIECE_BYTES):
            yield piece
    finally:
        opened.close()


def with_notes(text: str, notes: Sequence[str]) -> str:
    """A post's text and what is to be said about its files, as much of it as fits."""
    for note in notes:
        longer = f"{text}\n\n{note}".strip()
        text = longer if len(longer) <= POST_CHARS_MOST else text
    return text
