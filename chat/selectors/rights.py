"""What people may do in a room, as plain values for the apps above: several people in one query.

Called by services that keep something in rooms (documents). Never writes, and never names a room that is not seen.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import connection
from django.utils import timezone

from accounts import selectors as accounts
from chat.models import Membership, Room
from chat.permissions import Standing, can_moderate, can_post, can_see
from chat.selectors.standing import BRIDGE, MOST_ID, find_place, muted_until, refusal_of_elsewhere, refusal_of_muted
from realtime.protocol import Refused
from realtime.rows import marks, sql_time

if TYPE_CHECKING:
    from accounts.models import User

# Asked inside every push of every document: the ORM would cost more than the push.
_STANDINGS: Final = (
    "SELECT r.kind, r.read_only, r.archived_at IS NOT NULL, m.user_id, m.role, "
    f"{accounts.muted_sql(user_id='m.user_id', room_id='m.room_id')} "
    f"FROM {Room._meta.db_table} r LEFT JOIN {Membership._meta.db_table} m ON m.room_id = r.id AND m.user_id IN "
)


@dataclass(frozen=True, slots=True)
class Rights:
    """What one person may do with what a room holds.

    Attributes:
        is_member: False for somebody who looks at a public room from outside.
        may_moderate: over what others made.
        refusal: the code that answers an attempt to write; "" for somebody who may write.
        is_fixed: a conversation of certain people, who stand alike in it.
    """

    is_member: bool
    may_moderate: bool
    refusal: str
    is_fixed: bool = False

    @property
    def may_write(self) -> bool:
        """Whether they may add to the room."""
        return not self.refusal


def rights_of(*, room_id: int, user_ids: Collection[int]) -> dict[int, Rights]:
    """Rights by person, in one query for members; who may not even see the room is left out."""
    if not user_ids or not 0 < room_id <= MOST_ID:
        return {}
    now = sql_time(timezone.now())
    ids = list(user_ids)
    with connection.cursor() as cursor:
        cursor.execute(f"{_STANDINGS}{marks(ids)} WHERE r.id = %s", [now, *ids, room_id])
        rows = cursor.fetchall()
    found = {}
    for kind, read_only, archived, user_id, role, muted in rows:
        if user_id is not None:
            found[user_id] = _rights(Standing(role, kind, bool(read_only), bool(archived)), muted=bool(muted))
    if rows:
        outside = Standing("", rows[0][0], bool(rows[0][1]), bool(rows[0][2]))
        strangers = [user_id for user_id in ids if user_id not in found] if can_see(outside) else []
        barred = accounts.barred_among(user_ids=strangers, room_id=room_id) if strangers else set()
        found |= {user_id: _rights(outside, muted=False) for user_id in strangers if user_id not in barred}
    return found


def _rights(standing: Standing, *, muted: bool) -> Rights:
    refusal = "not_member" if not standing.role else "" if can_post(standing) else "read_only"
    return Rights(
        is_member=bool(standing.role),
        may_moderate=can_moderate(standing) and not standing.archived,
        refusal=refusal or ("muted" if muted else ""),
        is_fixed=standing.fixed,
    )


def _rights_from_elsewhere(actor: User, room_id: int) -> Rights:
    """What somebody of another system may do in a room in which they speak: read what everybody there says."""
    place = find_place(actor=actor, room_id=room_id)
    refused = refusal_of_elsewhere(user_id=actor.pk, room_id=room_id, now=timezone.now())
    if refused is not None:
        raise refused
    return _rights(place.standing, muted=False)


def rights_in(*, actor: User, room_id: int) -> Rights:
    """What one person may do in a room.

    Raises:
        Refused: `not_found` for a room that is not there or may not be seen; banned or muted for somebody of another
            system, who is there to speak or not at all.
    """
    if actor.kind == BRIDGE:
        return _rights_from_elsewhere(actor, room_id)
    rights = rights_of(room_id=room_id, user_ids=[actor.pk]).get(actor.pk)
    if rights is None:
        raise Refused("not_found")
    return rights


def refuse_to_write(*, actor: User, room_id: int, rights: Rights) -> Refused | None:
    """What to tell somebody who wants to add to the room; None for somebody who may.

    For the muted it asks until when, so call it for one person only.
    """
    if rights.may_write:
        return None
    if rights.refusal != "muted":
        return Refused(rights.refusal)
    now = timezone.now()
    return refusal_of_muted(muted_until(find_place(actor=actor, room_id=room_id), now=now), now=now)
