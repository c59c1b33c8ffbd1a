"""A board to start from: panels, series, what its tables and logs say, and the rules made at it.

Called by views. Never writes, and shows nobody anything that they may not see elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat import selectors as chat
from dashboard import panels
from dashboard.models import Rule
from dashboard.selectors import sources
from dashboard.selectors.alerts import rule_views
from dashboard.selectors.boards import (
    board_view,
    draft_of,
    published_of,
    series_apart,
    series_on,
    series_views,
)
from dashboard.selectors.rights import board_topic, find_board
from dashboard.shapes import BoardSnapshot, RuleView
from realtime import log

if TYPE_CHECKING:
    from accounts.models import User


def board_snapshot(*, actor: User, board_id: int) -> BoardSnapshot:
    """A board to start from, at one moment.

    Raises:
        Refused: `not_found`.
    """
    with chat.one_moment():
        found = find_board(actor=actor, board_id=board_id)
        shown, draft = published_of(found.board), draft_of(found.board) if found.may_edit else None
        series = series_on(found, [*shown, *(draft or [])])
        topic, me = board_topic(board_id), actor.pk
        listed = panels.sources_in([*shown, *(draft or [])])
        tables, logs = sources.read_sources(actor_id=me, place=found.place, names=listed)
        return BoardSnapshot(
            as_of_seq=log.heads([topic])[topic][0],
            board=board_view(found.board),
            may_edit=found.may_edit,
            panels=shown,
            draft=draft,
            series=series_views(series),
            apart=series_apart(found, series),
            sources=sources.sources_for(actor_id=me, place=found.place) if found.may_edit else [],
            tables=tables,
            logs=logs,
            rules=_rules_at(actor, board_id),
        )


def _rules_at(actor: User, board_id: int) -> list[RuleView]:
    """Those of the rules made at a board that tell a room in which the person is."""
    by_room: dict[int, list[Rule]] = {}
    for rule in Rule.objects.filter(board=board_id).order_by("pk"):
        by_room.setdefault(rule.room_id, []).append(rule)
    found = []
    for room, rules in by_room.items():
        rights = chat.rights_of(room_id=room, user_ids=[actor.pk]).get(actor.pk)
        if rights is not None and rights.is_member:
            found += rule_views(rules, actor=actor, rights=rights)
    return found
