"""Who asked, read again: a run has no rights but those that its asker has now, in its room.

Called by the other selectors and by the tools before anything is read or written for a run. Never writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts import selectors as accounts
from assistant.models import Run
from chat import selectors as chat
from chat.selectors import Rights
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User


def asker_of(run: Run) -> tuple[User, Rights]:
    """The asker and what they may do in the run's room now.

    Raises:
        Refused: `gone` without an account, `banned`, `not_found` or `not_member` for somebody who is not in the room.
    """
    if run.asker_id is None:
        raise Refused("gone", "Whoever asked has no account any more.")
    asker = accounts.find_person(run.asker_id)
    if not asker.is_active or accounts.ban_reason(asker) is not None:
        raise Refused("banned", "Whoever asked is suspended.")
    rights = chat.rights_in(actor=asker, room_id=run.room_id)
    if not rights.is_member:
        raise Refused("not_member", "Whoever asked is not in this room any more.")
    return asker, rights
