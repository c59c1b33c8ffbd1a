"""Rules: made, changed and removed by whoever may show their series in the room.

Called by the JSON API. A series of the room is for its moderators to watch, one of the site for staff, one's own for
oneself; and one has to be allowed to write there. Each public function is one transaction.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils import timezone
from msgspec import UNSET, UnsetType

from chat import selectors as chat
from chat import texts
from chat.selectors import Rights
from dashboard import alerting, catalogue
from dashboard.models import TITLE_CHARS, Alert, Board, Rule, Series
from dashboard.selectors.alerts import may_watch
from dashboard.selectors.rights import MOST_ID, find_board
from dashboard.selectors.series import find_series
from dashboard.selectors.showing import condition_of, name_of, unit_of_rule
from dashboard.services.alerts import FIRING, end_alert, locked
from dashboard.shapes import AGGREGATES, LEVELS
from outbound.links import read_url
from outbound.refusing import OutboundRefused
from realtime.protocol import Ack, Refused

if TYPE_CHECKING:
    from accounts.models import User

ROOM_RULES: Final = 50
"""In one room."""
FOR_SECONDS: Final = 3_600
"""How long a condition can be asked to last."""


class RuleWish(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to make or to change of a rule; see the model Rule. What is left out stays, or is as usual.

    Attributes:
        series: only of a new one, like `board` and `panel`, where it was made.
        title: empty: it is called after its condition.
    """

    series: int | UnsetType = UNSET
    board: int | UnsetType | None = UNSET
    panel: UUID | UnsetType | None = UNSET
    title: str | UnsetType = UNSET
    aggregate: str | UnsetType = UNSET
    above: bool | UnsetType = UNSET
    threshold: float | UnsetType = UNSET
    clear: float | UnsetType | None = UNSET
    for_seconds: int | UnsetType = UNSET
    level: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


_MADE_WITH: Final = frozenset({"series", "board", "panel"})


@transaction.atomic
def create_rule(*, actor: User, room_id: int, wish: RuleWish) -> int:
    """Makes a rule and answers its id.

    Raises:
        Refused: `not_found` for the room or the series, not_member, read_only, muted, forbidden, `invalid` with a
            field, `too_large` for one more than ROOM_RULES.
    """
    rights = _rights_to_write(actor, room_id)
    if wish.series is UNSET or wish.threshold is UNSET:
        raise Refused(
            "invalid", "Choose a series and a threshold.", field="series" if wish.series is UNSET else "threshold"
        )
    series = find_series(actor=actor, series_id=wish.series)
    if not may_watch(actor=actor, rights=rights, room_id=room_id, series=series):
        raise Refused("forbidden", _why_not(series, room_id), field="series")
    if Rule.objects.filter(room=room_id).count() >= ROOM_RULES:
        raise Refused("too_large", f"A room has at most {ROOM_RULES} rules.")
    known = catalogue.known_of(series.key)
    rule = Rule(
        series=series, room_id=room_id, threshold=0, made_by=actor, aggregate=known.aggregate if known else "last"
    )
    rule.board_id, rule.panel = _place(actor, wish)
    _apply(rule, wish)
    rule.save()
    return rule.pk


def _place(actor: User, wish: RuleWish) -> tuple[int | None, UUID | None]:
    """The board and panel at which it is made, if that is one the person sees."""
    if not wish.board:
        return None, None
    board: Board = find_board(actor=actor, board_id=wish.board).board
    return board.pk, wish.panel or None


@transaction.atomic
def change_rule(*, actor: User, rule_id: int, wish: RuleWish) -> int:
    """Changes what the wish names, and answers the rule's id. One that is switched off ends its alert.

    Raises:
        Refused: not_found, not_member, read_only, muted, forbidden, `invalid` with a field.
    """
    rule = _own(actor, rule_id)
    named = {name for name in wish.__struct_fields__ if getattr(wish, name) is not UNSET}
    if wrong := sorted(named & _MADE_WITH):
        raise Refused("invalid", "Make another rule for another series.", field=wrong[0])
    _apply(rule, wish)
    rule.since, rule.problem = None, ""
    rule.save()
    if not rule.enabled:
        _end(rule, "Switched off")
    return rule.pk


@transaction.atomic
def delete_rule(*, actor: User, rule_id: int) -> Ack:
    """Removes a rule; an alert of it is over, its message stays.

    Raises:
        Refused: not_found, not_member, read_only, muted, forbidden.
    """
    rule = _own(actor, rule_id)
    _end(rule, "The rule was removed")
    rule.delete()
    return Ack()


def _end(rule: Rule, why: str) -> None:
    for alert_id in Alert.objects.filter(rule=rule, state=FIRING).values_list("pk", flat=True):
        end_alert(rule_id=rule.pk, alert_id=alert_id, now=timezone.now(), ended=why)


def _own(actor: User, rule_id: int) -> Rule:
    """The rule, locked, of somebody who may change it: whoever made it, or who moderates the room."""
    rule = locked(rule_id) if 0 < rule_id <= MOST_ID else None
    if rule is None:
        raise Refused("not_found")
    rights = chat.rights_of(room_id=rule.room_id, user_ids=[actor.pk]).get(actor.pk)
    if rights is None or not rights.is_member:
        raise Refused("not_found")
    rights = _rights_to_write(actor, rule.room_id)
    if not (rights.may_moderate or rule.made_by_id == actor.pk):
        raise Refused("forbidden", "Whoever made this rule changes it, or a moderator of the room.")
    return rule


def _rights_to_write(actor: User, room_id: int) -> Rights:
    rights = chat.rights_in(actor=actor, room_id=room_id)
    refused = chat.refuse_to_write(actor=actor, room_id=room_id, rights=rights)
    if refused is not None:
        raise refused
    return rights


def _why_not(series: Series, room_id: int) -> str:
    if series.scope == Series.Scope.ROOM and series.room_id != room_id:
        return "These are figures of another room."
    return "The owners and moderators of a room make rules for its figures."


def _apply(rule: Rule, wish: RuleWish) -> None:
    wanted: dict[str, Any] = {
        name: getattr(wish, name)
        for name in wish.__struct_fields__
        if name not in _MADE_WITH and getattr(wish, name) is not UNSET
    }
    _check(wanted)
    titled = alerting.title_of(name_of(rule.series), condition_of(rule), unit_of_rule(rule))[:TITLE_CHARS]
    follows = not rule.title or rule.title == titled
    for name, value in wanted.items():
        setattr(rule, name, value)
    if rule.clear is not None and (rule.clear > rule.threshold) is rule.above and rule.clear != rule.threshold:
        side = "at or below" if rule.above else "at or above"
        raise Refused("invalid", f"It is over again {side} the threshold.", field="clear")
    if not wanted.get("title", "" if follows else rule.title):
        title = alerting.title_of(name_of(rule.series), condition_of(rule), unit_of_rule(rule))
        rule.title = title[:TITLE_CHARS]


def _check(wanted: dict[str, Any]) -> None:
    """What can be said of each value alone."""
    for name in ("threshold", "clear"):
        if wanted.get(name) is not None and not math.isfinite(wanted[name]):
            raise Refused("invalid", "This is no number.", field=name)
    for name, known in (("aggregate", AGGREGATES), ("level", LEVELS)):
        if name in wanted and wanted[name] not in known:
            raise Refused("invalid", f"Choose one of {', '.join(known)}.", field=name)
    if not 0 <= wanted.get("for_seconds", 0) <= FOR_SECONDS:
        raise Refused("invalid", f"It can be asked to last 0 to {FOR_SECONDS} seconds.", field="for_seconds")
    if "title" in wanted:
        wanted["title"] = texts.clean_line(wanted["title"], most=TITLE_CHARS, field="title")
    if wanted.get("url"):
        try:
            wanted["url"] = str(read_url(wanted["url"]))
        except OutboundRefused as refused:
            raise Refused("invalid", refused.words, field="url") from refused
