"""Boards: made, named, published and deleted; the site's and a room's are made when they are first asked for.

Called by the consumer, the JSON API and commands. Each public function is one transaction and at most one event of the
board.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from msgspec import UNSET, UnsetType
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from chat import selectors as chat
from chat import texts
from chat.selectors.joined import rooms_by_id
from dashboard import catalogue, defaults, panels
from dashboard.defaults import Default
from dashboard.events import BoardChanged, BoardPublished, BoardRemoved
from dashboard.models import TITLE_CHARS, Board, Panel, Series
from dashboard.selectors.boards import BOARDS_MOST, board_view, draft_of, published_of
from dashboard.selectors.rights import Found, find_board, find_own_board, viewer_of
from dashboard.services.panels import check_content, store_panels
from dashboard.services.recording import make_series
from dashboard.services.turn import Turn, Unchanged, take_turn
from dashboard.shapes import RANGES, BoardView, PanelView
from realtime import protocol
from realtime.protocol import Ack, Effect, Refused

if TYPE_CHECKING:
    from accounts.models import User


ROOM_SECONDS: Final = 86_400
"""A room's figures are looked at by the day."""


def ensure_site_board() -> int:
    """The id of the platform's board, which is made when there is none."""
    found = Board.objects.filter(kind=Board.Kind.SITE).values_list("pk", flat=True).first()
    return found if found is not None else _make(Board(kind=Board.Kind.SITE, name="Dashboard"), range_seconds=900)


def ensure_room_board(*, actor: User, room_id: int) -> int:
    """The id of a room's board, which is made when there is none; for its members.

    Raises:
        Refused: not_found, not_member.
    """
    rights = chat.rights_in(actor=actor, room_id=room_id)
    if not rights.is_member:
        raise Refused("not_member", "A room's board is for its members.")
    found = Board.objects.filter(room=room_id).values_list("pk", flat=True).first()
    if found is not None:
        return found
    name = rooms_by_id([room_id])[room_id].name or "Board"
    return _make(Board(kind=Board.Kind.ROOM, room_id=room_id, name=name[:TITLE_CHARS]), range_seconds=ROOM_SECONDS)


def _make(board: Board, *, range_seconds: int) -> int:
    """Two who ask at once get the same."""
    try:
        with transaction.atomic():
            board.range_seconds = range_seconds
            _fill(board, _defaults(board), timezone.now())
            return board.pk
    except IntegrityError:
        same = {"room": board.room_id} if board.room_id is not None else {"kind": board.kind}
        return Board.objects.get(**same).pk


def _defaults(board: Board) -> list[PanelView]:
    if board.room_id is not None:
        return _named(defaults.room_panels(), catalogue.room_key(board.room_id, ""))
    return _named(defaults.site_panels(), catalogue.site_key(""))


def _named(wanted: list[Default], scope: str) -> list[PanelView]:
    """Panels whose series are found by their names."""
    names = {one.name for panel in wanted for one in panel.series}
    ids = series_ids({f"{scope}{name}" for name in names})
    return [panel.view(id=uuid7(), series={name: ids[f"{scope}{name}"] for name in names}) for panel in wanted]


def series_ids(keys: Collection[str]) -> dict[str, int]:
    """Ids of series that the site counts itself; those that nothing was heard of yet are made."""
    found = dict(Series.objects.filter(key__in=keys).values_list("key", "pk"))
    if missing := set(keys) - found.keys():
        make_series(missing)
        found |= dict(Series.objects.filter(key__in=missing).values_list("key", "pk"))
    return found


def _fill(board: Board, shown: list[PanelView], at: datetime) -> None:
    """Stores a new board that is published as it is."""
    board.published = protocol.encode(panels.in_order(shown)).decode()
    board.version, board.published_at, board.created_at = 1, at, at
    board.save()
    store_panels(board, shown)


def create_board(
    *,
    actor: User,
    name: str,
    copy: int | None = None,
    template: str = "",
    room: int | None = None,
    at: datetime | None = None,
) -> BoardView:
    """Makes a board of one's own: empty, with the panels of another that one sees, or with those of a template.

    Args:
        actor: who makes it.
        name: what it is called.
        copy: a board; of its panels come those series and sources that may stand on the new one.
        template: one of defaults; empty for none.
        room: of the template `room`.
        at: when; None is now.

    Raises:
        Refused: `too_large` at the bound of own boards; not_found for the one to copy, or the room; `forbidden` or
            not_member for a template; `invalid` with field name or template.
    """
    board = Board(kind=Board.Kind.OWN, owner_id=actor.pk, name=_clean_name(name))
    begun = _template(actor, template, room)
    board.range_seconds = ROOM_SECONDS if template == defaults.ROOM else board.range_seconds
    with transaction.atomic():
        # Those that are there stay locked, so that two tabs do not both make the last one.
        held = Board.objects.select_for_update().filter(owner=actor.pk).values_list("pk", flat=True)
        if len(held) >= BOARDS_MOST:
            raise Refused("too_large", f"You have {BOARDS_MOST} boards, which is as many as one can have.")
        if copy is not None:
            source = find_board(actor=actor, board_id=copy).board
            board.range_seconds, room, begun = source.range_seconds, source.room_id, published_of(source)
        board.save()
        _fill(board, _copied(actor, board, begun, room), at or timezone.now())
    return board_view(board)


def _template(actor: User, name: str, room: int | None) -> list[PanelView]:
    if name == "" and room is None:
        return []
    if name == defaults.HEALTH and room is None:
        if not viewer_of(actor=actor, room_ids=[]).staff:
            raise Refused("forbidden", "How the site is doing is for staff.", field="template")
        return _named(defaults.health_panels(), catalogue.site_key(""))
    if name != defaults.ROOM or room is None:
        raise Refused("invalid", "There is no such template.", field="template")
    if not chat.rights_in(actor=actor, room_id=room).is_member:
        raise Refused("not_member", "A room's figures are for its members.", field="template")
    return _named(defaults.room_panels(), catalogue.room_key(room, ""))


def _copied(actor: User, board: Board, shown: list[PanelView], room_id: int | None) -> list[PanelView]:
    found = find_board(actor=actor, board_id=board.pk)
    copied = []
    for panel in shown:
        source = f"room/{room_id}/{panel.source}" if panel.source and room_id is not None else panel.source
        new = replace(panel, id=uuid7(), version=1, source=source)
        kept = [one for one in new.series if _may_hold(found, replace(new, series=[one], source=""))]
        new = replace(new, series=kept)
        copied.append(new if _may_hold(found, replace(new, series=[])) else replace(new, source=""))
    return copied


def _may_hold(found: Found, panel: PanelView) -> bool:
    try:
        check_content(found, panel)
    except Refused:
        return False
    return True


def _clean_name(name: str) -> str:
    return texts.clean_line(name, field="name", most=TITLE_CHARS, least=1)


def change_board(
    *,
    actor: User,
    board_id: int,
    name: str | UnsetType = UNSET,
    range_seconds: int | UnsetType = UNSET,
    at: datetime | None = None,
) -> Ack:
    """Renames a board, or chooses the range that it opens with.

    Raises:
        Refused: not_found, forbidden; `invalid` or `too_large` with the field.
    """
    values: dict[str, str | int] = {}
    if name is not UNSET:
        values["name"] = _clean_name(name)
    if range_seconds is not UNSET:
        if range_seconds not in RANGES:
            raise Refused("invalid", f"A range is one of {', '.join(map(str, RANGES))} seconds.", field="range_seconds")
        values["range_seconds"] = range_seconds
    with contextlib.suppress(Unchanged):
        _change(actor, board_id, values, at)
    return Ack()


@transaction.atomic
def _change(actor: User, board_id: int, values: dict[str, str | int], at: datetime | None) -> None:
    turn = take_turn(actor=actor, board_id=board_id, at=at)
    if all(getattr(turn.board, name) == value for name, value in values.items()):
        raise Unchanged
    for name, value in values.items():
        setattr(turn.board, name, value)
    turn.board.save(update_fields=list(values))
    turn.tell(BoardChanged(board=board_view(turn.board)))


def publish_board(*, actor: User, board_id: int, version: int, at: datetime | None = None) -> Ack:
    """Shows the draft to everybody.

    Args:
        actor: who does it.
        board_id: which.
        version: the board's when the actor began: with another, somebody published meanwhile.
        at: when; None is now.

    Raises:
        Refused: not_found, forbidden; `conflict` when somebody else published meanwhile.
    """
    with contextlib.suppress(Unchanged):
        _publish(actor, board_id, version, at)
    return Ack()


@transaction.atomic
def _publish(actor: User, board_id: int, version: int, at: datetime | None) -> None:
    turn = take_turn(actor=actor, board_id=board_id, at=at)
    board = turn.board
    if board.version != version:
        # The answer to one's own publishing was lost, and it is sent again.
        if board.version == version + 1 and board.published_by_id == actor.pk and board.changed_at is None:
            raise Unchanged
        raise Refused("conflict", "Somebody published this board meanwhile. Look at it, then publish.", field="version")
    if board.changed_at is None:
        raise Unchanged
    draft = draft_of(board)
    board.published = protocol.encode(draft).decode()
    board.version += 1
    board.published_at, board.published_by_id = turn.now, actor.pk
    _settle(turn, draft, ["published", "version", "published_at", "published_by"])


def discard_draft(*, actor: User, board_id: int, at: datetime | None = None) -> Ack:
    """Makes the draft what is published again.

    Raises:
        Refused: not_found, forbidden.
    """
    with contextlib.suppress(Unchanged):
        _discard(actor, board_id, at)
    return Ack()


@transaction.atomic
def _discard(actor: User, board_id: int, at: datetime | None) -> None:
    turn = take_turn(actor=actor, board_id=board_id, at=at)
    if turn.board.changed_at is None:
        raise Unchanged
    shown = published_of(turn.board)
    Panel.objects.filter(board=board_id).delete()
    store_panels(turn.board, shown)
    _settle(turn, shown, [])


def _settle(turn: Turn, shown: list[PanelView], fields: list[str]) -> None:
    """Published and draft are the same from here on."""
    turn.board.changed_at = turn.board.changed_by_id = None
    turn.board.save(update_fields=[*fields, "changed_at", "changed_by"])
    turn.tell(BoardPublished(board=board_view(turn.board), panels=shown))


@transaction.atomic
def delete_board(*, actor: User, board_id: int, at: datetime | None = None) -> Ack:
    """Deletes a board of one's own; whoever looks at it is told, and their sockets close.

    Raises:
        Refused: not_found; `forbidden` for one that is not the actor's own.
    """
    find_own_board(actor=actor, board_id=board_id)
    turn = take_turn(actor=actor, board_id=board_id, at=at, edit=False)
    remove(turn)
    return Ack()


def remove(turn: Turn) -> None:
    """Deletes the board of a turn."""
    gone = Effect(close_code=4404, reason="This board was deleted.")
    turn.tell(BoardRemoved(id=turn.board.pk), gone)
    turn.board.delete()
