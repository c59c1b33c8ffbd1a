"""Slash commands and reminders: commands, and the events that tell of a reminder.

Exported by chat.events. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from chat.events.rooms import Id
from chat.shapes import ReminderView
from realtime.protocol import Command, Event, Result, Struct


class SlashDone(Struct, frozen=True, kw_only=True):
    """What a slash command answers, to its sender only: a few lines of plain text, and an address to go to."""

    text: str = ""
    url: str = ""


class RunSlash(Command, frozen=True, kw_only=True):
    """Run what was typed after a slash. `cid` is that of the message or reminder it makes, so a repeat makes none."""

    type: ClassVar[str] = "command.run"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = SlashDone
    cid: UUID
    text: str
    thread: UUID | None = None


class Previewed(Struct, frozen=True, kw_only=True):
    """Safe HTML made of Markdown."""

    html: str


class PreviewMessage(Command, frozen=True, kw_only=True):
    """How a text would look as a message; nothing is stored."""

    type: ClassVar[str] = "message.preview"
    topic: ClassVar[str] = "room"
    result: ClassVar[Result] = Previewed
    body: str


class DismissReminder(Command, frozen=True, kw_only=True):
    """Close a reminder that was told."""

    type: ClassVar[str] = "reminder.dismiss"
    id: Id


class ReminderTold(Event, frozen=True, kw_only=True):
    """The time of a reminder has come."""

    type: ClassVar[str] = "reminder.told"
    topic: ClassVar[str] = "user"
    reminder: ReminderView


class ReminderDismissed(Event, frozen=True, kw_only=True):
    """A reminder was closed in some tab."""

    type: ClassVar[str] = "reminder.dismissed"
    topic: ClassVar[str] = "user"
    id: int
