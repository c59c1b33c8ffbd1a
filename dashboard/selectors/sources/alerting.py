"""Alerts as lines of a log: what fires and what is over, of a room or of the site's own series.

Called by asking.py, which has asked for the rights. Never writes.
"""

from __future__ import annotations

from typing import Final

from django.db.models import Q

from accounts import selectors as accounts
from accounts.events import PersonView
from chat.selectors.joined import rooms_by_id
from chat.shapes import RoomView
from dashboard.models import Alert, Series
from dashboard.shapes import LogRow, LogView

SHOWN: Final = 20


def alerts(room: int | None) -> LogView:
    """The newest alerts, those that fire first.

    Args:
        room: told there; None: of series of the site, wherever they are told.
    """
    where = Q(rule__room=room) if room is not None else Q(rule__series__scope=Series.Scope.SITE)
    newest = list(Alert.objects.filter(where).select_related("rule").order_by("-fired_at", "-pk")[:SHOWN])
    found = sorted(newest, key=lambda alert: alert.state != Alert.State.FIRING)
    people = accounts.people_views({one.acknowledged_by_id for one in found if one.acknowledged_by_id is not None})
    rooms = rooms_by_id({one.rule.room_id for one in found})
    return LogView(source="", rows=[_row(one, people, rooms.get(one.rule.room_id), room) for one in found])


def _row(alert: Alert, people: dict[int, PersonView], told_in: RoomView | None, asked: int | None) -> LogRow:
    firing = alert.state == Alert.State.FIRING
    has_it = people.get(alert.acknowledged_by_id) if alert.acknowledged_by_id is not None else None
    # Who looks after a closed room is not for staff to know.
    known = told_in if told_in is not None and (asked is not None or told_in.kind == "public") else None
    seen = f", {has_it.display_name} has it" if firing and has_it is not None and known is not None else ""
    return LogRow(
        at=alert.fired_at if firing or alert.resolved_at is None else alert.resolved_at,
        text=f"{alert.rule.title}{seen}" if firing else f"Over: {alert.rule.title}",
        level=alert.rule.level if firing else "info",
        url=f"{known.url}m/{alert.message}/" if known is not None and alert.message else "",
    )
