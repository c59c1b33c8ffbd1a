"""Rules and alerts of a room as its members see them. Called by the views, commands and the services; never writes.

Unknown and forbidden are both `not_found`; whoever is no member of a room hears of neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from accounts import selectors as accounts
from chat import selectors as chat
from chat.selectors import Rights
from chat.selectors.joined import rooms_by_id
from dashboard.models import Alert, Call, Chart, Rule, Series
from dashboard.selectors.boards import series_views
from dashboard.selectors.measuring import Wanted, figures_now
from dashboard.selectors.series import series_list
from dashboard.selectors.showing import alert_card, is_quiet
from dashboard.shapes import AlertList, AlertView, RuleList, RuleView, SeriesView
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

ALERTS_MOST: Final = 50
FIRING: Final = Alert.State.FIRING


def may_watch(*, actor: User, rights: Rights, room_id: int, series: Series) -> bool:
    """Whether somebody who reads a series may let a room be told of it, now."""
    if not rights.may_write:
        return False
    if series.scope == Series.Scope.ROOM:
        return series.room_id == room_id and (rights.may_moderate or rights.is_fixed)
    return series.scope == Series.Scope.SITE or series.owner_id == actor.pk


def is_any_asked() -> bool:
    """Whether there is a rule to judge, or a chart that moves."""
    return Rule.objects.filter(enabled=True).exists() or Chart.objects.filter(live_until__isnull=False).exists()


def rule_list(*, actor: User, room_id: int) -> RuleList:
    """The rules of a room, for its members, and what somebody may make one of.

    Raises:
        Refused: not_found, not_member.
    """
    rights = _rights(actor, room_id)
    rules = Rule.objects.filter(room=room_id).order_by("title", "pk")
    offered = series_list(actor=actor, room_id=room_id).series
    rows = {row.pk: row for row in Series.objects.filter(pk__in=[one.id for one in offered])}
    may = [one for one in offered if may_watch(actor=actor, rights=rights, room_id=room_id, series=rows[one.id])]
    return RuleList(rules=rule_views(rules, actor=actor, rights=rights), may_create=bool(may), series=may)


def rule_view(*, actor: User, rule_id: int) -> RuleView:
    """One rule, for a member of its room.

    Raises:
        Refused: `not_found`.
    """
    rules = Rule.objects.filter(pk=rule_id)
    room = rules.values_list("room_id", flat=True).first()
    if room is None:
        raise Refused("not_found")
    return rule_views(rules, actor=actor, rights=_rights(actor, room))[0]


def _rights(actor: User, room_id: int) -> Rights:
    rights = chat.rights_in(actor=actor, room_id=room_id)
    if not rights.is_member:
        raise Refused("not_member", "The rules of a room are for its members.")
    return rights


def rule_views(rules: Iterable[Rule], *, actor: User, rights: Rights) -> list[RuleView]:
    """Rules of one room with what is known of them now."""
    now = timezone.now()
    rows = list(Rule.objects.filter(pk__in=[rule.pk for rule in rules]).select_related("series"))
    rows.sort(key=lambda rule: (rule.title.lower(), rule.pk))
    firing = {alert.rule_id: alert for alert in Alert.objects.filter(rule__in=rows, state=FIRING)}
    people = accounts.people_views({rule.made_by_id for rule in rows if rule.made_by_id})
    figures = figures_now([Wanted(rule.series, rule.aggregate) for rule in rows], now=now)
    calls = dict(Call.objects.filter(rule__in=rows).order_by("pk").values_list("rule_id", "problem"))
    return [
        RuleView(
            id=rule.pk,
            title=rule.title,
            series=_series_view(rule.series),
            aggregate=rule.aggregate,
            above=rule.above,
            threshold=rule.threshold,
            clear=rule.clear,
            for_seconds=rule.for_seconds,
            level=rule.level,
            room=rule.room_id,
            url=rule.url if _may_change(rule, actor, rights) else "",
            enabled=rule.enabled,
            state=state_of(rule, firing.get(rule.pk), now),
            board=rule.board_id,
            panel=rule.panel,
            made_by=people.get(rule.made_by_id) if rule.made_by_id else None,
            value=figures[rule.series_id, rule.aggregate],
            quiet_until=rule.quiet_until if is_quiet(rule, now) else None,
            quiet_by=rule.quiet_by_id if is_quiet(rule, now) else None,
            firing=firing[rule.pk].pk if rule.pk in firing else None,
            problem=_problem(rule, calls.get(rule.pk, "")),
            may_change=_may_change(rule, actor, rights),
        )
        for rule in rows
    ]


def _series_view(series: Series) -> SeriesView:
    return series_views([series])[0]


def _problem(rule: Rule, of_call: str) -> str:
    return rule.problem or (f"Its address was not told: {of_call}" if of_call else "")


def _may_change(rule: Rule, actor: User, rights: Rights) -> bool:
    return rights.may_write and (rights.may_moderate or rule.made_by_id == actor.pk)


def state_of(rule: Rule, firing: Alert | None, now: datetime) -> str:
    """ok, pending, firing, quiet, off or stuck."""
    if not rule.enabled:
        return "off"
    if rule.problem:
        return "stuck"
    if is_quiet(rule, now):
        return "quiet"
    if firing is not None:
        return "firing"
    return "pending" if rule.since is not None else "ok"


def alert_list(*, actor: User, room_id: int) -> AlertList:
    """The alerts of a room, for its members: those that fire, then the newest that are over.

    Raises:
        Refused: not_found, not_member.
    """
    _rights(actor, room_id)
    rows = Alert.objects.filter(rule__room=room_id).select_related("rule__series")
    firing = list(rows.filter(state=FIRING).order_by("-fired_at"))
    over = list(rows.exclude(state=FIRING).order_by("-resolved_at")[:ALERTS_MOST])
    alerts = [*firing, *over]
    people = {alert.acknowledged_by_id for alert in alerts} | {alert.rule.quiet_by_id for alert in alerts}
    return AlertList(
        alerts=alert_views(alerts, room_id=room_id),
        people=list(accounts.people_views({person for person in people if person is not None}).values()),
    )


def alert_views(alerts: Sequence[Alert], *, room_id: int) -> list[AlertView]:
    """Alerts of one room as a list shows them."""
    now = timezone.now()
    room = rooms_by_id([room_id])[room_id]
    return [
        AlertView(
            card=alert_card(alert.rule, alert, now=now, curved=alert.state == FIRING),
            message=alert.message,
            message_url=f"{room.url}m/{alert.message}/" if alert.message else "",
        )
        for alert in alerts
    ]
