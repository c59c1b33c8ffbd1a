"""What a person has begun to write: commands, and the event that tells the other tabs and devices.

Exported by chat.events. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from chat.events.rooms import Id
from chat.shapes import DraftView, Seq
from realtime.protocol import Command, Event, Result, Struct


class DraftSaved(Struct, frozen=True, kw_only=True):
    """The draft's rev from now on; `kept` when another version had to step aside as a copy."""

    rev: int
    kept: bool = False


class SaveDraft(Command, frozen=True, kw_only=True):
    """Keep what is being written. `rev` is the one that this text goes on from, 0 for none.

    When somebody else's tab or device saved since, that version becomes a copy: no text is lost.
    """

    type: ClassVar[str] = "draft.save"
    result: ClassVar[Result] = DraftSaved
    room: Id
    thread: UUID | None = None
    body: str
    reply_to: UUID | None = None
    rev: Seq = 0


class KeepDraft(Command, frozen=True, kw_only=True):
    """Put a text beside the draft as a copy: what a closed tab has left on the device."""

    type: ClassVar[str] = "draft.keep"
    result: ClassVar[Result] = DraftSaved
    room: Id
    thread: UUID | None = None
    body: str


class DiscardDraft(Command, frozen=True, kw_only=True):
    """Throw a draft away, with its copies if asked. With `rev` only when it is still that one; null: whatever it is."""

    type: ClassVar[str] = "draft.discard"
    result: ClassVar[Result] = DraftSaved
    room: Id
    thread: UUID | None = None
    rev: Seq | None = None
    copies: bool = False


class ChooseDraft(Command, frozen=True, kw_only=True):
    """Keep one version: a copy by its id, or the draft itself (null). The others go."""

    type: ClassVar[str] = "draft.choose"
    result: ClassVar[Result] = DraftSaved
    room: Id
    thread: UUID | None = None
    copy: Id | None = None


class DraftChanged(Event, frozen=True, kw_only=True):
    """A draft was saved, sent or discarded; it is gone when it has neither a text nor copies."""

    type: ClassVar[str] = "draft.changed"
    topic: ClassVar[str] = "user"
    draft: DraftView
