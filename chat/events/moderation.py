"""What moderators do in a room, and how somebody asks them to: commands and events.

Exported by chat.events. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta

from chat.events.messages import SeqResult
from chat.events.rooms import Id
from realtime.protocol import Command, Event, Result

Seconds = Annotated[int, Meta(ge=60, le=366 * 86_400)]
"""How long a sanction holds: a minute to a year."""


class ReportMessage(Command, frozen=True, kw_only=True):
    """Ask the moderators to look at a message, once; reason is spam, abuse, private, illegal or other."""

    type: ClassVar[str] = "message.report"
    topic: ClassVar[str] = "room"
    message: UUID
    reason: str
    note: str = ""


class SanctionMember(Command, frozen=True, kw_only=True):
    """Mute, kick or ban somebody here; `seconds` null: until it is lifted, and a kick may come back at once."""

    type: ClassVar[str] = "member.sanction"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SeqResult
    user: Id
    kind: str
    reason: str
    seconds: Seconds | None = None


class LiftSanction(Command, frozen=True, kw_only=True):
    """End a sanction of this room before its time."""

    type: ClassVar[str] = "sanction.lift"
    topic: ClassVar[str] = "room"
    id: Id
    reason: str = ""


class SettleReport(Command, frozen=True, kw_only=True):
    """Decide about a reported message: `action` is dismiss, delete, block, lock, mute, kick or ban.

    `delete` takes the message away as well, with mute, kick, ban and lock.
    """

    type: ClassVar[str] = "report.settle"
    topic: ClassVar[str] = "room"
    message: UUID
    action: str
    reason: str
    seconds: Seconds | None = None
    delete: bool = False


class BlockFiles(Command, frozen=True, kw_only=True):
    """Take the files of a message away from everybody, for a reason that stands in the trail."""

    type: ClassVar[str] = "message.block_files"
    topic: ClassVar[str] = "room"
    message: UUID
    reason: str


class ReportsChanged(Event, frozen=True, kw_only=True):
    """For a moderator: so many messages of the room wait for a decision."""

    type: ClassVar[str] = "reports.changed"
    topic: ClassVar[str] = "user"
    durable: ClassVar[bool] = False
    room: int
    open: int
