"""Writes down what a bridge does, for whoever watches it: step by step, minute by minute, and how its line is.

Called inside the transactions of integrations.services.bridges, in which the server's row is locked. Nothing that is
carried depends on it. How late something came is kept as both clocks told it; selectors.bridges knows their difference.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from integrations.models import (
    BridgedPost,
    BridgeLink,
    BridgeMinute,
    BridgeOutbox,
    BridgePulse,
    BridgeStep,
    MattermostServer,
)
from integrations.models.bridges import WORDS_CHARS

logger = logging.getLogger(__name__)

STEPS_KEPT: Final = 1_000
MINUTES_KEPT: Final = timedelta(hours=25)
_PRUNE_EVERY: Final = 100
_ORDERS: Final = {
    BridgeOutbox.Op.SAY: BridgeStep.What.MESSAGE,
    BridgeOutbox.Op.DELETE: BridgeStep.What.DELETE,
    BridgeOutbox.Op.REACT: BridgeStep.What.REACTION,
}


def note_in(link: BridgeLink, what: str, *, by: int | None, sent_ms: int = 0, whole: bool = False) -> None:
    """Something came over.

    Args:
        link: over which.
        what: a value of BridgeStep.What.
        by: whose it is.
        sent_ms: when it was done, by the server's clock; 0 where it did not say.
        whole: it was caught up: such things are only counted, and how late they are is the break's length.
    """
    if whole:
        _count_caught(link)
        _count(link.server_id, came=1)
        return
    now = timezone.now()
    lag = int(now.timestamp() * 1_000) - sent_ms if sent_ms else None
    _add(link.server_id, link=link, at=now, way=BridgeStep.Way.IN, what=what, by_id=by, lag_ms=lag)
    _count(link.server_id, came=1, came_ms=lag or 0)


def note_out(order: BridgeOutbox) -> None:
    """An order was carried out; one of which the channel knows nothing had nothing to tell."""
    row = BridgedPost.objects.filter(link=order.link_id, local_id=order.local_id).order_by("part").first()
    if row is None:
        return
    now = timezone.now()
    lag = max(0, int((now - order.created_at).total_seconds() * 1_000))
    what = _ORDERS[BridgeOutbox.Op(order.op)]
    if what == BridgeStep.What.MESSAGE and row.remote_edit_at_ms:
        what = BridgeStep.What.EDIT
    _add(order.link.server_id, link=order.link, at=now, way=BridgeStep.Way.OUT, what=what, lag_ms=lag)
    _count(order.link.server_id, told=1, told_ms=lag)


def note_hold(link: BridgeLink, what: str, words: str, *, by: int | None = None) -> None:
    """Something was not carried over, or waits for somebody to look at it."""
    at = timezone.now()
    _add(link.server_id, link=link, at=at, way=BridgeStep.Way.HOLD, what=what, by_id=by, words=words[:WORDS_CHARS])


def note_order_held(order: BridgeOutbox, words: str) -> None:
    """As note_hold, of an order."""
    note_hold(order.link, _ORDERS[BridgeOutbox.Op(order.op)], words)


def note_caught(link_id: int) -> None:
    """A link was caught up: the count of what came over stands from now on."""
    rows = BridgeStep.objects.filter(link=link_id, what=BridgeStep.What.CATCHING)
    rows.update(what=BridgeStep.What.CAUGHT, at=timezone.now())


def _count_caught(link: BridgeLink) -> None:
    rows = BridgeStep.objects.filter(link=link, what=BridgeStep.What.CATCHING)
    if not rows.update(count=F("count") + 1):
        at, way = timezone.now(), BridgeStep.Way.IN
        _add(link.server_id, link=link, at=at, way=way, what=BridgeStep.What.CATCHING)


def _add(server_id: int, **values: Any) -> None:
    made = BridgeStep.objects.create(server_id=server_id, **values)
    if made.pk % _PRUNE_EVERY == 0:
        _prune(server_id)


def _prune(server_id: int) -> None:
    rows = BridgeStep.objects.filter(server=server_id)
    oldest = rows.order_by("-pk").values_list("pk", flat=True)[STEPS_KEPT : STEPS_KEPT + 1].first()
    if oldest is not None:
        rows.filter(pk__lte=oldest).delete()
    BridgeMinute.objects.filter(server=server_id, minute__lt=timezone.now() - MINUTES_KEPT).delete()


def _count(server_id: int, *, came: int = 0, told: int = 0, came_ms: int = 0, told_ms: int = 0) -> None:
    minute = timezone.now().replace(second=0, microsecond=0)
    changed = BridgeMinute.objects.filter(server=server_id, minute=minute).update(
        came=F("came") + came,
        told=F("told") + told,
        came_ms=Greatest(F("came_ms"), came_ms),
        told_ms=Greatest(F("told_ms"), told_ms),
    )
    if not changed:
        BridgeMinute.objects.create(
            server_id=server_id, minute=minute, came=came, told=told, came_ms=came_ms, told_ms=told_ms
        )


# The line


def note_line(server: MattermostServer, state: str, words: str) -> None:
    """The line to a server changed: `server` says how it was before."""
    now = timezone.now()
    pulse, _ = BridgePulse.objects.get_or_create(server=server)
    was_up, is_up = (one == MattermostServer.State.CONNECTED for one in (server.state, state))
    if was_up == is_up and server.error == words:
        return
    if is_up:
        _note_up(pulse, now)
    elif was_up:
        pulse.since, pulse.broke_at, pulse.break_ms = now, now, None
    pulse.save()
    if not is_up and words:
        logger.warning("Mattermost server %s: %s", server.pk, words)
        what = BridgeStep.What.LINE
        _add(server.pk, at=now, way=BridgeStep.Way.LINE, what=what, words=words[:WORDS_CHARS])


def _note_up(pulse: BridgePulse, now: datetime) -> None:
    words = "Connected"
    if pulse.broke_at is not None and pulse.break_ms is None:
        seconds = (now - pulse.broke_at).total_seconds()
        pulse.break_ms, words = int(seconds * 1_000), f"Connected again after {in_short(seconds)}"
    pulse.since = now
    _add(pulse.server_id, at=now, way=BridgeStep.Way.LINE, what=BridgeStep.What.LINE, words=words)


def in_short(seconds: float) -> str:
    """A length in one or two units: "3 s", "4 min", "6 d 4 h"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, days = minutes // 60, minutes // 1440
    if days:
        return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"
    return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"


@transaction.atomic
def beat(*, server_id: int, clock_ms: int | None) -> None:
    """The process that works for a server is there, and this is how far the server's clock is ahead.

    Args:
        server_id: which server.
        clock_ms: None where nobody knows it yet.
    """
    values: dict[str, Any] = {"beat_at": timezone.now()}
    if clock_ms is not None:
        values["clock_ms"] = clock_ms
    BridgePulse.objects.update_or_create(server_id=server_id, defaults=values)
