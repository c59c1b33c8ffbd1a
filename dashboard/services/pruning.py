"""Deletes samples past their time, and processes that are long gone: in bounded pieces, safe to stop and to repeat.

Called by the recorder every ten minutes and by `manage.py prune_samples`. Never touches what is still kept.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Final

from django.db import connection, transaction

from dashboard.models import Process, Sample
from dashboard.series import KEPT
from dashboard.services.recording import database_now

ROWS: Final = 5_000
"""Deleted in one transaction."""
PAUSE_SECONDS: Final = 0.05
"""Between two of them, so that others write where one writes at a time."""
SILENT: Final = timedelta(days=1)

_DELETE: Final = (
    "DELETE FROM dashboard_sample WHERE id IN"
    " (SELECT id FROM dashboard_sample WHERE resolution = %s AND at < %s ORDER BY at LIMIT %s)"
)


def prune_samples(*, dry_run: bool = False) -> dict[int, int]:
    """Deletes what is older than it is kept; returns how many buckets of each resolution went.

    Args:
        dry_run: only counts.
    """
    now = int(database_now().timestamp())
    gone = {}
    for resolution, kept in KEPT.items():
        if dry_run:
            gone[resolution] = Sample.objects.filter(resolution=resolution, at__lt=now - kept).count()
        else:
            gone[resolution] = _prune(resolution, now - kept)
    if not dry_run:
        Process.objects.filter(at__lt=database_now() - SILENT).delete()
    return gone


def _prune(resolution: int, before: int) -> int:
    total = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_DELETE, [resolution, before, ROWS])
            gone = int(cursor.rowcount)
        total += gone
        if gone < ROWS:
            return total
        time.sleep(PAUSE_SECONDS)
