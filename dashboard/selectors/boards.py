"""Boards as people see them: lists, and the state that a page starts from.

Called by views, services and the consumer. Never writes, and shows nobody a board or a series that they may not see.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec
from django.db.models import Q

from accounts import selectors as accounts
from chat import selectors as chat
from chat.selectors.joined import joined_rooms, rooms_by_id
from dashboard import defaults, panels, permissions
from dashboard.models import Board, Feed, Panel, Series, Share
from dashboard.permissions import Viewer
from dashboard.selectors.rights import (
    Found,
    find_board,
    find_own_board,
    places_of,
    series_place,
    viewer_of,
    viewers,
)
from dashboard.shapes import (
    BoardList,
    BoardSummary,
    BoardTemplate,
    BoardView,
    PanelView,
    SeriesView,
    ShareList,
    ShareView,
)

if TYPE_CHECKING:
    from accounts.models import User

BOARDS_MOST: Final = 30
"""Own boards of one person."""
SILENT: Final = "The address that it comes from gives no number."
_PANELS: Final = msgspec.json.Decoder(list[PanelView])
_PANEL: Final = msgspec.json.Decoder(PanelView)


def board_views(boards: Collection[Board]) -> dict[int, BoardView]:
    """Boards without their panels, in a fixed number of queries."""
    people = accounts.people_views({pk for board in boards for pk in (board.owner_id, board.changed_by_id) if pk})
    rooms = rooms_by_id({board.room_id for board in boards if board.room_id})
    shared = set(Share.objects.filter(board__in=[board.pk for board in boards]).values_list("board_id", flat=True))
    return {
        board.pk: BoardView(
            id=board.pk,
            kind=board.kind,
            name=board.name,
            url=f"{rooms[board.room_id].url}board/" if board.room_id else f"/boards/{board.pk}/",
            range_seconds=board.range_seconds,
            version=board.version,
            room=board.room_id,
            owner=people.get(board.owner_id) if board.owner_id else None,
            shared=board.pk in shared,
            published_at=board.published_at,
            changed_at=board.changed_at,
            changed_by=people.get(board.changed_by_id) if board.changed_by_id else None,
        )
        for board in boards
    }


def board_view(board: Board) -> BoardView:
    """One board without its panels."""
    return board_views([board])[board.pk]


def published_of(board: Board) -> list[PanelView]:
    """What everybody sees."""
    return _PANELS.decode(board.published)


def draft_of(board: Board) -> list[PanelView]:
    """What editors have."""
    return panels.in_order(panel_view(row) for row in Panel.objects.filter(board=board.pk))


def panel_view(row: Panel) -> PanelView:
    """A panel of the draft."""
    return _PANEL.decode(row.view)


def view_board(*, actor: User, board_id: int) -> BoardView:
    """One board that the person sees, without its panels.

    Raises:
        Refused: `not_found`.
    """
    return board_view(find_board(actor=actor, board_id=board_id).board)


def board_list(*, actor: User) -> BoardList:
    """What the person may open: the site's first, their own, those shared with them, and those of their rooms."""
    names = {room.id: room.name for room in joined_rooms(user_id=actor.pk)}
    viewer = viewer_of(actor=actor, room_ids=names)
    mine = Q(owner=actor.pk) | Q(shares__room__in=names) | Q(room__in=names)
    found = Board.objects.filter(mine | Q(kind=Board.Kind.SITE) if viewer.staff else mine).distinct()
    boards = sorted(found, key=lambda board: (_RANK[board.kind], board.owner_id != actor.pk, board.name.lower()))
    views, places = board_views(boards), places_of(boards)
    return BoardList(
        boards=[
            BoardSummary(
                board=views[board.pk],
                may_edit=permissions.can_edit(_writer(actor, viewer, board), places[board.pk]),
                panels=len(published_of(board)),
                room_name=names.get(board.room_id, "") if board.room_id else "",
            )
            for board in boards
        ],
        may_create=sum(board.owner_id == actor.pk for board in boards) < BOARDS_MOST,
        templates=_templates(viewer, names),
    )


def _templates(viewer: Viewer, rooms: Mapping[int, str]) -> list[BoardTemplate]:
    """With what somebody may begin a board of their own; conversations between certain people have no name."""
    health = [BoardTemplate(name=defaults.HEALTH, title="Realtime health", panels=len(defaults.health_panels()))]
    count = len(defaults.room_panels())
    named = sorted((name.lower(), name, room) for room, name in rooms.items() if name)
    return (health if viewer.staff else []) + [
        BoardTemplate(name=defaults.ROOM, title=name, panels=count, room=room) for _, name, room in named
    ]


_RANK: Final = {permissions.SITE: 0, permissions.OWN: 1, permissions.ROOM: 2}


def _writer(actor: User, viewer: Viewer, board: Board) -> Viewer:
    """Of a room's board it matters whether one may write in the room."""
    if board.room_id is None:
        return viewer
    rights = chat.rights_of(room_id=board.room_id, user_ids=[actor.pk])[actor.pk]
    return Viewer(viewer.user, viewer.staff, {board.room_id: rights.may_write})


def _viewer_for(found: Found, series: Iterable[Series]) -> Viewer:
    rooms = {one.room_id for one in series if one.room_id is not None} | set(found.place.shares)
    return viewers(user_ids=[found.viewer.user], room_ids=rooms)[found.viewer.user]


def series_on(found: Found, shown: Sequence[PanelView]) -> list[Series]:
    """The series of these panels that the reader may see."""
    rows = list(Series.objects.filter(pk__in=panels.series_in(shown)).order_by("pk"))
    viewer = _viewer_for(found, rows)
    return [row for row in rows if permissions.can_see_on(viewer, found.place, series_place(row))]


def series_apart(found: Found, series: Sequence[Series]) -> list[int]:
    """Ids of those of the series that no tick tells of on this board."""
    everybodys = set(told_to_all([(found.board, [row.pk for row in series])]).get(found.board.pk, ()))
    return [row.pk for row in series if row.pk not in everybodys]


def told_to_all(wanted: Collection[tuple[Board, Sequence[int]]]) -> dict[int, list[int]]:
    """Of each board those of the series that everybody who sees it may see: what its ticks may tell.

    Called by the recorder each second for the boards that somebody looks at, in four queries for all of them: what
    was shared a second ago is already taken into account.

    Args:
        wanted: boards with ids of series in their panels.
    """
    places = places_of([board for board, _ in wanted])
    rows = {row.pk: row for row in Series.objects.filter(pk__in={pk for _, ids in wanted for pk in ids})}
    owners = {place.owner for place in places.values() if place.owner is not None}
    rooms = {row.room_id for row in rows.values() if row.room_id is not None}
    known = viewers(user_ids=owners, room_ids=rooms)
    return {
        board.pk: [
            pk
            for pk in ids
            if pk in rows
            and permissions.is_for_all(
                known.get(board.owner_id) if board.owner_id else None, places[board.pk], series_place(rows[pk])
            )
        ]
        for board, ids in wanted
    }


def panels_shown(board: Board) -> list[PanelView]:
    """What somebody who looks may have on the page: what is published, and the draft."""
    return [*published_of(board), *draft_of(board)]


def series_views(rows: Iterable[Series]) -> list[SeriesView]:
    """Series as whoever may see them sees them. What exactly is wrong with a feed is told to its owner alone."""
    rows = list(rows)
    outside = [row.pk for row in rows if row.outside]
    failing = Feed.objects.filter(series__in=outside, enabled=True).exclude(problem="").values_list("series", flat=True)
    silent = set(failing) if outside else set()
    return [
        SeriesView(
            id=row.pk,
            name=row.name,
            title=row.title,
            scope=row.scope,
            kind=row.kind,
            unit=row.unit,
            room=row.room_id,
            outside=row.outside,
            last_at=row.last_at,
            last_value=row.last_value,
            problem=SILENT if row.pk in silent else "",
        )
        for row in rows
    ]


def share_list(*, actor: User, board_id: int) -> ShareList:
    """With whom the person shares a board of their own.

    Raises:
        Refused: `not_found`; `forbidden` for a board that they only see.
    """
    find_own_board(actor=actor, board_id=board_id)
    shares = list(Share.objects.filter(board=board_id).order_by("pk"))
    rooms = rooms_by_id([share.room_id for share in shares])
    return ShareList(
        shares=[
            ShareView(
                room=share.room_id,
                name=rooms[share.room_id].name,
                url=rooms[share.room_id].url,
                may_edit=share.may_edit,
            )
            for share in shares
        ]
    )
