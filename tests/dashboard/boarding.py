"""Boards, panels and commands for tests, made by the services that the product uses."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from accounts.models import User
from dashboard import services
from dashboard.events import ChangePanel
from dashboard.models import Series
from dashboard.selectors import board_snapshot
from dashboard.shapes import BoardSnapshot, BoardView, PanelSeries, PanelView


def own_board(actor: User, name: str = "Mine") -> BoardView:
    """An empty board of somebody's own."""
    return services.create_board(actor=actor, name=name)


def panel(**given: Any) -> PanelView:
    """A line of no series, unless the test says something else."""
    usual: dict[str, Any] = {"id": uuid4(), "kind": "line", "title": "Panel", "x": 0, "y": 0, "w": 6, "h": 4}
    return PanelView(**(usual | given))


def put(actor: User, board: int, **given: Any) -> PanelView:
    """A panel in the draft."""
    return services.add_panel(actor=actor, board_id=board, panel=panel(**given)).panel


def change(actor: User, board: int, panel_id: UUID, **given: Any) -> PanelView:
    """What somebody changes of a panel."""
    return services.change_panel(actor=actor, board_id=board, wish=ChangePanel(panel=panel_id, **given)).panel


def snapshot(actor: User, board: int) -> BoardSnapshot:
    """The board as this person gets it."""
    return board_snapshot(actor=actor, board_id=board)


def series_of(owner: User | None = None, room: int | None = None, name: str = "load", kind: str = "gauge") -> Series:
    """A series from outside: a person's, a room's or the site's."""
    scope = "person" if owner is not None else "room" if room is not None else "site"
    place = f"person/{owner.pk}/" if owner is not None else f"room/{room}/" if room is not None else "site/"
    return Series.objects.create(
        key=f"{place}{name}", scope=scope, owner=owner, room_id=room, name=name, kind=kind, outside=True
    )


def showing(*series: Series, **given: Any) -> list[PanelSeries]:
    """The series of a panel."""
    return [PanelSeries(series=one.pk, **given) for one in series]
