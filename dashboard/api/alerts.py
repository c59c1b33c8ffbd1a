"""Rules and alerts of a room.

Called by dashboard.urls. Decides nothing: selectors and services do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.http import HttpRequest, HttpResponse

from chat.api import addresses, answer, body
from dashboard.selectors import alerts as selectors
from dashboard.services import rules as services
from dashboard.services.rules import RuleWish
from dashboard.shapes import AlertList, RuleList, RuleView
from realtime.protocol import Ack

if TYPE_CHECKING:
    from accounts.models import User

endpoint: Final = addresses("dashboard.api")
CREATED: Final = 201


def _rules(request: HttpRequest, user: User, room_id: int) -> RuleList:
    return selectors.rule_list(actor=user, room_id=room_id)


def _create(request: HttpRequest, user: User, room_id: int) -> HttpResponse:
    made = services.create_rule(actor=user, room_id=room_id, wish=body(request, RuleWish))
    return answer(selectors.rule_view(actor=user, rule_id=made), CREATED)


def _change(request: HttpRequest, user: User, rule_id: int) -> RuleView:
    changed = services.change_rule(actor=user, rule_id=rule_id, wish=body(request, RuleWish))
    return selectors.rule_view(actor=user, rule_id=changed)


def _delete(request: HttpRequest, user: User, rule_id: int) -> Ack:
    return services.delete_rule(actor=user, rule_id=rule_id)


def _alerts(request: HttpRequest, user: User, room_id: int) -> AlertList:
    return selectors.alert_list(actor=user, room_id=room_id)


rules = endpoint(GET=_rules, POST=_create)
rule = endpoint(POST=_change, DELETE=_delete)
alerts = endpoint(GET=_alerts)
