"""What the assistant used of the budget of the day, as rows for a board. Called by the dashboard (DASHBOARD_SOURCES).

Never writes, and tells no words of anybody.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone

from assistant import quotas
from assistant.models import Spending
from assistant.selectors.usage import limit_of, today, used_of
from editor.selectors.activity import suggestions_taken

COLUMNS = ("What", "Today", "Of")


def use(*, room_id: int | None) -> tuple[tuple[str, ...], list[list[dict[str, Any]]]]:
    """(heads, rows) of tokens, cost, answers and suggestions of a room, or of the site without the last."""
    scope, key = (quotas.SITE, 0) if room_id is None else (quotas.ROOM, room_id)
    row = Spending.objects.filter(scope=scope, key=key, day=today()).first()
    used, limit = quotas.Used() if row is None else used_of(row), limit_of(scope)
    rows = [
        _row("Tokens", used.tokens, limit.tokens, f"{used.tokens:,}", f"{limit.tokens:,}"),
        _row("Cost", used.micros, limit.micros, _money(used.micros), _money(limit.micros)),
        _row("Answers", 0 if row is None else row.runs, 0, f"{0 if row is None else row.runs:,}", ""),
    ]
    if room_id is not None:
        begun = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        taken, decided = suggestions_taken(room_id=room_id, at=begun)
        rows.append(_row("Suggestions taken", taken, decided, f"{taken:,}", f"{decided:,}", bounded=False))
    return COLUMNS, rows


def _money(micros: int) -> str:
    return quotas.money(micros, settings.ASSISTANT_CURRENCY)


def _row(name: str, used: int, limit: int, told: str, of: str, *, bounded: bool = True) -> list[dict[str, Any]]:
    share = min(1.0, used / limit) if limit else None
    level = "" if share is None or not bounded else "danger" if share >= 1 else "warn" if share >= 0.8 else ""
    return [
        {"text": name},
        {"text": told, "value": used, "share": share, "level": level},
        {"text": of if limit else ""},
    ]
