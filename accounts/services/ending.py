"""Keys of scripts that end soon: whom to tell of which, once a week before and once a day before.

Called by accounts.teller. Never sends anything itself: whoever claims a notice sends it, or puts it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from accounts.models import ApiToken, User

DAYS: Final = (1, 7)
"""How many days before its end a token's maker is told, the nearest first."""
SLACK: Final = timedelta(hours=12)
"""A token that never lived longer than the span is told of at its making, and not here again."""


@dataclass(frozen=True, slots=True)
class EndNotice:
    """One letter to one person about one token.

    Attributes:
        days: which of DAYS it is.
        before: what was told before it; None for the first.
        owner: whose token it is where that is a bot, else "".
    """

    token: int
    days: int
    before: int | None
    address: str
    person: str
    name: str
    hint: str
    owner: str
    ends_at: datetime


def claim_endings() -> list[EndNotice]:
    """The letters that are due now. Each is claimed by whoever gets it here, and by nobody a second time."""
    now = timezone.now()
    rows = ApiToken.objects.filter(revoked_at=None, expires_at__gt=now, expires_at__lte=now + timedelta(days=DAYS[-1]))
    found = [_claim(row, now) for row in rows.select_related("user", "made_by").order_by("expires_at", "pk")]
    return [notice for notice in found if notice is not None]


@transaction.atomic
def _claim(row: ApiToken, now: datetime) -> EndNotice | None:
    if row.expires_at is None:
        return None
    days = next(days for days in DAYS if row.expires_at <= now + timedelta(days=days))
    if row.expires_at - row.created_at <= timedelta(days=days) + SLACK:
        return None
    if row.told_days is not None and row.told_days <= days:
        return None
    # Whoever moves it from what was told before has it.
    if not ApiToken.objects.filter(pk=row.pk, told_days=row.told_days).update(told_days=days):
        return None
    maker = row.made_by or (row.user if row.user.kind == User.Kind.HUMAN else None)
    address = None if maker is None or not maker.is_active else _address_of(maker)
    if maker is None or address is None:
        return None
    owner = "" if maker.pk == row.user_id else row.user.username
    return EndNotice(row.pk, days, row.told_days, address, str(maker), row.name, row.hint, owner, row.expires_at)


def _address_of(person: User) -> str | None:
    """Where somebody is written to: a confirmed address, the primary one if it is."""
    row = EmailAddress.objects.filter(user=person, verified=True).order_by("-primary", "pk").first()
    return None if row is None else str(row.email)


@transaction.atomic
def put_back_ending(*, notice: EndNotice) -> None:
    """Its letter was not sent: it is due again, unless another was claimed meanwhile."""
    ApiToken.objects.filter(pk=notice.token, told_days=notice.days).update(told_days=notice.before)
