"""How much the assistant has to do now, over all processes: for the dashboard (settings.DASHBOARD_GAUGES).

Called by the dashboard's recorder every few seconds. Never writes.
"""

from __future__ import annotations

from django.db.models import Count

from assistant.models import Run


def figures() -> dict[str, float]:
    """Runs that are written now, and those that wait."""
    under_way = Run.objects.filter(state__in=[Run.State.STREAMING, Run.State.WAITING])
    found = dict(under_way.order_by().values_list("state").annotate(Count("pk")))
    return {
        "runs.active": float(found.get(Run.State.STREAMING, 0)),
        "queue.assistant": float(found.get(Run.State.WAITING, 0)),
    }
