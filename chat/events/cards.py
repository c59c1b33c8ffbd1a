"""Cards of messages as a room hears of them: one durable event for every change, and the figures that flow between.

Exported by chat.events. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from chat.shapes import CardView
from realtime.protocol import Event


class CardChanged(Event, frozen=True, kw_only=True):
    """The card of a message, and the words that say the same. Absolute. Not an edit: no revision is kept."""

    type: ClassVar[str] = "card.changed"
    topic: ClassVar[str] = "room"
    message: UUID
    card: CardView
    body: str
    html: str


class CardMoved(Event, frozen=True, kw_only=True):
    """New figures of a chart or of a firing alert: [seconds since 1970, value], absolute for their moment."""

    type: ClassVar[str] = "card.moved"
    topic: ClassVar[str] = "room"
    durable: ClassVar[bool] = False
    message: UUID
    points: list[list[float]]
