"""The shapes of slash commands and reminders that snapshots (HTTP) and events (WebSocket) share.

Exported by chat.shapes. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime

from realtime.protocol import Struct


class SlashView(Struct, frozen=True, kw_only=True):
    """`GET /api/rooms/<id>/commands/` answers a list of these: what the person may type here after a slash.

    Attributes:
        usage: what follows the name, for example `@person [reason]`.
    """

    name: str
    usage: str
    help: str


class ReminderView(Struct, frozen=True, kw_only=True):
    """Something a person wanted to be told, and was, until they close it."""

    id: int
    room: int
    text: str
    due_at: datetime
