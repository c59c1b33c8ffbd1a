"""Series that somebody may read. Called by views, services and files of figures. Never writes.

Unknown and forbidden are both `not_found`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db.models import Q

from chat import selectors as chat
from chat.selectors.joined import joined_rooms
from dashboard import permissions
from dashboard.models import Series
from dashboard.selectors.boards import series_views
from dashboard.selectors.rights import MOST_ID, find_board, series_place, viewer_of, viewers
from dashboard.shapes import SeriesList
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

SERIES_MOST: Final = 2_000


def find_series(*, actor: User, series_id: int) -> Series:
    """A series that the person may read.

    Raises:
        Refused: `not_found`.
    """
    row = Series.objects.filter(pk=series_id).first() if 0 < series_id <= MOST_ID else None
    rooms = [row.room_id] if row is not None and row.room_id is not None else []
    if row is None or not permissions.can_see_series(viewer_of(actor=actor, room_ids=rooms), series_place(row)):
        raise Refused("not_found")
    return row


def series_list(*, actor: User, room_id: int | None = None, board_id: int | None = None) -> SeriesList:
    """What the person may read, by scope and name.

    Args:
        actor: who asks.
        room_id: of rooms, only this one's.
        board_id: only what they may put on this board.

    Raises:
        Refused: `not_found` for the room or the board.
    """
    if room_id is not None:
        chat.rights_in(actor=actor, room_id=room_id)
    joined = [room.id for room in joined_rooms(user_id=actor.pk)]
    viewer = viewer_of(actor=actor, room_ids=joined)
    rooms = [room for room in joined if room_id in {None, room}]
    wanted = Q(owner=actor.pk, scope=Series.Scope.PERSON) | Q(room__in=rooms)
    if viewer.staff:
        wanted |= Q(scope=Series.Scope.SITE)
    rows = list(Series.objects.filter(wanted).order_by("scope", "room", "name", "pk")[:SERIES_MOST])
    if board_id is not None:
        place = find_board(actor=actor, board_id=board_id).place
        known = viewers(user_ids=[actor.pk], room_ids={*joined, *place.shares})[actor.pk]
        rows = [row for row in rows if permissions.can_place(known, place, series_place(row))]
    return SeriesList(series=series_views(rows))
