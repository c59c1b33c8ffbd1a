"""Rules judged by the newest figures: each that fires is a message of its room, changed in place until it is over.

`judge` is called by the recorder after every tick, in transactions of its own. Whatever changes a rule is done under
the lock of its row and looks again first: two recorders that overlap, or one that is killed in between, tell nothing
twice and lose nothing. Never measures anything itself.
"""

from __future__ import annotations

import itertools
import logging
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import selectors as accounts
from chat import selectors as chat
from chat import services as rooms
from chat.selectors import posts
from chat.selectors.standing import BRIDGE
from dashboard import alerting
from dashboard.alerting import State, Turn
from dashboard.models import Alert, Call, Rule, Series
from dashboard.selectors.measuring import Wanted, figures_now, unbroken_since
from dashboard.selectors.showing import alert_card, alert_words, call_body, card_view, condition_of, is_quiet
from realtime.protocol import Ack, Refused

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

MINUTE: Final = timedelta(minutes=1)
AGAIN: Final = timedelta(seconds=alerting.AGAIN_SECONDS)
_count: Final = itertools.count()
KEPT: Final = timedelta(days=90)
FIRING: Final = Alert.State.FIRING
LOOK_BACK: Final = 7_200
"""How far back samples say whether somebody recorded without a gap."""


def judge(*, now: datetime) -> None:
    """Asks every rule that is on; what one of them fails at keeps no other from being asked.

    Args:
        now: of the tick, by the database's clock.
    """
    rules = list(Rule.objects.filter(enabled=True).select_related("series").order_by("pk"))
    if not rules:
        return
    firing = {alert.rule_id: alert for alert in Alert.objects.filter(state=FIRING)}
    figures = figures_now([Wanted(rule.series, rule.aggregate) for rule in rules], now=now)
    unbroken = _unbroken(rules, now)
    waiting = _waiting(rules, firing)
    for rule in rules:
        value = figures[rule.series_id, rule.aggregate]
        try:
            _judge(rule, firing.get(rule.pk), value, now, unbroken, waiting)
        except Exception:
            logger.exception("Rule %d could not be judged", rule.pk)


def _unbroken(rules: Sequence[Rule], now: datetime) -> float:
    since = [rule.since.timestamp() for rule in rules if rule.since is not None]
    if not since:
        return 0
    return unbroken_since(start=max(min(since), now.timestamp() - LOOK_BACK), now=now)


def _waiting(rules: Sequence[Rule], firing: Mapping[int, Alert]) -> dict[UUID, int]:
    """How many rules of its room wait to be told of, by the alert that says so: the newest told one of the room."""
    waiting: dict[int, int] = {}
    newest: dict[int, Alert] = {}
    for rule in rules:
        alert = firing.get(rule.pk)
        if alert is None:
            continue
        known = newest.get(rule.room_id)
        if alert.message is None:
            waiting[rule.room_id] = waiting.get(rule.room_id, 0) + (not rule.problem)
        elif known is None or known.message is None or known.message < alert.message:
            newest[rule.room_id] = alert
    return {alert.pk: waiting.get(room, 0) for room, alert in newest.items()}


def _judge(
    rule: Rule,
    alert: Alert | None,
    value: float | None,
    now: datetime,
    unbroken: float,
    waiting: Mapping[UUID, int],
) -> None:
    before = State(alert is not None, rule.since.timestamp() if rule.since else None)
    after, turn = alerting.step(before, condition_of(rule), now=now.timestamp(), value=value, unbroken=unbroken)
    if turn is Turn.FIRES and value is not None:
        if not is_quiet(rule, now):
            _fire(rule, value, datetime.fromtimestamp(before.since or now.timestamp(), UTC), now)
    elif turn is Turn.ENDS and value is not None and alert is not None:
        end_alert(rule_id=rule.pk, alert_id=alert.pk, now=now, value=value)
    else:
        if after.since != before.since:
            _wait(rule, after.since)
        if alert is not None and value is not None:
            _go_on(rule, alert, value, now, waiting.get(alert.pk, 0))


def _wait(rule: Rule, since: float | None) -> None:
    at = None if since is None else datetime.fromtimestamp(since, UTC)
    Rule.objects.filter(pk=rule.pk, since=rule.since).update(since=at)


def locked(rule_id: int) -> Rule | None:
    """The rule as it is now, which nobody else changes until the transaction ends; None when it is gone."""
    return Rule.objects.select_for_update(of=("self",)).select_related("series").filter(pk=rule_id).first()


@transaction.atomic
def _fire(seen: Rule, value: float, since: datetime, now: datetime) -> None:
    rule = locked(seen.pk)
    if rule is None or not rule.enabled or rule.since != seen.since or _firing(rule).exists():
        return
    rule.since = None
    rule.save(update_fields=["since"])
    condition = condition_of(rule)
    alert = Alert.objects.filter(rule=rule, resolved_at__gt=now - AGAIN).order_by("-resolved_at").first()
    if alert is None:
        alert = Alert.objects.create(
            rule=rule, since=since, fired_at=now, told_at=now, value=value, peak=value, others=0
        )
    else:
        peak = value if alerting.is_worse(condition, value, alert.peak) else alert.peak
        again = {"state": FIRING, "resolved_at": None, "fired_at": now, "since": since, "times": alert.times + 1}
        if alert.message is not None and posts.said(alert.message) is None:
            again["message"] = None  # somebody deleted it: what begins anew is said anew
        _set(alert, value=value, peak=peak, told_at=now, **again)
    tell(rule, alert, now=now)
    _call(rule, alert, now)


def _set(alert: Alert, **values: object) -> None:
    for name, value in values.items():
        setattr(alert, name, value)
    alert.save(update_fields=list(values))


def _firing(rule: Rule) -> QuerySet[Alert]:
    return Alert.objects.filter(rule=rule, state=FIRING)


@transaction.atomic
def end_alert(*, rule_id: int, alert_id: UUID, now: datetime, value: float | None = None, ended: str = "") -> None:
    """Says that an alert is over, if it is not over already.

    Args:
        rule_id: whose it is.
        alert_id: which.
        now: since when.
        value: the newest figure, if it is known.
        ended: why, if not by itself.
    """
    rule = locked(rule_id)
    alert = _firing(rule).filter(pk=alert_id).first() if rule is not None else None
    if rule is None or alert is None:
        return
    rule.since = None
    rule.save(update_fields=["since"])
    value = alert.value if value is None or _problem(rule) else value
    _set(alert, state=Alert.State.RESOLVED, resolved_at=now, told_at=now, value=value, others=0)
    if alert.message is not None:
        _change(rule, alert, now=now, ended=ended)
    _call(rule, alert, now, ended=ended)


def firing_of(*, series_ids: Collection[int]) -> list[tuple[UUID, int]]:
    """(alert, rule) of what fires over these series."""
    found = Alert.objects.filter(rule__series__in=list(series_ids), state=FIRING)
    return list(found.order_by("rule").values_list("pk", "rule"))


@transaction.atomic
def prune_alerts(*, now: datetime | None = None) -> int:
    """Forgets alerts that are long over; their messages stay as long as the room keeps them. Returns how many."""
    long_ago = (now or timezone.now()) - KEPT
    return Alert.objects.filter(state=Alert.State.RESOLVED, resolved_at__lt=long_ago).delete()[0]


def _go_on(rule: Rule, alert: Alert, value: float, now: datetime, others: int) -> None:
    """What happens to an alert while it fires: it is told of at last, or its message shows the newest figure."""
    worse = alerting.is_worse(condition_of(rule), value, alert.peak)
    if worse and not (rule.problem or _problem(rule)):
        Alert.objects.filter(pk=alert.pk, state=FIRING).update(peak=value)
    pause = alerting.pause_of(abs((now - alert.fired_at).total_seconds()))
    news = alert.message is None or alert.others != others or (alert.value != value and not is_quiet(rule, now))
    if news and abs((now - alert.told_at).total_seconds()) >= pause:
        _tell_on(rule.pk, alert, value, now, others)


@transaction.atomic
def _tell_on(rule_id: int, seen: Alert, value: float, now: datetime, others: int) -> None:
    rule = locked(rule_id)
    alert = _firing(rule).filter(pk=seen.pk, told_at=seen.told_at).first() if rule is not None else None
    if rule is None or alert is None:
        return
    if alert.message is not None:
        _note(rule, _problem(rule))
        if rule.problem:
            _set(alert, told_at=now)
            return
    _set(alert, value=value, told_at=now, others=others)
    tell(rule, alert, now=now)


# Telling the room


def tell(rule: Rule, alert: Alert, *, now: datetime) -> None:
    """Posts the message of an alert, or changes it; called under the lock of the rule.

    A room is told of few new alerts a minute; the others wait, and are counted in the card of the newest.
    """
    if alert.message is not None:
        _change(rule, alert, now=now)
        return
    problem = _problem(rule)
    if not problem and not _may_post(rule.room_id, now):
        return
    if not problem:
        problem = _post(rule, alert, now)
    _note(rule, problem)


def _note(rule: Rule, problem: str) -> None:
    if rule.problem != problem:
        rule.problem = problem
        rule.save(update_fields=["problem"])


def _post(rule: Rule, alert: Alert, now: datetime) -> str:
    """Why it could not be posted; "" when it was."""
    message = _new_id(now)
    card = alert_card(rule, alert, now=now)
    try:
        rooms.post_card(
            author=None,
            room_id=rule.room_id,
            cid=message,
            body=alert_words(card),
            card=card_view(card),
            calls=[rule.made_by_id] if rule.made_by_id else [],
        )
    except Refused as refused:
        return str(refused.message or refused.code)[:300]
    _set(alert, message=message)
    return ""


def _change(rule: Rule, alert: Alert, *, now: datetime, ended: str = "", actor_id: int | None = None) -> None:
    if alert.message is None:
        return
    card = alert_card(rule, alert, now=now, curved=not _problem(rule))
    try:
        words = alert_words(card, ended=ended)
        rooms.change_card(message_id=alert.message, card=card_view(card), body=words, actor_id=actor_id)
    except Refused as refused:
        logger.info("The message of alert %s is gone: %s", alert.pk, refused.code)
        if refused.code == "not_found":
            # It went with the old ones of the room: a new one says the rest. One that somebody deleted stays away.
            _set(alert, message=None)


def _new_id(at: datetime) -> UUID:
    """Of the kind that ids of messages are (UUIDv7), rising; `_may_post` reads the time of the tick from it."""
    return UUID(int=_first_id(at) | (0x7000 | next(_count) % 0x1000) << 64 | 1 << 63 | secrets.randbits(62))


def _first_id(at: datetime) -> int:
    return int(at.timestamp() * 1000) << 80


def _may_post(room_id: int, now: datetime) -> bool:
    """Whether the room has heard of few enough new alerts in the last minute."""
    since, until = UUID(int=_first_id(now - MINUTE)), UUID(int=_first_id(now + MINUTE))
    told = Alert.objects.filter(rule__room=room_id, message__gte=since, message__lt=until)
    return told.count() < alerting.MINUTE_MESSAGES


def _problem(rule: Rule) -> str:
    """Why the room may not be told of this any more: whoever shows figures must be allowed to see them."""
    if rule.series.scope == Series.Scope.SITE and (
        rule.made_by_id is None or rule.made_by_id not in accounts.staff_among([rule.made_by_id])
    ):
        return "Whoever made this rule may not see the site's figures any more."
    if rule.series.scope == Series.Scope.PERSON and rule.series.owner_id is not None:
        rights = chat.rights_of(room_id=rule.room_id, user_ids=[rule.series.owner_id])
        if rule.series.owner_id not in rights or not rights[rule.series.owner_id].is_member:
            return "Whose figures these are is no member of the room any more."
    return ""


def _call(rule: Rule, alert: Alert, now: datetime, *, ended: str = "") -> None:
    if rule.url and not _problem(rule):
        card = alert_card(rule, alert, now=now)
        body = call_body(rule, card, alert_words(card, ended=ended))
        Call.objects.create(rule=rule, alert=alert.pk, made_by_id=rule.made_by_id, url=rule.url, body=body)


# What people do with an alert


@transaction.atomic
def acknowledge(
    *, actor: User, room_id: int, alert_id: UUID, at: datetime | None = None, reply: UUID | None = None
) -> Ack:
    """Says "I have it". The first is named; after that, and once it is over, nothing changes.

    Args:
        actor: who has it.
        room_id: whose alert it is.
        alert_id: which.
        at: when it was said; None is now.
        reply: the message that says so, if one does.

    Raises:
        Refused: not_found, not_member; muted, banned for somebody of a joined channel.
    """
    # Whoever speaks here from a joined channel is no member; the muted and the banned of them are refused.
    if not chat.rights_in(actor=actor, room_id=room_id).is_member and actor.kind != BRIDGE:
        raise Refused("not_member")
    rule_id = Alert.objects.filter(pk=alert_id, rule__room=room_id).values_list("rule_id", flat=True).first()
    rule = locked(rule_id) if rule_id is not None else None
    if rule is None:
        raise Refused("not_found")
    alert = _firing(rule).filter(pk=alert_id, acknowledged_by=None).first()
    if alert is not None:
        now = at or timezone.now()
        _set(alert, acknowledged_by_id=actor.pk, acknowledged_at=now, reply=reply)
        _change(rule, alert, now=now, actor_id=actor.pk)
    return Ack()


@transaction.atomic
def quiet_rule(*, actor: User, room_id: int, rule_id: int, seconds: int, at: datetime | None = None) -> Ack:
    """Lets a rule say nothing for a time, and says so; 0 ends it.

    Raises:
        Refused: not_found, not_member, read_only, muted.
    """
    refused = chat.refuse_to_write(actor=actor, room_id=room_id, rights=chat.rights_in(actor=actor, room_id=room_id))
    if refused is not None:
        raise refused
    rule = locked(rule_id)
    if rule is None or rule.room_id != room_id:
        raise Refused("not_found")
    now = at or timezone.now()
    rule.quiet_until = now + timedelta(seconds=seconds) if seconds else None
    rule.quiet_by_id = actor.pk if seconds else None
    rule.save(update_fields=["quiet_until", "quiet_by"])
    alert = _firing(rule).first()
    if alert is not None:
        _change(rule, alert, now=now, actor_id=actor.pk)
    return Ack()


def acknowledge_by_reply(*, message_ids: Sequence[UUID], reply: UUID, actor_id: int, at: datetime) -> None:
    """Whoever answers an alert has it; `reply` is the answer."""
    found = Alert.objects.filter(message__in=message_ids, state=FIRING, acknowledged_by=None)
    for alert_id, room_id in found.values_list("pk", "rule__room"):
        acknowledge(actor=accounts.find_person(actor_id), room_id=room_id, alert_id=alert_id, at=at, reply=reply)
