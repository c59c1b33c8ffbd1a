"""Whether boards can be read and numbers are recorded, for `manage.py doctor`. Never writes, and repairs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import msgspec
from django.db.models.functions import Now

from dashboard import panels
from dashboard.models import Board, Flush, Panel
from dashboard.selectors.boards import draft_of, published_of
from realtime.protocol import Refused

LATE: Final = timedelta(minutes=2)
"""The recorder takes what is handed over within five seconds."""


@dataclass(frozen=True, slots=True)
class Soundness:
    """What was found.

    Attributes:
        boards, panels: how many there are; panels of drafts.
        broken: a sentence for each board that cannot be read, or holds a panel that cannot be.
        late: rows that nobody recorded for two minutes.
    """

    boards: int
    panels: int
    broken: list[str]
    late: int


def look_at_boards() -> Soundness:
    """Reads every board as a page would."""
    rows = list(Board.objects.order_by("pk"))
    return Soundness(
        boards=len(rows),
        panels=Panel.objects.count(),
        broken=[fault for row in rows if (fault := _fault(row))],
        late=Flush.objects.filter(at__lt=Now() - LATE).count(),
    )


def _fault(board: Board) -> str:
    try:
        draft = draft_of(board)
        for panel in (*published_of(board), *draft):
            panels.checked(panel)
    except msgspec.MsgspecError as error:
        return f"board {board.pk} cannot be read: {error}"
    except Refused as refused:
        return f"board {board.pk} holds a panel that cannot be: {refused.message}"
    if board.changed_at is None and not panels.are_same(published_of(board), draft):
        return f"board {board.pk} says it has no draft, and has one"
    return ""
