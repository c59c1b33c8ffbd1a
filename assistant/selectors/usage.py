"""What was used of the limits of a day, and what runs cost: by the settings, and by the rows of Spending.

Called by assistant.services.spending, views, the admin and commands. Never writes.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from assistant import quotas
from assistant.models import Spending
from assistant.quotas import Limit, Price, Used
from assistant.shapes import QuotaView

_prices = lru_cache(4)(quotas.parse_prices)
_cost = lru_cache(8)(quotas.parse_cost)


def prices() -> dict[str, Price]:
    """Prices by model."""
    return _prices(settings.ASSISTANT_PRICES)


def cost_of(*, model: str, input_tokens: int, output_tokens: int) -> int:
    """What these tokens cost by the settings, in micros."""
    return quotas.cost_micros(model=model, input_tokens=input_tokens, output_tokens=output_tokens, prices=prices())


def shown(micros: int) -> str:
    """An amount as people read it."""
    return quotas.money(micros, settings.ASSISTANT_CURRENCY)


def limit_of(scope: str) -> Limit:
    """The most that a person, a room or the site may use in a day."""
    name = f"ASSISTANT_{scope.upper()}_DAY"
    return Limit(getattr(settings, f"{name}_TOKENS"), _cost(getattr(settings, f"{name}_COST")))


def today() -> date:
    """The day whose limits hold now."""
    return datetime.now(UTC).date()


def keys_of(*, person_id: int | None, room_id: int) -> list[tuple[str, int]]:
    """(scope, key) of the rows that a run counts against, in the order in which they are locked."""
    keys = [(quotas.SITE, 0), (quotas.ROOM, room_id)]
    return keys if person_id is None else [*keys, (quotas.PERSON, person_id)]


def used(scope: str, key: int, *, day: date) -> Used:
    """What one of them has used on a day."""
    row = Spending.objects.filter(scope=scope, key=key, day=day).first()
    return Used() if row is None else used_of(row)


def used_of(row: Spending) -> Used:
    """Plain values of a row."""
    return Used(row.tokens, row.micros, row.reserved_tokens, row.reserved_micros)


def nearest_limit(*, person_id: int, room_id: int) -> QuotaView | None:
    """The limit of today that is nearest to its end, from 70 %; None while there is nothing to tell."""
    day = today()
    wanted = Q()
    for scope, key in keys_of(person_id=person_id, room_id=room_id):
        wanted |= Q(scope=scope, key=key)
    rows = {row.scope: used_of(row) for row in Spending.objects.filter(wanted, day=day)}
    shares = {scope: quotas.share(row, limit_of(scope)) for scope, row in rows.items()}
    scope = max(shares, key=lambda one: shares[one], default="")
    if not scope or shares[scope] < quotas.SHOWN_FROM:
        return None
    used, limit = quotas.told(rows[scope], limit_of(scope), settings.ASSISTANT_CURRENCY)
    share = round(shares[scope], 4)
    return QuotaView(scope=scope, share=share, opens_at=quotas.opens_at(day), used=used, limit=limit)


def seconds_left(day: date) -> float:
    """How long the limits of a day go on to hold."""
    return (quotas.opens_at(day) - timezone.now()).total_seconds()
