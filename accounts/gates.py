"""What keeps a signed-in person out: a ban, or a second factor that is asked for and not set up.

Called by the realtime layer at every handshake through SOCKET_GATES; the middleware asks the same of pages.
Never looks at a room.
"""

from __future__ import annotations

from typing import Any

from accounts import selectors
from accounts.models import User
from realtime.protocol import Refused


def refuse_banned(*, user: User, session: Any) -> Refused | None:
    """`banned` with the moderator's reason."""
    reason = selectors.ban_reason(user)
    return None if reason is None else Refused("banned", reason)


def require_second_factor(*, user: User, session: Any) -> Refused | None:
    """`forbidden` while MFA_REQUIRED waits for this person."""
    return None if selectors.may_connect(user) else Refused("forbidden", "Set up a second step of signing in first.")
