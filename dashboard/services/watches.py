"""Who looks: a row for each board and process, so that nothing is told of boards that nobody looks at.

Called by dashboard.watching each ten seconds. By the database's clock: those of the machines may differ.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models.functions import Now

from dashboard.models import Board, Watch

WATCHED: Final = timedelta(seconds=30)


@transaction.atomic
def renew_watches(*, process: str, board_ids: Collection[int]) -> None:
    """Says that somebody looks at these boards in this process for another 30 seconds."""
    living = Board.objects.filter(pk__in=board_ids).values_list("pk", flat=True)
    Watch.objects.bulk_create(
        [Watch(board_id=board, process=process, until=Now() + WATCHED) for board in living],
        update_conflicts=True,
        unique_fields=["board", "process"],
        update_fields=["until"],
    )


@transaction.atomic
def end_watches(*, process: str, board_ids: Collection[int]) -> None:
    """Nobody looks at these boards in this process any more; with them go those that ran out elsewhere."""
    Watch.objects.filter(process=process, board__in=board_ids).delete()
    Watch.objects.filter(until__lt=Now() - WATCHED).delete()
