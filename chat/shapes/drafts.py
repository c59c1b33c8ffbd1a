"""The shapes of drafts that the home snapshot (HTTP) and events (WebSocket) share.

Exported by chat.shapes. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from realtime.protocol import Struct


class DraftView(Struct, frozen=True, kw_only=True):
    """A person's unfinished text in a room, or in a thread of it. Only its author ever gets one.

    Attributes:
        thread: the root's id, in a thread.
        thread_author: who wrote that root.
        body: "" when it was sent or discarded.
        reply_to: the message that it would quote.
        rev: grows with every change; a save names the one it knew.
        copies: other versions that are kept (`GET /api/drafts/copies/`).
    """

    room: int
    thread: UUID | None = None
    thread_author: int | None = None
    body: str
    reply_to: UUID | None = None
    rev: int
    updated_at: datetime
    copies: int = 0


class DraftCopyView(Struct, frozen=True, kw_only=True):
    """`GET /api/drafts/copies/?room=<id>&thread=<root id>` answers a list of these, newest first."""

    id: int
    body: str
    kept_at: datetime
