"""What a room's moderators see: reported messages with their context, and sanctions.

Exported by chat.shapes. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime

from accounts.events import PersonView
from chat.shapes.messages import MessageView
from realtime.protocol import Struct


class SanctionView(Struct, frozen=True, kw_only=True):
    """`GET /api/rooms/<id>/sanctions/` answers a list of these: mutes, kicks and bans that hold in the room.

    Attributes:
        kind: mute, kick or ban.
        everywhere: given for the whole site, not for this room.
        until: null: until it is lifted.
        by: who gave it; null when their account is gone.
    """

    id: int
    person: PersonView
    kind: str
    reason: str
    at: datetime
    everywhere: bool = False
    until: datetime | None = None
    lifted_at: datetime | None = None
    by: PersonView | None = None


class ReportView(Struct, frozen=True, kw_only=True):
    """One report, without who made it; reason is spam, abuse, private, illegal, other or rule."""

    reason: str
    note: str
    at: datetime


class CaseView(Struct, frozen=True, kw_only=True):
    """`GET /api/rooms/<id>/reports/` answers a list of these: reported messages that wait, the oldest report first.

    Attributes:
        said: what the message said when it was reported last.
        context: the message between the five before and the five after it.
        past: what its author was given before, in this room or everywhere.
    """

    message: MessageView
    said: str
    reports: list[ReportView]
    context: list[MessageView]
    people: list[PersonView]
    past: list[SanctionView]
