"""Who asked, read again: a run has no rights but those that its asker has now, in its room.

Called by the other selectors and by the tools before anything is read or written for a run. Never writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from accounts import selectors as accounts
from assistant.models import Run
from assistant.selectors.agents import choice_of
from chat import selectors as chat
from chat.selectors import Rights
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

BRIDGE: Final = "bridge"


def asker_of(run: Run) -> tuple[User, Rights]:
    """The asker and what they may do in the run's room now.

    Somebody of a bridged channel is no member: they read what the room reads, as long as it lets them ask.

    Raises:
        Refused: `gone` without an account, `banned`, `muted`, `not_found` or `not_member` for somebody who is not in
            the room, `forbidden` for somebody of a bridged channel whom the room does not answer any more.
    """
    if run.asker_id is None:
        raise Refused("gone", "Whoever asked has no account any more.")
    asker = accounts.find_person(run.asker_id)
    if asker.kind == BRIDGE:
        if not choice_of(run.room_id).answers_bridged:
            raise Refused("forbidden", "This room does not let people of other systems ask.")
        return asker, chat.rights_in(actor=asker, room_id=run.room_id)
    if not asker.is_active or accounts.ban_reason(asker) is not None:
        raise Refused("banned", "Whoever asked is suspended.")
    rights = chat.rights_in(actor=asker, room_id=run.room_id)
    if not rights.is_member:
        raise Refused("not_member", "Whoever asked is not in this room any more.")
    return asker, rights
