"""What a message carries besides its words: an alert, a chart that moves, or the attachments of a webhook.

Exported by chat.shapes. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from realtime.protocol import Struct

CARD_KINDS: Final = ("alert", "chart", "attachments")


class AlertCard(Struct, frozen=True, kw_only=True):
    """A rule that fires, or did.

    Attributes:
        state: firing or resolved; level: warn or danger.
        value: the newest figure; peak: the worst one.
        above: whether worse is more; threshold, unit: as the rule has them.
        times: how often it fired within this message.
        made_by: name of who made the rule.
        acknowledged_name: of whoever has it, for a page that does not know them: they may be no member.
        reply: the message that acknowledged it, if one did.
        points: [seconds since 1970, value] of its curve, the last picture; `seconds` is its range.
        others: how many more rules fire in the room at this moment that it was not told of one by one.
        url: where the board or panel is.
    """

    alert: UUID
    rule: int
    title: str
    state: str
    level: str
    value: float
    peak: float
    unit: str
    threshold: float
    above: bool
    since: datetime
    fired_at: datetime
    for_seconds: int
    seconds: int
    points: list[list[float]]
    times: int = 1
    resolved_at: datetime | None = None
    acknowledged_by: int | None = None
    acknowledged_name: str = ""
    acknowledged_at: datetime | None = None
    reply: UUID | None = None
    quiet_until: datetime | None = None
    quiet_by: int | None = None
    made_by: str = ""
    others: int = 0
    url: str = ""


class ChartCard(Struct, frozen=True, kw_only=True):
    """A series in the conversation (`/chart`).

    Attributes:
        series: its id; aggregate: how buckets become figures.
        seconds: the range.
        live_until: until then card.moved brings figures; None or past: it is a picture "as of".
        points: [seconds since 1970, value], the last picture; as_of: when it was taken.
        threshold: a line across it, if the series has a rule in this room.
    """

    series: int
    title: str
    unit: str
    aggregate: str
    seconds: int
    points: list[list[float]]
    as_of: datetime
    live_until: datetime | None = None
    threshold: float | None = None
    url: str = ""


class FieldView(Struct, frozen=True, kw_only=True):
    """A named value of an attachment; `short` ones stand side by side."""

    title: str
    html: str
    short: bool = False


class WebhookAttachment(Struct, frozen=True, kw_only=True):
    """An attachment as Slack and Mattermost send it, made safe: Markdown is HTML, addresses are http(s)."""

    color: str = ""
    pretext_html: str = ""
    author_name: str = ""
    author_url: str = ""
    title: str = ""
    title_url: str = ""
    html: str = ""
    fields: list[FieldView] = []
    footer: str = ""
    at: datetime | None = None


class CardView(Struct, frozen=True, kw_only=True):
    """What a message carries, shown in place of its words. Only the member named by `kind` is set.

    In events whose message was deleted since, none is.

    Attributes:
        html: safe HTML of the words above attachments.
    """

    kind: str
    html: str = ""
    alert: AlertCard | None = None
    chart: ChartCard | None = None
    attachments: list[WebhookAttachment] = []
