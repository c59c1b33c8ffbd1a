"""What people may do with boards and series, read from the database as it is now.

Called by the other selectors, by services and by the socket. Never writes; unknown and forbidden are both `not_found`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from accounts import selectors as accounts
from chat import selectors as chat
from chat.selectors.joined import members_among
from dashboard import permissions
from dashboard.models import Board, Series, Share
from dashboard.permissions import BoardPlace, SeriesPlace, Viewer
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

MOST_ID: Final = 2**63 - 1
"""What a database's id can be; a larger number is the address of nothing."""


def board_topic(board_id: int) -> str:
    """Where a board's changes and figures are published."""
    return f"dashboard:{board_id}"


@dataclass(frozen=True, slots=True)
class Found:
    """A board and what somebody may do with it."""

    board: Board
    place: BoardPlace
    viewer: Viewer

    @property
    def may_edit(self) -> bool:
        """Whether they may change it."""
        return permissions.can_edit(self.viewer, self.place)


def place_of(board: Board, shares: Iterable[Share]) -> BoardPlace:
    """Plain values for dashboard.permissions."""
    return BoardPlace(
        kind=board.kind,
        room=board.room_id,
        owner=board.owner_id,
        shares={share.room_id: share.may_edit for share in shares},
    )


def places_of(boards: Collection[Board]) -> dict[int, BoardPlace]:
    """As `place_of`, of several."""
    shares: dict[int, list[Share]] = {board.pk: [] for board in boards}
    for share in Share.objects.filter(board__in=list(shares)):
        shares[share.board_id].append(share)
    return {board.pk: place_of(board, shares[board.pk]) for board in boards}


def series_place(series: Series) -> SeriesPlace:
    """Plain values for dashboard.permissions."""
    return SeriesPlace(scope=series.scope, room=series.room_id, owner=series.owner_id)


def viewers(*, user_ids: Collection[int], room_ids: Collection[int]) -> dict[int, Viewer]:
    """What people are now, in these rooms; whether they may write there is not asked."""
    rooms: dict[int, dict[int, bool]] = {user: {} for user in user_ids}
    for user, room in members_among(user_ids=user_ids, room_ids=room_ids):
        rooms[user][room] = True
    staff = accounts.staff_among(user_ids)
    return {user: Viewer(user, user in staff, rooms[user]) for user in user_ids}


def viewer_of(*, actor: User, room_ids: Collection[int]) -> Viewer:
    """As `viewers`, of one person."""
    return viewers(user_ids=[actor.pk], room_ids=room_ids)[actor.pk]


def find_board(*, actor: User, board_id: int) -> Found:
    """A board that the person sees.

    Raises:
        Refused: `not_found`.
    """
    board = Board.objects.filter(pk=board_id).first() if 0 < board_id <= MOST_ID else None
    if board is None:
        raise Refused("not_found")
    place = place_of(board, board.shares.all())
    viewer = viewer_of(actor=actor, room_ids=place.shares)
    if place.room is not None:
        rights = chat.rights_of(room_id=place.room, user_ids=[actor.pk]).get(actor.pk)
        rooms = {place.room: rights.may_write} if rights is not None and rights.is_member else {}
        viewer = Viewer(actor.pk, viewer.staff, rooms)
    if not permissions.can_see(viewer, place):
        raise Refused("not_found")
    return Found(board, place, viewer)


def find_own_board(*, actor: User, board_id: int) -> Found:
    """A board that is the person's to share and to delete.

    Raises:
        Refused: `not_found`; `forbidden` for one that they only see.
    """
    found = find_board(actor=actor, board_id=board_id)
    if not permissions.can_own(found.viewer, found.place):
        raise Refused("forbidden", "Only whoever made the board may do this.")
    return found


def who_sees(*, board_id: int, user_ids: Collection[int]) -> set[int]:
    """Those of the people who may see the board now; nobody sees one that is gone."""
    board = Board.objects.filter(pk=board_id).first()
    if board is None or not user_ids:
        return set()
    place = place_of(board, board.shares.all())
    rooms = {*place.shares, *([place.room] if place.room is not None else [])}
    found = viewers(user_ids=user_ids, room_ids=rooms)
    return {user for user, viewer in found.items() if permissions.can_see(viewer, place)}


def rooms_of_sight(*, actor: User, board_id: int) -> list[int]:
    """The rooms through which the person sees the board: losing one of them may end it.

    Raises:
        Refused: `not_found`.
    """
    found = find_board(actor=actor, board_id=board_id)
    return sorted(found.viewer.rooms)
