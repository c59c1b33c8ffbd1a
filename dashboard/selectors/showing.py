"""What rules show of themselves in a room: cards of alerts, and the same in words.

Called by the services of alerts, rules and charts, inside their transactions. Never writes, and never decides when
something is shown.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils import timezone

from accounts import selectors as accounts
from chat.selectors.joined import rooms_by_id
from chat.shapes import AlertCard, CardView
from dashboard import alerting
from dashboard.alerting import Condition
from dashboard.models import Alert, Board, Rule, Series
from dashboard.selectors.measuring import Wanted, curve
from realtime import protocol

CURVE_SECONDS: Final = 900
"""What an alert shows of the time before."""


def condition_of(rule: Rule) -> Condition:
    """Plain values for dashboard.alerting."""
    return Condition(rule.threshold, rule.above, rule.clear, rule.for_seconds)


def name_of(series: Series) -> str:
    """What people call a series."""
    return series.title or series.name


def unit_of_rule(rule: Rule) -> str:
    """The unit of its figures and of its threshold."""
    return alerting.unit_of(rule.series.unit, rule.aggregate)


def is_quiet(rule: Rule, now: datetime) -> bool:
    """Whether somebody asked it to say nothing now."""
    return rule.quiet_until is not None and rule.quiet_until > now


def alert_card(rule: Rule, alert: Alert, *, now: datetime, curved: bool = True) -> AlertCard:
    """An alert as it is, with its curve up to now, or up to its end."""
    wanted = Wanted(rule.series, rule.aggregate)
    points = curve(wanted, seconds=CURVE_SECONDS, now=alert.resolved_at or now) if curved else []
    maker = accounts.people_views([rule.made_by_id]) if rule.made_by_id else {}
    return AlertCard(
        alert=alert.pk,
        rule=rule.pk,
        title=rule.title,
        state=alert.state,
        level=rule.level,
        value=alert.value,
        peak=alert.peak,
        unit=unit_of_rule(rule),
        threshold=rule.threshold,
        above=rule.above,
        since=alert.since,
        fired_at=alert.fired_at,
        for_seconds=rule.for_seconds,
        seconds=CURVE_SECONDS,
        points=points,
        times=alert.times,
        resolved_at=alert.resolved_at,
        acknowledged_by=alert.acknowledged_by_id,
        acknowledged_name=name_of_person(alert.acknowledged_by_id) if alert.acknowledged_by_id else "",
        acknowledged_at=alert.acknowledged_at,
        reply=alert.reply,
        quiet_until=rule.quiet_until if is_quiet(rule, now) else None,
        quiet_by=rule.quiet_by_id if is_quiet(rule, now) else None,
        made_by=maker[rule.made_by_id].display_name if rule.made_by_id in maker else "",
        others=alert.others,
        url=board_url(rule),
    )


def card_view(card: AlertCard) -> CardView:
    """What the message carries."""
    return CardView(kind="alert", alert=card)


def board_url(rule: Rule) -> str:
    """Where the figures of a rule are: the panel that it was made at, else the board of its room or of the site."""
    board = Board.objects.filter(pk=rule.board_id).first() if rule.board_id else None
    if board is None:
        kind = {"room": rule.series.room_id} if rule.series.scope == Series.Scope.ROOM else {"kind": Board.Kind.SITE}
        wanted = rule.series.scope != Series.Scope.PERSON
        board = Board.objects.filter(**kind).first() if wanted else None
    if board is None:
        return ""
    room = rooms_by_id([board.room_id]).get(board.room_id) if board.room_id else None
    path = f"{room.url}board/" if room is not None else f"/boards/{board.pk}/"
    return f"{path}#panel-{rule.panel}" if rule.panel and rule.board_id else path


def alert_words(card: AlertCard, *, ended: str = "") -> str:
    """The same in a line.

    Args:
        card: the alert.
        ended: why it is over, if not by itself.
    """
    if card.state == Alert.State.RESOLVED:
        return f"{ended or 'Resolved by itself'}: {card.title}, {_span(card)}"
    lasted = alerting.length_words(max((card.fired_at - card.since).total_seconds(), card.for_seconds))
    line = f"{card.title}: {alerting.figure_words(card.value, card.unit)}"
    line += f" for {lasted}" if card.for_seconds else ""
    if card.times > 1:
        line += f", {card.times} times"
    if card.acknowledged_by is not None:
        line += f". {card.acknowledged_name} has it"
    if card.quiet_until is not None:
        line += f". Quiet until {_time(card.quiet_until)}"
    if card.others:
        line += f". {card.others} more {'rule fires' if card.others == 1 else 'rules fire'} here"
    return line


def _span(card: AlertCard) -> str:
    end = f"–{_time(card.resolved_at)}" if card.resolved_at else ""
    return f"{_time(card.since)}{end}"


def _time(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M}"


def name_of_person(user_id: int) -> str:
    """How somebody is called here; for whoever is gone "Somebody"."""
    found = accounts.people_views([user_id])
    return found[user_id].display_name if user_id in found else "Somebody"


def call_body(rule: Rule, card: AlertCard, words: str) -> str:
    """What the address of a rule is told: the alert without its curve, and a line that Slack and Mattermost show."""
    plain = {
        "text": words,
        "alert": str(card.alert),
        "state": card.state,
        "level": card.level,
        "rule": rule.pk,
        "title": card.title,
        "series": rule.series.key,
        "value": card.value,
        "peak": card.peak,
        "unit": card.unit,
        "threshold": card.threshold,
        "above": card.above,
        "times": card.times,
        "since": card.since,
        "fired_at": card.fired_at,
        "resolved_at": card.resolved_at,
        "url": f"{settings.SITE_URL}{card.url}" if card.url else "",
    }
    return protocol.encode(plain).decode()
