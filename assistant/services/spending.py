"""Money before and after: a run reserves what it may take, and pays what it took.

Called by the services of runs inside their transaction. Never starts or ends a run.

The rows of a day are locked in one order, site, room, person, and always after the room's turn: take that first.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils import timezone

from assistant import quotas
from assistant.models import Run, Spending
from assistant.quotas import Limit
from assistant.selectors import usage
from realtime.protocol import Refused

MEND_ROWS: Final = 500
MINUTE: Final = timedelta(minutes=1)
REFUSED_LANE: Final = "refused:"
"""Where questions stand that were refused: they are no runs."""


def refuse_hasty(*, asker_id: int) -> None:
    """Somebody who has asked too often within a minute waits, whatever their limits leave.

    Raises:
        Refused: `rate_limited`, with the seconds to wait.
    """
    most = settings.ASSISTANT_PERSON_MINUTE_RUNS
    if most <= 0:
        return
    now = timezone.now()
    asked = Run.objects.filter(asker=asker_id, created_at__gt=now - MINUTE).exclude(lane__startswith=REFUSED_LANE)
    latest = list(asked.order_by("-created_at").values_list("created_at", flat=True)[:most])
    if len(latest) == most:
        wait = max(1.0, (latest[-1] + MINUTE - now).total_seconds())
        words = f"You have asked {most} times within a minute. Ask again in {round(wait)} s."
        raise Refused("rate_limited", words, retry_after=round(wait, 1))


@transaction.atomic
def reserve(*, run: Run, tokens: int, micros: int) -> None:
    """Sets aside what the next request of a run may take; a run that goes on reserves again, on top.

    Either all limits take it or nothing is kept, whoever else asks at the same moment: each row is changed by one
    UPDATE that asks for its limit.

    Args:
        run: stored already; `day`, `room` and `asker` say against what it counts.
        tokens: the most that it may take, see quotas.estimate.
        micros: what they would cost.

    Raises:
        Refused: `assistant_quota`, with the seconds after which to ask again.
    """
    first = not (run.reserved_tokens or run.reserved_micros)
    keys = usage.keys_of(person_id=run.asker_id, room_id=run.room_id)
    Spending.objects.bulk_create(
        [Spending(scope=scope, key=key, day=run.day) for scope, key in keys], ignore_conflicts=True
    )
    for scope, key in keys:
        row = Spending.objects.filter(scope=scope, key=key, day=run.day)
        taken = row.filter(_within(usage.limit_of(scope), tokens, micros)).update(
            runs=F("runs") + int(first),
            reserved_tokens=F("reserved_tokens") + tokens,
            reserved_micros=F("reserved_micros") + micros,
        )
        if not taken:
            raise _refused(run, scope, key, tokens, micros)
    Run.objects.filter(pk=run.pk).update(
        reserved_tokens=F("reserved_tokens") + tokens, reserved_micros=F("reserved_micros") + micros
    )
    run.reserved_tokens += tokens
    run.reserved_micros += micros


def _within(limit: Limit, tokens: int, micros: int) -> Q:
    """A row whose limits take so much more. What costs nothing is not kept from by what was spent."""
    fits = Q()
    if limit.tokens:
        fits &= Q(tokens__lte=limit.tokens - tokens - F("reserved_tokens"))
    if limit.micros and micros:
        fits &= Q(micros__lte=limit.micros - micros - F("reserved_micros"))
    return fits


def _refused(run: Run, scope: str, key: int, tokens: int, micros: int) -> Refused:
    words, wait = quotas.refusal(
        scope=scope,
        used=usage.used(scope, key, day=run.day),
        limit=usage.limit_of(scope),
        tokens=tokens,
        micros=micros,
        day=run.day,
        now=timezone.now(),
        currency=settings.ASSISTANT_CURRENCY,
    )
    return Refused("assistant_quota", words, retry_after=round(wait, 1))


@transaction.atomic
def settle(*, run: Run, tokens: int, micros: int) -> None:
    """Pays what a run took and gives the rest of its reservation back, on the day that it was asked.

    A second time changes nothing: the reservation is gone.

    Args:
        run: whichever way it ended.
        tokens: read and written, counted by the provider or estimated.
        micros: what they cost.
    """
    held = Run.objects.select_for_update().filter(pk=run.pk).first()
    if held is None or not (held.reserved_tokens or held.reserved_micros):
        return
    for scope, key in usage.keys_of(person_id=held.asker_id, room_id=held.room_id):
        Spending.objects.filter(scope=scope, key=key, day=held.day).update(
            tokens=F("tokens") + tokens,
            micros=F("micros") + micros,
            reserved_tokens=F("reserved_tokens") - held.reserved_tokens,
            reserved_micros=F("reserved_micros") - held.reserved_micros,
        )
    Run.objects.filter(pk=held.pk).update(reserved_tokens=0, reserved_micros=0)
    run.reserved_tokens = run.reserved_micros = 0


def mend_reservations() -> int:
    """Gives back what is reserved for runs that are gone, for example with their room; returns how many rows it mended.

    Called by the keeper. A reservation and its run are always stored together, so under the row's lock the sum of the
    runs is the truth.
    """
    mended = 0
    holding = Spending.objects.filter(Q(reserved_tokens__gt=0) | Q(reserved_micros__gt=0))
    for pk in list(holding.order_by("pk").values_list("pk", flat=True)[:MEND_ROWS]):
        mended += _mend(pk)
    return mended


@transaction.atomic
def _mend(pk: int) -> bool:
    row = Spending.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        return False
    where = {quotas.SITE: Q(), quotas.ROOM: Q(room_id=row.key), quotas.PERSON: Q(asker_id=row.key)}[row.scope]
    held = Run.objects.filter(where, day=row.day).aggregate(
        tokens=Sum("reserved_tokens"), micros=Sum("reserved_micros")
    )
    tokens, micros = held["tokens"] or 0, held["micros"] or 0
    if (tokens, micros) == (row.reserved_tokens, row.reserved_micros):
        return False
    Spending.objects.filter(pk=pk).update(reserved_tokens=tokens, reserved_micros=micros)
    return True
