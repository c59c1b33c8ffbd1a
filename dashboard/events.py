"""What one may do to a board over its socket, and what everybody who looks at it hears.

Pure: never touches Django, a database or a socket. What is said in rooms (alerts, charts) is declared in chat.events:
it is a message with a card.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from dashboard.shapes import BoardView, LogView, PanelSeries, PanelView, TableView, ThresholdView
from realtime.protocol import Command, Event, Result, Struct

Name = Annotated[str, Meta(max_length=200)]
Cells = Annotated[int, Meta(ge=0, le=1000)]
Many = Annotated[list[PanelSeries], Meta(max_length=12)]
Thresholds = Annotated[list[ThresholdView], Meta(max_length=6)]
Text = Annotated[str, Meta(max_length=8000)]


class PanelResult(Struct, frozen=True, kw_only=True):
    """The panel as it is now."""

    panel: PanelView
    duplicate: bool = False


class AddPanel(Command, frozen=True, kw_only=True):
    """Put a panel into the draft. `id` is made by the client: repeated, it adds none; a removed one comes back."""

    type: ClassVar[str] = "panel.add"
    topic: ClassVar[str] = "dashboard"
    result: ClassVar[Result] = PanelResult
    panel: PanelView


class ChangePanel(Command, frozen=True, kw_only=True):
    """Change what is named of a panel in the draft; what is left out stays as others have it."""

    type: ClassVar[str] = "panel.change"
    topic: ClassVar[str] = "dashboard"
    result: ClassVar[Result] = PanelResult
    panel: UUID
    kind: Name | UnsetType = UNSET
    title: Name | UnsetType = UNSET
    x: Cells | UnsetType = UNSET
    y: Cells | UnsetType = UNSET
    w: Cells | UnsetType = UNSET
    h: Cells | UnsetType = UNSET
    series: Many | UnsetType = UNSET
    unit: Name | UnsetType = UNSET
    low: float | UnsetType | None = UNSET
    high: float | UnsetType | None = UNSET
    thresholds: Thresholds | UnsetType = UNSET
    source: Name | UnsetType = UNSET
    text: Text | UnsetType = UNSET


class RemovePanel(Command, frozen=True, kw_only=True):
    """Take a panel out of the draft."""

    type: ClassVar[str] = "panel.remove"
    topic: ClassVar[str] = "dashboard"
    panel: UUID


class ChangeBoard(Command, frozen=True, kw_only=True):
    """Rename a board, or choose the range that it opens with."""

    type: ClassVar[str] = "board.change"
    topic: ClassVar[str] = "dashboard"
    name: Name | UnsetType = UNSET
    range_seconds: int | UnsetType = UNSET


class PublishBoard(Command, frozen=True, kw_only=True):
    """Show the draft to everybody. `version`: the board's that one began from; with another it is `conflict`."""

    type: ClassVar[str] = "board.publish"
    topic: ClassVar[str] = "dashboard"
    version: int


class DiscardBoard(Command, frozen=True, kw_only=True):
    """Go back to what is published."""

    type: ClassVar[str] = "board.discard"
    topic: ClassVar[str] = "dashboard"


class AcknowledgeAlert(Command, frozen=True, kw_only=True):
    """Say "I have it". The first is named; a second time changes nothing."""

    type: ClassVar[str] = "alert.acknowledge"
    topic: ClassVar[str] = "room"
    alert: UUID


class QuietRule(Command, frozen=True, kw_only=True):
    """Say nothing of this rule for a time; 0 ends it. Shown to all."""

    type: ClassVar[str] = "rule.quiet"
    topic: ClassVar[str] = "room"
    rule: int
    seconds: Annotated[int, Meta(ge=0, le=604_800)]


class MoveChart(Command, frozen=True, kw_only=True):
    """Let a chart in a message move again for an hour, or stop it where it is."""

    type: ClassVar[str] = "chart.move"
    topic: ClassVar[str] = "room"
    message: UUID
    live: bool


class BoardChanged(Event, frozen=True, kw_only=True):
    """A board's name, range or shares. Absolute."""

    type: ClassVar[str] = "board.changed"
    topic: ClassVar[str] = "dashboard"
    board: BoardView


class PanelChanged(Event, frozen=True, kw_only=True):
    """A panel of the draft, new or changed. Absolute; `board` carries who changed the draft, and when."""

    type: ClassVar[str] = "panel.changed"
    topic: ClassVar[str] = "dashboard"
    panel: PanelView
    board: BoardView


class PanelRemoved(Event, frozen=True, kw_only=True):
    """A panel of the draft is gone."""

    type: ClassVar[str] = "panel.removed"
    topic: ClassVar[str] = "dashboard"
    panel: UUID
    board: BoardView


class BoardPublished(Event, frozen=True, kw_only=True):
    """The draft is what everybody sees. After a discard the same: published and draft are these panels."""

    type: ClassVar[str] = "board.published"
    topic: ClassVar[str] = "dashboard"
    board: BoardView
    panels: list[PanelView]


class BoardRemoved(Event, frozen=True, kw_only=True):
    """The board is gone, and its sockets close with 4404."""

    type: ClassVar[str] = "board.removed"
    topic: ClassVar[str] = "dashboard"
    id: int


class SamplesRecorded(Event, frozen=True, kw_only=True):
    """A tick of the recorder: what changed of the series in this board, at most once a second.

    Attributes:
        tick: seconds since 1970; before: the tick told before this one. Who has not heard that one reads again.
        points: [series, at, count, total, low, high, last] of buckets of one second, absolute.
        tables, logs: sources that changed, whole.
        at: when it was told.
    """

    type: ClassVar[str] = "samples.recorded"
    topic: ClassVar[str] = "dashboard"
    durable: ClassVar[bool] = False
    tick: int
    before: int
    points: list[list[float]]
    tables: list[TableView] = []
    logs: list[LogView] = []
    at: datetime
