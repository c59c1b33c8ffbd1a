"""What addresses of rules are told by POST: taken when it is due, tried again for hours, given up in words.

Called by dashboard.caller. Each function is one transaction at most; nothing here waits for a server.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts import selectors as accounts
from dashboard.models import Call

PAUSES: Final = (5, 15, 60, 300, 900, 3_600, 7_200)
"""Seconds before each further try; after the last one it is given up."""
HELD: Final = timedelta(seconds=60)
"""A call that is being made is nobody else's for so long; whoever is killed meanwhile leaves it to the next."""
KEPT: Final = timedelta(days=7)
AT_ONCE: Final = 20


def is_any_due() -> bool:
    """Whether there is something to call now."""
    return _due().exists()


def _due() -> QuerySet[Call]:
    """What an address may be told now: that an alert is over comes after that it fires, however often that failed."""
    waiting = Call.objects.filter(next_at__isnull=False)
    before = waiting.filter(alert=OuterRef("alert"), pk__lt=OuterRef("pk"))
    return waiting.filter(~Exists(before), next_at__lte=timezone.now())


@dataclass(frozen=True, slots=True)
class Due:
    """What to tell whom.

    Attributes:
        inside: whether it may lead to what the operator allows inside the network, as a rule of staff may.
    """

    call: int
    url: str
    body: str
    inside: bool


@transaction.atomic
def take_due() -> list[Due]:
    """Calls that are due, now held by the caller."""
    now = timezone.now()
    calls = list(_due().select_for_update(skip_locked=True).order_by("next_at", "pk")[:AT_ONCE])
    Call.objects.filter(pk__in=[call.pk for call in calls]).update(next_at=now + HELD)
    staff = accounts.staff_among({call.made_by_id for call in calls if call.made_by_id is not None})
    return [Due(call.pk, call.url, call.body, call.made_by_id in staff) for call in calls]


@transaction.atomic
def note_answered(*, call_id: int) -> None:
    """The address took it."""
    Call.objects.filter(pk=call_id).update(next_at=None, sent_at=timezone.now(), problem="")


@transaction.atomic
def note_failed(*, call_id: int, problem: str, passing: bool) -> None:
    """The address did not take it; its rule says so.

    Args:
        call_id: which.
        problem: why, in plain words.
        passing: whether it may go better later.
    """
    call = Call.objects.select_for_update().filter(pk=call_id).first()
    if call is None:
        return
    again = passing and call.failures < len(PAUSES)
    call.next_at = timezone.now() + timedelta(seconds=PAUSES[call.failures]) if again else None
    call.failures += 1
    call.problem = problem[:300]
    call.save(update_fields=["next_at", "failures", "problem"])


@transaction.atomic
def prune_calls() -> int:
    """Forgets calls that are over for a week; returns how many."""
    return Call.objects.filter(next_at=None, created_at__lt=timezone.now() - KEPT).delete()[0]
