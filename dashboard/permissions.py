"""Who may see and change a board, and who may see a series: predicates over plain values.

Called by selectors and services. Pure: never touches Django, a database, a clock or a socket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

SITE: Final = "site"
ROOM: Final = "room"
OWN: Final = "own"
"""Kinds of boards."""
PERSON: Final = "person"
"""A series is the site's, a room's or a person's."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who looks.

    Attributes:
        staff: as they are now.
        rooms: those of the rooms in question that they are in, with whether they may write there.
    """

    user: int
    staff: bool = False
    rooms: Mapping[int, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BoardPlace:
    """Whose a board is.

    Attributes:
        kind: site, room or own.
        room: of a room's board; owner: of somebody's own.
        shares: rooms whose members see it, with whether they may change it.
    """

    kind: str
    room: int | None = None
    owner: int | None = None
    shares: Mapping[int, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeriesPlace:
    """Whose a series is: scope is site, room or person."""

    scope: str
    room: int | None = None
    owner: int | None = None


def can_see(viewer: Viewer, board: BoardPlace) -> bool:
    """Open the board."""
    if board.kind == SITE:
        return viewer.staff
    if board.kind == ROOM:
        return board.room in viewer.rooms
    return board.owner == viewer.user or any(room in viewer.rooms for room in board.shares)


def can_edit(viewer: Viewer, board: BoardPlace) -> bool:
    """Change its panels and publish them. A room's board is changed by whoever may write in the room."""
    if board.kind == SITE:
        return viewer.staff
    if board.kind == ROOM:
        return board.room is not None and viewer.rooms.get(board.room, False)
    return board.owner == viewer.user or any(
        room in viewer.rooms for room, may_edit in board.shares.items() if may_edit
    )


def can_own(viewer: Viewer, board: BoardPlace) -> bool:
    """Share the board and delete it. Those of the site and of rooms are nobody's: they stay with what they are of."""
    return board.kind == OWN and board.owner == viewer.user


def can_see_series(viewer: Viewer, series: SeriesPlace) -> bool:
    """Read the figures of a series."""
    if series.scope == SITE:
        return viewer.staff
    if series.scope == ROOM:
        return series.room in viewer.rooms
    return series.owner == viewer.user


def can_see_on(viewer: Viewer, board: BoardPlace, series: SeriesPlace) -> bool:
    """Read the figures of a series in a panel of this board: what the owner measures is shown with it."""
    return can_see_series(viewer, series) or (series.scope == PERSON and series.owner == board.owner is not None)


def can_place(viewer: Viewer, board: BoardPlace, series: SeriesPlace) -> bool:
    """Put a series into a panel: the site's and a room's board hold what is theirs, so that all who look see all of it.

    On somebody's own board stand series that whoever puts them there sees, and of people only its owner's own.
    """
    if board.kind == SITE:
        return viewer.staff and series.scope == SITE
    if board.kind == ROOM:
        return series.scope == ROOM and series.room == board.room and series.room in viewer.rooms
    return can_see_series(viewer, series) and (series.scope != PERSON or series.owner == board.owner)


def is_for_all(owner: Viewer | None, board: BoardPlace, series: SeriesPlace) -> bool:
    """Whether everybody who sees the board may see the series on it, so that one telling serves them all."""
    if board.kind == SITE:
        return series.scope == SITE
    if board.kind == ROOM:
        return series.scope == ROOM and series.room == board.room
    if series.scope == PERSON:
        return series.owner == board.owner
    if owner is None or not can_see_series(owner, series):
        return False
    return not board.shares or (series.scope == ROOM and set(board.shares) == {series.room})
