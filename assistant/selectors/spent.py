"""What runs took over some days, by person, room, model or day, for operators.

Called by `manage.py assistant_usage`. Never writes, and tells no words of anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Count, Q, Sum

from accounts import selectors as accounts
from assistant.models import Run
from chat.selectors.rooms import names_of_rooms

BY: Final = {"person": "asker", "room": "room", "model": "model", "day": "day"}
NOBODY: Final = "deleted person"


@dataclass(frozen=True, slots=True)
class Spent:
    """A line of the report.

    Attributes:
        what: a username, a room's address, a model or a day.
        runs: that ended, however.
        failed: of these those that failed or were interrupted.
        micros: what they cost.
    """

    what: str
    runs: int
    failed: int
    read: int
    written: int
    micros: int


def spent(*, since: date, by: str) -> list[Spent]:
    """Lines of the report, the costliest first, days in their order.

    Args:
        since: the first day.
        by: person, room, model or day.
    """
    field = BY[by]
    bad = Q(state__in=[Run.State.FAILED, Run.State.INTERRUPTED])
    rows = list(
        Run.objects.filter(day__gte=since, ended_at__isnull=False)
        .exclude(lane__startswith="refused:")
        .values(field)
        .annotate(
            runs=Count("pk"),
            failed=Count("pk", filter=bad),
            read=Sum("input_tokens"),
            written=Sum("output_tokens"),
            micros=Sum("cost_micros"),
        )
        .order_by()
    )
    names = _names(by, (row[field] for row in rows))
    lines = [
        Spent(
            names.get(row[field], str(row[field])),
            *(row[name] for name in ("runs", "failed", "read", "written", "micros")),
        )
        for row in rows
    ]
    if by == "day":
        return sorted(lines, key=lambda line: line.what)
    return sorted(lines, key=lambda line: (-line.micros, -line.read - line.written, line.what))


def _names(by: str, keys: Iterable[Any]) -> dict[Any, str]:
    wanted = [key for key in keys if key is not None]
    if by == "person":
        return {pk: person.name for pk, person in accounts.people_views(wanted).items()} | {None: NOBODY}
    if by == "room":
        return names_of_rooms(wanted)
    return {"": "unknown"} if by == "model" else {}
