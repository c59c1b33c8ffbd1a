"""Own boards shown to the members of rooms. Each public function is one transaction and one event of the board.

Called by the JSON API. Whoever loses sight of a board loses it with this event: the sockets at the board close and come
back, and rights are read again as they do.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import transaction

from chat import selectors as chat
from dashboard.events import BoardChanged
from dashboard.models import Share
from dashboard.selectors.boards import board_view
from dashboard.selectors.rights import find_own_board
from dashboard.services.turn import Turn, Unchanged, take_turn
from realtime.protocol import Ack, Effect, Refused

if TYPE_CHECKING:
    from accounts.models import User

SHARES_MOST: Final = 20
COME_BACK: Final = Effect(close_code=1012, reason="Who sees this board has changed.")


def share_board(*, actor: User, board_id: int, room_id: int, may_edit: bool = False, at: datetime | None = None) -> Ack:
    """Shows a board of one's own to the members of a room, who may change it where `may_edit` says so.

    Raises:
        Refused: `not_found` for a board or room that the actor does not see; `forbidden` for a board that is not
            theirs; `not_member` for a room that they are not in; `too_large` at the bound.
    """
    with contextlib.suppress(Unchanged):
        _share(actor, board_id, room_id, may_edit, at)
    return Ack()


@transaction.atomic
def _share(actor: User, board_id: int, room_id: int, may_edit: bool, at: datetime | None) -> None:
    turn = _own_turn(actor, board_id, at)
    if not chat.rights_in(actor=actor, room_id=room_id).is_member:
        raise Refused("not_member", "Share it with rooms that you are in.", field="room")
    held = {share.room_id: share for share in Share.objects.filter(board=board_id)}
    before = held.get(room_id)
    if before is not None and before.may_edit == may_edit:
        raise Unchanged
    if before is None and len(held) >= SHARES_MOST:
        raise Refused("too_large", f"A board is shared with at most {SHARES_MOST} rooms.")
    Share.objects.update_or_create(board_id=board_id, room_id=room_id, defaults={"may_edit": may_edit})
    # What they may do with it is read again when they come back.
    turn.tell(BoardChanged(board=board_view(turn.board)), COME_BACK if before is not None else None)


def unshare_board(*, actor: User, board_id: int, room_id: int, at: datetime | None = None) -> Ack:
    """Takes a board back from a room; one that is not shared with it is no error.

    Raises:
        Refused: `not_found`; `forbidden` for a board that is not the actor's own.
    """
    with contextlib.suppress(Unchanged):
        _unshare(actor, board_id, room_id, at)
    return Ack()


@transaction.atomic
def _unshare(actor: User, board_id: int, room_id: int, at: datetime | None) -> None:
    turn = _own_turn(actor, board_id, at)
    if not Share.objects.filter(board=board_id, room=room_id).delete()[0]:
        raise Unchanged
    turn.tell(BoardChanged(board=board_view(turn.board)), COME_BACK)


def _own_turn(actor: User, board_id: int, at: datetime | None) -> Turn:
    turn = take_turn(actor=actor, board_id=board_id, at=at, edit=False)
    find_own_board(actor=actor, board_id=board_id)
    return turn
