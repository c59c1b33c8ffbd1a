"""Boards, their figures and with whom they are shared.

Called by dashboard.urls. Decides nothing: selectors and services do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from msgspec import UNSET, UnsetType

from accounts import selectors as accounts
from chat.api import addresses, answer, body, number
from dashboard import panels, selectors, services
from dashboard.api.files import csv_file
from dashboard.selectors.ranges import Range, range_of
from dashboard.shapes import BoardSnapshot, PanelText, ShareList
from realtime.consumers import take_token
from realtime.protocol import Refused
from realtime.ratelimit import Limit

if TYPE_CHECKING:
    from accounts.models import User

endpoint: Final = addresses("dashboard.api")
CREATED: Final = 201
READS: Final = Limit(burst=40, per_second=4)
"""Of one person: what goes through many samples."""
TEXTS: Final = Limit(burst=20, per_second=4)
"""Of one person: Markdown that is made ready while they type."""


class NewBoard(msgspec.Struct, forbid_unknown_fields=True):
    """What makes a board; `copy`: the board whose panels it begins with; `template`, `room`: one of BoardTemplate."""

    name: str
    copy: int | None = None
    template: str = ""
    room: int | None = None


class BoardWish(msgspec.Struct, forbid_unknown_fields=True):
    """What to change of a board."""

    name: str | UnsetType = UNSET
    range_seconds: int | UnsetType = UNSET


class DraftText(msgspec.Struct, forbid_unknown_fields=True):
    """Markdown that is being typed."""

    text: str


class ShareWish(msgspec.Struct, forbid_unknown_fields=True):
    """A room whose members shall see the board."""

    room: int
    may_edit: bool = False


def asked_range(request: HttpRequest) -> Range:
    """`seconds`, or `from` and `to`.

    Raises:
        Refused: `invalid`.
    """
    return range_of(seconds=number(request, "seconds"), start=number(request, "from"), end=number(request, "to"))


def _list(request: HttpRequest, user: User) -> Any:
    if accounts.staff_among([user.pk]):
        services.ensure_site_board()
    return selectors.board_list(actor=user)


def _create(request: HttpRequest, user: User) -> HttpResponse:
    new = body(request, NewBoard)
    given = msgspec.structs.asdict(new)
    return answer(services.create_board(actor=user, **given), CREATED)


def _snapshot(request: HttpRequest, user: User, board_id: int) -> BoardSnapshot:
    return selectors.board_snapshot(actor=user, board_id=board_id)


def _change(request: HttpRequest, user: User, board_id: int) -> Any:
    wish = body(request, BoardWish)
    return services.change_board(actor=user, board_id=board_id, name=wish.name, range_seconds=wish.range_seconds)


def _delete(request: HttpRequest, user: User, board_id: int) -> Any:
    return services.delete_board(actor=user, board_id=board_id)


def _room_board(request: HttpRequest, user: User, room_id: int) -> BoardSnapshot:
    board = services.ensure_room_board(actor=user, room_id=room_id)
    return selectors.board_snapshot(actor=user, board_id=board)


def _samples(request: HttpRequest, user: User, board_id: int) -> Any:
    take_token(user.pk, "dashboard.samples", READS)
    return selectors.board_samples(
        actor=user, board_id=board_id, wanted=asked_range(request), since=number(request, "since")
    )


def _text(request: HttpRequest, user: User, board_id: int) -> PanelText:
    take_token(user.pk, "dashboard.text", TEXTS)
    if not selectors.find_board(actor=user, board_id=board_id).may_edit:
        raise Refused("forbidden", "You may not change this board.")
    return PanelText(html=panels.ready_text(panels.clean_text(body(request, DraftText).text)))


def _shares(request: HttpRequest, user: User, board_id: int) -> ShareList:
    return selectors.share_list(actor=user, board_id=board_id)


def _share(request: HttpRequest, user: User, board_id: int) -> ShareList:
    wish = body(request, ShareWish)
    services.share_board(actor=user, board_id=board_id, room_id=wish.room, may_edit=wish.may_edit)
    return selectors.share_list(actor=user, board_id=board_id)


def _unshare(request: HttpRequest, user: User, board_id: int, room_id: int) -> ShareList:
    services.unshare_board(actor=user, board_id=board_id, room_id=room_id)
    return selectors.share_list(actor=user, board_id=board_id)


def _series(request: HttpRequest, user: User) -> Any:
    return selectors.series_list(actor=user, room_id=number(request, "room"), board_id=number(request, "board"))


def _series_samples(request: HttpRequest, user: User, series_id: int) -> Any:
    take_token(user.pk, "dashboard.samples", READS)
    return selectors.series_samples(
        actor=user, series_id=series_id, wanted=asked_range(request), since=number(request, "since")
    )


def _csv(request: HttpRequest, user: User, board_id: int, panel_id: UUID) -> HttpResponse:
    take_token(user.pk, "dashboard.samples", READS)
    figures = selectors.panel_figures(actor=user, board_id=board_id, panel_id=panel_id, wanted=asked_range(request))
    return csv_file(figures)


boards = endpoint(GET=_list, POST=_create)
board = endpoint(GET=_snapshot, POST=_change, DELETE=_delete)
room_board = endpoint(GET=_room_board)
samples = endpoint(GET=_samples)
text = endpoint(POST=_text)
shares = endpoint(GET=_shares, POST=_share)
share = endpoint(DELETE=_unshare)
series = endpoint(GET=_series)
series_samples = endpoint(GET=_series_samples)
panel_csv = endpoint(GET=_csv)
