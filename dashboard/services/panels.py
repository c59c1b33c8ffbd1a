"""Panels of the draft: added, changed and taken out, one command at a time.

Called by the consumer and the JSON API. Each public function is one transaction and one event of the board. A change
names only what it changes, so two people at one board, even at one panel, keep what each of them did.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from msgspec.structs import replace

from dashboard import panels, permissions
from dashboard.events import ChangePanel, PanelChanged, PanelRemoved, PanelResult
from dashboard.models import Board, Panel, Series
from dashboard.selectors.boards import draft_of, panel_view, panels_shown
from dashboard.selectors.rights import Found, series_place, viewers
from dashboard.selectors.sources import kind_of_source
from dashboard.services.turn import Unchanged, take_turn
from dashboard.shapes import PanelView
from realtime import protocol
from realtime.protocol import Ack, Refused

if TYPE_CHECKING:
    from accounts.models import User


def add_panel(*, actor: User, board_id: int, panel: PanelView, at: datetime | None = None) -> PanelResult:
    """Puts a panel into the draft. Its id is the client's: repeated it adds none, and a removed one comes back.

    Raises:
        Refused: not_found, forbidden; `too_large` for a full board; `conflict` for the id of a panel elsewhere;
            `invalid` or `too_large` with the field at fault.
    """
    try:
        return _add(actor, board_id, panels.checked(panel), at)
    except Unchanged:
        return PanelResult(panel=panel_view(Panel.objects.get(pk=panel.id)), duplicate=True)


@transaction.atomic
def _add(actor: User, board_id: int, panel: PanelView, at: datetime | None) -> PanelResult:
    turn = take_turn(actor=actor, board_id=board_id, at=at)
    there = Panel.objects.filter(pk=panel.id).first()
    if there is not None and there.board_id == board_id:
        raise Unchanged
    if there is not None:
        raise Refused("conflict", "This panel is on another board. Copy it under a new id.", field="id")
    if Panel.objects.filter(board=board_id).count() >= panels.PANELS_MOST:
        raise Refused("too_large", f"A board has at most {panels.PANELS_MOST} panels.")
    check_content(turn.found, panel, known=panels.series_in(panels_shown(turn.board)))
    view = replace(panel, version=1)
    store_panels(turn.board, [view])
    turn.tell(PanelChanged(panel=view, board=turn.touch(draft_of(turn.board))))
    return PanelResult(panel=view)


def change_panel(*, actor: User, board_id: int, wish: ChangePanel, at: datetime | None = None) -> PanelResult:
    """Changes what the wish names of a panel; what it leaves out stays as others have it.

    Raises:
        Refused: not_found, forbidden; `gone` for a panel that was taken out; `invalid` or `too_large` with the field.
    """
    try:
        return _change(actor, board_id, wish, at)
    except Unchanged:
        return PanelResult(panel=panel_view(Panel.objects.get(pk=wish.panel, board=board_id)), duplicate=True)


@transaction.atomic
def _change(actor: User, board_id: int, wish: ChangePanel, at: datetime | None) -> PanelResult:
    turn = take_turn(actor=actor, board_id=board_id, at=at)
    row = Panel.objects.filter(pk=wish.panel, board=board_id).first()
    if row is None:
        raise Refused("gone", "Somebody took this panel out meanwhile.", field="panel")
    before = panel_view(row)
    after = panels.changed(before, wish)
    if after == before:
        raise Unchanged
    check_content(turn.found, after, known=panels.series_in(panels_shown(turn.board)))
    view = replace(after, version=before.version + 1)
    row.kind, row.version, row.view = view.kind, view.version, protocol.encode(view).decode()
    row.save(update_fields=["kind", "version", "view"])
    turn.tell(PanelChanged(panel=view, board=turn.touch(draft_of(turn.board))))
    return PanelResult(panel=view)


def remove_panel(*, actor: User, board_id: int, panel_id: UUID, at: datetime | None = None) -> Ack:
    """Takes a panel out of the draft; one that is gone already is no error.

    Raises:
        Refused: not_found, forbidden.
    """
    with contextlib.suppress(Unchanged):
        _remove(actor, board_id, panel_id, at)
    return Ack()


@transaction.atomic
def _remove(actor: User, board_id: int, panel_id: UUID, at: datetime | None) -> None:
    turn = take_turn(actor=actor, board_id=board_id, at=at)
    if not Panel.objects.filter(pk=panel_id, board=board_id).delete()[0]:
        raise Unchanged
    turn.tell(PanelRemoved(panel=panel_id, board=turn.touch(draft_of(turn.board))))


def store_panels(board: Board, views: Sequence[PanelView]) -> None:
    """New rows of the draft."""
    Panel.objects.bulk_create(
        Panel(id=view.id, board_id=board.pk, kind=view.kind, version=view.version, view=protocol.encode(view).decode())
        for view in views
    )


def check_content(found: Found, panel: PanelView, *, known: Sequence[int] = ()) -> None:
    """Whether this person may put these series and this source on this board.

    Args:
        found: the board and the person.
        panel: what it shall hold.
        known: series that the board shows already: whoever cannot see one of them may still move its panel.

    Raises:
        Refused: `invalid` with field series or source.
    """
    new = set(panels.series_in([panel])) - set(known)
    rows = {row.pk: row for row in Series.objects.filter(pk__in=new)} if new else {}
    rooms = {row.room_id for row in rows.values() if row.room_id is not None} | set(found.place.shares)
    viewer = viewers(user_ids=[found.viewer.user], room_ids=rooms)[found.viewer.user] if new else found.viewer
    for pk in new:
        if pk not in rows or not permissions.can_see_series(viewer, series_place(rows[pk])):
            raise Refused("invalid", "There is no such series, or you may not see it.", field="series")
        if not permissions.can_place(viewer, found.place, series_place(rows[pk])):
            raise Refused("invalid", _BELONGS[found.place.kind], field="series")
    if panel.source and panel.kind in panels.LISTS:
        kind = kind_of_source(actor_id=found.viewer.user, place=found.place, name=panel.source)
        if kind != panel.kind:
            raise Refused("invalid", f"There is no such {panel.kind} here, or you may not see it.", field="source")


_BELONGS = {
    permissions.SITE: "The platform's board shows series of the platform: everybody who sees it may see all of it.",
    permissions.ROOM: "A room's board shows series of this room: everybody who sees it may see all of it.",
    permissions.OWN: "Of people, a board shows only series of whoever made it.",
}
