"""Which feeds are due, and what came of asking them.

Called by the poller, which fetches in between. A feed that fails is asked ever more rarely, up to once an hour, and
says why in words; one good answer mends it.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts import selectors as accounts
from dashboard.models import Feed
from dashboard.selectors.feeds import due_feeds
from dashboard.services.recording import hand_over

HOUR_SECONDS: Final = 3_600
DOUBLED_MOST: Final = 10
SPREAD: Final = 0.1
"""Of the time to wait, by chance: feeds that failed together are not asked together for ever."""


@dataclass(frozen=True, slots=True)
class Question:
    """A feed that is to be asked now.

    Attributes:
        authorization: the value of its secret; "" for none. problem: why it cannot be asked.
        inside: whether it may lead to what the operator allows inside the network, as a feed of staff may.
    """

    feed: int
    url: str
    path: str
    authorization: str
    problem: str = ""
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it: a number, or a problem in words, and perhaps when the server wants to be asked again."""

    feed: int
    url: str
    value: float | None = None
    problem: str = ""
    wait_seconds: float = 0


@transaction.atomic
def take_due(*, most: int, now: datetime | None = None) -> list[Question]:
    """The feeds whose time has come, each put off by its interval: whoever dies meanwhile loses one number at most.

    Those of people who are suspended wait until they are not.
    """
    now = now or timezone.now()
    due = due_feeds(now).select_related("owner").order_by("next_at").select_for_update(of=["self"], skip_locked=True)
    rows = list(due[:most])
    asked = [row for row in rows if accounts.ban_reason(row.owner) is None]
    for row in rows:
        row.next_at = now + timedelta(seconds=row.interval_seconds)
    for row in asked:
        row.asked_at = now
    Feed.objects.bulk_update(rows, ["asked_at", "next_at"])
    staff = accounts.staff_among({row.owner_id for row in asked})
    return [_question(row, inside=row.owner_id in staff) for row in asked]


def _question(row: Feed, *, inside: bool) -> Question:
    secret = os.environ.get(row.secret_env, "") if row.secret_env else ""
    missing = f"The operator has not set {row.secret_env}." if row.secret_env and not secret else ""
    return Question(row.pk, row.url, row.path, secret, missing, inside)


@transaction.atomic
def settle(*, found: Found, now: datetime | None = None) -> None:
    """Stores what came of it; a feed that was removed, or leads elsewhere by now, takes nothing."""
    now = now or timezone.now()
    row = Feed.objects.select_for_update().filter(pk=found.feed, url=found.url).first()
    if row is None:
        return
    if found.value is not None:
        row.failures, row.problem, row.answered_at = 0, "", now
        hand_over(points=[(row.series_id, int(now.timestamp() * 1_000), found.value)])
    else:
        row.failures, row.problem = row.failures + 1, found.problem[:300]
        row.next_at = now + timedelta(seconds=_wait(row, found.wait_seconds))
    row.save(update_fields=["failures", "problem", "answered_at", "next_at"])


def _wait(row: Feed, wanted_seconds: float) -> float:
    doubled = row.interval_seconds * 2.0 ** min(row.failures - 1, DOUBLED_MOST)
    waits = max(row.interval_seconds, min(HOUR_SECONDS, max(doubled, wanted_seconds)))
    return waits * (1 + random.uniform(0, SPREAD))
