"""What pages read about numbers and boards. Made by dashboard.selectors, generated into TypeScript.

Pure: never touches Django, a database or a socket. A bucket of a series is a list of numbers, in the order of BUCKET.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from accounts.events import PersonView
from chat.shapes.cards import AlertCard
from realtime.protocol import Struct

PANEL_KINDS: Final = ("line", "area", "stat", "gauge", "table", "log", "text")
LEVELS: Final = ("warn", "danger")
AGGREGATES: Final = ("last", "average", "highest", "lowest", "sum", "per_second", "per_minute")
BUCKET: Final = ("at", "count", "total", "low", "high", "last")
"""`at`: beginning of the bucket in seconds since 1970. Absolute: the newest word about a bucket replaces older ones."""
COLUMNS: Final = 12
RANGES: Final = (900, 3_600, 21_600, 86_400, 604_800, 7_776_000)


class SeriesView(Struct, frozen=True, kw_only=True):
    """A series that the reader may see.

    Attributes:
        name: for example `delivery.p95`; title: for people, empty when there is none.
        scope: site, room or person; `room` is the room's id.
        kind: counter or gauge.
        outside: pushed or polled, not counted by the site.
        last_at: when it was heard of last; last_value: what it was then.
        problem: why its feed does not answer, in plain words.
    """

    id: int
    name: str
    title: str
    scope: str
    kind: str
    unit: str
    room: int | None = None
    outside: bool = False
    last_at: datetime | None = None
    last_value: float | None = None
    problem: str = ""


class PanelSeries(Struct, frozen=True, kw_only=True):
    """A series in a panel.

    Attributes:
        aggregate: one of AGGREGATES, how a bucket becomes a figure.
        divide: shown is the figure divided by this; the legend says so ("Edits ÷ 10").
    """

    series: int
    aggregate: str = "last"
    label: str = ""
    divide: float = 1


class ThresholdView(Struct, frozen=True, kw_only=True):
    """From where on a figure is worth a warning; `below`: worse is less."""

    level: str
    value: float
    below: bool = False


class PanelView(Struct, frozen=True, kw_only=True):
    """A panel of a board.

    Attributes:
        kind: one of PANEL_KINDS.
        x, y, w, h: its place on a grid of COLUMNS columns, in cells, from the upper left.
        low, high: ends of the axis; None: by the figures.
        source: of tables and logs, the name of what is listed (see SourceInfo).
        text: Markdown of a text panel; html: the same, ready.
        version: goes up with every change.
    """

    id: UUID
    kind: str
    title: str
    x: int
    y: int
    w: int
    h: int
    series: list[PanelSeries] = []
    unit: str = ""
    low: float | None = None
    high: float | None = None
    thresholds: list[ThresholdView] = []
    source: str = ""
    text: str = ""
    html: str = ""
    version: int = 1


class PanelText(Struct, frozen=True, kw_only=True):
    """`POST /api/boards/<id>/text/`: Markdown as a panel of this board would show it."""

    html: str


class ShareView(Struct, frozen=True, kw_only=True):
    """A room whose members see the board."""

    room: int
    name: str
    url: str
    may_edit: bool


class BoardView(Struct, frozen=True, kw_only=True):
    """A board without its panels.

    The same for everybody who sees it: with whom it is shared is for its owner alone (`ShareList`).

    Attributes:
        kind: site, room or own.
        shared: whether somebody besides its owner sees it; of own boards.
        changed_at: when its draft was changed last; None: the draft is what is published.
    """

    id: int
    kind: str
    name: str
    url: str
    range_seconds: int
    version: int
    room: int | None = None
    owner: PersonView | None = None
    shared: bool = False
    published_at: datetime | None = None
    changed_at: datetime | None = None
    changed_by: PersonView | None = None


class ShareList(Struct, frozen=True, kw_only=True):
    """`GET /api/boards/<id>/shares/`, for the owner alone."""

    shares: list[ShareView]


class BoardSummary(Struct, frozen=True, kw_only=True):
    """A line in the list of boards. `room_name`: of the board of a room; empty for one that is named after people."""

    board: BoardView
    may_edit: bool
    panels: int
    room_name: str = ""


class BoardTemplate(Struct, frozen=True, kw_only=True):
    """Panels with which a board of one's own may begin. name: as `POST /api/boards/` takes it; room: of "room"."""

    name: str
    title: str
    panels: int
    room: int | None = None


class BoardList(Struct, frozen=True, kw_only=True):
    """`GET /api/boards/`.

    Attributes:
        boards: what the reader may open.
        may_create: below the bound of own boards.
        templates: with what they may begin one.
    """

    boards: list[BoardSummary]
    may_create: bool
    templates: list[BoardTemplate]


class SourceInfo(Struct, frozen=True, kw_only=True):
    """Something that a table or a log can list on this board. kind: table or log."""

    name: str
    title: str
    kind: str


class CellView(Struct, frozen=True, kw_only=True):
    """A cell of a table.

    Attributes:
        text: what it says; url: where it leads, inside the site, or "".
        value: its number, for sorting; None for words.
        share: 0 to 1, drawn as a bar.
        level: "", good, warn or danger.
        note: a second, quieter line below.
        people: who is meant, shown as pictures: instead of the text where that is empty, else before it.
    """

    text: str
    url: str = ""
    value: float | None = None
    share: float | None = None
    level: str = ""
    note: str = ""
    people: list[PersonView] = []


class TableView(Struct, frozen=True, kw_only=True):
    """Rows of a source.

    Attributes:
        columns: their heads; a column whose cells have values is set right.
        incident: names the entry of the server's log when the rows could not be read; "" when they could.
    """

    source: str
    columns: list[str]
    rows: list[list[CellView]]
    incident: str = ""


class LogRow(Struct, frozen=True, kw_only=True):
    """Something that happened. level: info, warn or danger."""

    at: datetime
    text: str
    level: str = "info"
    person: PersonView | None = None
    url: str = ""


class LogView(Struct, frozen=True, kw_only=True):
    """The newest rows of a source, newest first; `incident` as in a table."""

    source: str
    rows: list[LogRow]
    incident: str = ""


class RuleView(Struct, frozen=True, kw_only=True):
    """A rule and what is known of it now.

    Attributes:
        state: ok, pending, firing, quiet, off or stuck (see `problem`).
        value: the newest figure.
        firing: its alert, while it fires.
    """

    id: int
    title: str
    series: SeriesView
    aggregate: str
    above: bool
    threshold: float
    clear: float | None
    for_seconds: int
    level: str
    room: int
    url: str
    enabled: bool
    state: str
    board: int | None = None
    panel: UUID | None = None
    made_by: PersonView | None = None
    value: float | None = None
    quiet_until: datetime | None = None
    quiet_by: int | None = None
    firing: UUID | None = None
    problem: str = ""
    may_change: bool = False


class RuleList(Struct, frozen=True, kw_only=True):
    """`GET /api/rooms/<id>/rules/`.

    Attributes:
        may_create: whether the reader may make one here for some series at all.
        series: of what they may make one: this room's, the site's for staff, their own.
    """

    rules: list[RuleView]
    may_create: bool
    series: list[SeriesView]


class AlertView(Struct, frozen=True, kw_only=True):
    """An alert of a room. `message` and `message_url` lead to it; None and "" while the room was not told of it."""

    card: AlertCard
    message: UUID | None = None
    message_url: str = ""


class AlertList(Struct, frozen=True, kw_only=True):
    """`GET /api/rooms/<id>/alerts/`: those that fire first, then what is over, the newest first."""

    alerts: list[AlertView]
    people: list[PersonView]


class BoardSnapshot(Struct, frozen=True, kw_only=True):
    """`GET /api/boards/<id>/`: state to start from.

    Attributes:
        as_of_seq: the head of `dashboard:<id>` in the same transaction.
        panels: what is published; draft: what editors have, None for whoever may not edit.
        series: every series in either that the reader may see; the others stay empty in their panels.
        apart: those of them that not everybody who sees this board may see: no tick tells of them, so they are read
            again every few seconds.
        sources: what tables and logs can list here; `room/<id>/<name>` lists what a room holds on somebody's own board.
        tables, logs: what the sources in use say now.
    """

    as_of_seq: int
    board: BoardView
    may_edit: bool
    panels: list[PanelView]
    draft: list[PanelView] | None
    series: list[SeriesView]
    apart: list[int]
    sources: list[SourceInfo]
    tables: list[TableView]
    logs: list[LogView]
    rules: list[RuleView]


class SamplesView(Struct, frozen=True, kw_only=True):
    """`GET /api/boards/<id>/samples/`, `GET /api/series/<id>/samples/`.

    Attributes:
        tick: the last tick that is in here (seconds since 1970).
        start, end: of the range; step: seconds of each bucket.
        series: id of the series -> its buckets in order (see BUCKET); empty ones are left out.
        gaps: [start, end] of times in which nobody recorded: not nought, but unknown.
    """

    tick: int
    start: int
    end: int
    step: int
    series: dict[int, list[list[float]]]
    gaps: list[list[int]]


class SeriesList(Struct, frozen=True, kw_only=True):
    """`GET /api/series/`: what the reader may put into a panel."""

    series: list[SeriesView]


class FeedView(Struct, frozen=True, kw_only=True):
    """A number at somebody else's address that is asked for again and again, as its owner and staff see it.

    Attributes:
        path: where the number stands in the JSON (JMESPath); empty: the JSON is the number.
        secret: name of the environment variable that is sent as Authorization; its value is nowhere.
        problem: in plain words; empty while it works. failures: in a row.
        asked_at, answered_at: when it was asked last, and when it answered with a number; next_at: when it is asked.
    """

    id: int
    series: SeriesView
    url: str
    path: str
    interval_seconds: int
    enabled: bool
    secret: str
    failures: int
    problem: str
    next_at: datetime
    asked_at: datetime | None = None
    answered_at: datetime | None = None


class FeedList(Struct, frozen=True, kw_only=True):
    """`GET /api/feeds/`: the reader's own; `may_create`: below the bound; `may_send_secrets`: staff alone."""

    feeds: list[FeedView]
    may_create: bool
    may_send_secrets: bool
