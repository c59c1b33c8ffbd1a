"""What goes when somebody's account ends: their boards, and what they measured.

Called by accounts through PERSON_GONE_HOOKS, inside the transaction that erases the account.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from dashboard.events import BoardRemoved
from dashboard.models import Board, Series
from dashboard.selectors.rights import board_topic
from dashboard.services.charts import stop_showing
from realtime import log
from realtime.protocol import Effect

GONE = Effect(close_code=4404, reason="This board was deleted.")


@transaction.atomic
def forget_person(*, user_id: int) -> None:
    """Deletes the person's own boards, with whom they were shared, and their own series with all samples and feeds.

    Whoever looks at one of the boards is told, and their socket closes.
    """
    now = timezone.now()
    for board in Board.objects.filter(owner=user_id).order_by("pk"):
        log.append(topic=board_topic(board.pk), event=BoardRemoved(id=board.pk), effect=GONE, at=now)
        board.delete()
    own = list(Series.objects.filter(owner=user_id).values_list("pk", flat=True))
    stop_showing(series_ids=own)
    Series.objects.filter(pk__in=own).delete()
