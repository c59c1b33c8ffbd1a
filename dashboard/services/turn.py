"""What every change of a board begins with: its place in the board's log, which locks it, and the rights of now.

Called by boards.py, panels.py and shares.py inside their transactions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from dashboard import panels
from dashboard.models import Board
from dashboard.selectors.boards import board_view, published_of
from dashboard.selectors.rights import MOST_ID, Found, board_topic, find_board
from dashboard.shapes import BoardView, PanelView
from realtime import log
from realtime.protocol import Effect, Event, Refused

if TYPE_CHECKING:
    from accounts.models import User


class Unchanged(Exception):
    """There is nothing to do; raised inside the transaction, it gives the seq back."""


@dataclass(slots=True)
class Turn:
    """One change of one board; nobody else changes it until the transaction ends."""

    actor: User
    found: Found
    seq: int
    now: datetime

    @property
    def board(self) -> Board:
        """The board, as it is now."""
        return self.found.board

    def touch(self, draft: list[PanelView]) -> BoardView:
        """Notes who changed the draft; one that looks as what is published is none."""
        same = panels.are_same(draft, published_of(self.board))
        self.board.changed_at = None if same else self.now
        self.board.changed_by_id = None if same else self.actor.pk
        self.board.save(update_fields=["changed_at", "changed_by"])
        return board_view(self.board)

    def tell(self, event: Event, effect: Effect | None = None) -> None:
        """Tells everybody who looks at the board, after the commit."""
        log.append(
            topic=board_topic(self.board.pk),
            seq=self.seq,
            event=event,
            actor_id=self.actor.pk,
            effect=effect,
            at=self.now,
        )


def take_turn(*, actor: User, board_id: int, at: datetime | None, edit: bool = True) -> Turn:
    """Locks the board, then reads the rights.

    Raises:
        Refused: `not_found`; `forbidden` for somebody who may not edit, where `edit` asks for that.
    """
    if not 0 < board_id <= MOST_ID:
        raise Refused("not_found")
    seq = log.reserve(board_topic(board_id))
    found = find_board(actor=actor, board_id=board_id)
    if edit and not found.may_edit:
        raise Refused("forbidden", "You may look at this board, but not change it.")
    return Turn(actor, found, seq, at or timezone.now())
