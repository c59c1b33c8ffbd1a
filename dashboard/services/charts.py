"""Charts in the conversation: posted by /chart, moving for an hour, and then a picture of their last moment.

Called by the command, the socket and the recorder. Who puts a chart into a room has to be allowed to see its series,
as long as it moves. The recorder tells of figures as they come; `tend_charts` keeps the whole curve in the
message, for whoever opens the room later.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import selectors as accounts
from chat import selectors as chat
from chat import services as rooms
from chat.events import MessageSent
from chat.shapes import CardView, ChartCard
from dashboard import catalogue, permissions
from dashboard.models import Board, Chart, Rule, Series
from dashboard.selectors.measuring import Wanted, curve, curve_step
from dashboard.selectors.rights import series_place, viewer_of
from dashboard.selectors.series import find_series, series_list
from dashboard.selectors.showing import name_of
from dashboard.services import alerts
from dashboard.shapes import SeriesView
from realtime.protocol import Ack, Refused

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

LIVE: Final = timedelta(hours=1)
ROOM_LIVE: Final = 10
"""Charts that move in one room at once; with one more the oldest stops."""
TEND_SECONDS: Final = 60
"""The curve in the message is at most so old, or a point of it."""
TENDED_AT_ONCE: Final = 20
NEAR: Final = 3
LENGTHS: Final = {"15m": 900, "1h": 3_600, "6h": 21_600, "1d": 86_400, "7d": 604_800, "90d": 7_776_000}
_LENGTH_WORDS: Final = {
    900: "last 15 minutes", 3_600: "last hour", 21_600: "last 6 hours", 86_400: "last day", 604_800: "last 7 days",
    7_776_000: "last 90 days",
}  # fmt: skip


def post_chart(*, actor: User, room_id: int, cid: UUID, text: str, thread: UUID | None = None) -> MessageSent:
    """Puts a series into the conversation.

    Args:
        actor: who.
        room_id: where.
        cid: the author's lasting id of the message.
        text: `<series> [15m|1h|6h|1d|7d|90d]`, by name or title.
        thread: id of the root, when it is for a thread.

    Raises:
        Refused: `invalid` in words for a series that is not there for them; what `post_card` refuses.
    """
    name, seconds = _read(text)
    series = _find(actor, room_id, name)
    now = timezone.now()
    with transaction.atomic():
        chart = Chart(
            room_id=room_id, series=series, aggregate=_aggregate(series), seconds=seconds, live_until=now + LIVE
        )
        card = CardView(kind="chart", chart=_card(chart, now))
        sent = rooms.post_card(
            author=actor, room_id=room_id, cid=cid, body=_words(series, seconds), card=card, thread=thread
        )
        if not sent.duplicate:
            chart.message, chart.told_at = sent.id, now
            chart.save(force_insert=True)
            _stop_surplus(room_id, now)
    return sent


def _read(text: str) -> tuple[str, int]:
    words = text.split()
    if not words:
        raise Refused("invalid", "Say which series: /chart messages 1h.", field="text")
    seconds = LENGTHS.get(words[-1].lower()) if len(words) > 1 else None
    return " ".join(words if seconds is None else words[:-1]), seconds or LENGTHS["1h"]


def _find(actor: User, room_id: int, name: str) -> Series:
    """Of this room before one's own, and those before the site's, which only staff see."""
    ranks = {Series.Scope.ROOM: 0, Series.Scope.PERSON: 1, Series.Scope.SITE: 2}
    offered = sorted(series_list(actor=actor, room_id=room_id).series, key=lambda one: ranks[Series.Scope(one.scope)])
    wanted = name.casefold()
    for one in offered:
        if wanted in {one.name.casefold(), one.title.casefold(), f"{one.scope}/{one.name}".casefold()}:
            return find_series(actor=actor, series_id=one.id)
    raise Refused("invalid", _not_there(wanted, offered), field="text")


def _not_there(wanted: str, offered: list[SeriesView]) -> str:
    names = list(dict.fromkeys(one.name for one in offered))
    by_word = {word.casefold(): one.name for one in offered for word in (one.name, one.title) if word}
    near = [by_word[word] for word in get_close_matches(wanted, list(by_word), n=NEAR, cutoff=0.5)]
    near = list(dict.fromkeys(near)) or names[:NEAR]
    told = f"There is no series “{wanted[:80]}” for this room."
    if not near:
        return f"{told} Nothing is counted here yet."
    return f"{told} Did you mean {' or '.join(near)}? A range comes last: {', '.join(LENGTHS)}."


def _aggregate(series: Series) -> str:
    known = catalogue.known_of(series.key)
    if known is not None:
        return known.aggregate
    return "sum" if series.kind == Series.Kind.COUNTER else "last"


def _card(chart: Chart, now: datetime) -> ChartCard:
    series = chart.series
    rule = Rule.objects.filter(room=chart.room_id, series=series, aggregate=chart.aggregate, enabled=True).first()
    return ChartCard(
        series=series.pk,
        title=name_of(series),
        unit=series.unit,
        aggregate=chart.aggregate,
        seconds=chart.seconds,
        points=curve(Wanted(series, chart.aggregate), seconds=chart.seconds, now=now),
        as_of=now,
        live_until=chart.live_until,
        threshold=rule.threshold if rule is not None else None,
        url=_url(series),
    )


def _url(series: Series) -> str:
    """The board on which the series stands: only those who may see it find it."""
    if series.scope != Series.Scope.SITE:
        return ""
    board = Board.objects.filter(kind=Board.Kind.SITE).values_list("pk", flat=True).first()
    return f"/boards/{board}/" if board is not None else ""


def _words(series: Series, seconds: int) -> str:
    return f"{name_of(series)}, {_LENGTH_WORDS[seconds]}"


def move_chart(*, actor: User, room_id: int, message_id: UUID, live: bool, at: datetime | None = None) -> Ack:
    """Lets a chart move for another hour, or stops it where it is.

    Raises:
        Refused: not_found, not_member, read_only, muted; `gone` for a deleted message; `forbidden` when whoever put it
            there may not see the series any more.
    """
    rights = chat.rights_in(actor=actor, room_id=room_id)
    refused = chat.refuse_to_write(actor=actor, room_id=room_id, rights=rights)
    if refused is not None:
        raise refused
    now = at or timezone.now()
    with transaction.atomic():
        chart = Chart.objects.select_related("series").filter(pk=message_id, room=room_id).first()
        if chart is None:
            raise Refused("not_found")
        if live and not _may_still(chart):
            raise Refused("forbidden", "Whoever put this chart here may not see these figures any more.")
        _show(chart, now, live_until=now + LIVE if live else None, actor_id=actor.pk)
        if live:
            _stop_surplus(room_id, now)
    return Ack()


def tend_charts(*, now: datetime) -> None:
    """Renews the curves in the messages of charts that move, and stops those whose hour is over.

    Args:
        now: of the tick, by the database's clock.
    """
    early = now - timedelta(seconds=TEND_SECONDS)
    due = Chart.objects.filter(Q(live_until__lte=now) | Q(live_until__gt=now, told_at__lte=early))
    for chart in due.select_related("series").order_by("told_at")[:TENDED_AT_ONCE]:
        age = (now - chart.told_at).total_seconds()
        over = chart.live_until is None or chart.live_until <= now or not _may_still(chart)
        if over or age >= curve_step(chart.seconds):
            _tend(chart, now, over=over)


def _tend(chart: Chart, now: datetime, *, over: bool) -> None:
    try:
        with transaction.atomic():
            _show(chart, now, live_until=None if over else chart.live_until)
    except Refused:
        Chart.objects.filter(pk=chart.pk).delete()
    except Exception:
        logger.exception("The chart in message %s could not be renewed", chart.pk)


def _show(chart: Chart, now: datetime, *, live_until: datetime | None, actor_id: int | None = None) -> None:
    chart.live_until, chart.told_at = live_until, now
    card = CardView(kind="chart", chart=_card(chart, now))
    body = _words(chart.series, chart.seconds)
    if live_until is None:
        body += f", as of {timezone.localtime(now):%H:%M}"
    # The room's lock first, as whoever deletes the message takes it.
    rooms.change_card(message_id=chart.message, card=card, body=body, actor_id=actor_id)
    chart.save(update_fields=["live_until", "told_at"])


def _stop_surplus(room_id: int, now: datetime) -> None:
    live = Chart.objects.filter(room=room_id, live_until__gt=now).order_by("-live_until")
    for chart in live.select_related("series")[ROOM_LIVE:]:
        _show(chart, now, live_until=None)


def _may_still(chart: Chart) -> bool:
    """Whether whoever put it there may still see the series."""
    author = chat.asked_in(message_id=chart.message)
    if author is None or author.author_id is None:
        return False
    rooms_of = [] if chart.series.room_id is None else [chart.series.room_id]
    if not accounts.people_views([author.author_id]):
        return False
    viewer = viewer_of(actor=accounts.find_person(author.author_id), room_ids=rooms_of)
    return permissions.can_see_series(viewer, series_place(chart.series))


@transaction.atomic
def stop_showing(*, series_ids: Collection[int]) -> None:
    """Series are about to go: what shows them in rooms is over, and says so, while its curve can still be drawn."""
    now = timezone.now()
    for alert_id, rule_id in alerts.firing_of(series_ids=series_ids):
        alerts.end_alert(rule_id=rule_id, alert_id=alert_id, now=now, ended="Its figures were deleted")
    for chart in Chart.objects.filter(series__in=series_ids, live_until__isnull=False).select_related("series"):
        _tend(chart, now, over=True)


def forget_charts(*, ids: Collection[UUID]) -> None:
    """Named in MESSAGES_GONE_HOOKS: a chart goes with its message, in the same transaction."""
    Chart.objects.filter(pk__in=list(ids)).delete()
