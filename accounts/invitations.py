"""The invitation that a visitor carries in their session until they have signed up.

Called by the invite pages (ours and those of other apps), the adapter and the sign-up form. Never stores a sign-in.
"""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone

from accounts import selectors, services
from realtime.protocol import Refused

_TOKEN: Final = "sign_up_invite"
_UNTIL: Final = "sign_up_until"
HOUR_SECONDS: Final = 3600


def remember(session: Any, *, token: str) -> None:
    """Keeps the token of an accounts.Invite until the sign-up takes it."""
    session[_TOKEN] = token


def allow_sign_up(session: Any, *, seconds: int = HOUR_SECONDS) -> None:
    """Lets this visitor sign up for a while: another app checked its own link (a room's)."""
    session[_UNTIL] = timezone.now().timestamp() + seconds


def is_invited(session: Any) -> bool:
    """Whether this visitor may sign up although sign-up is by invite."""
    if session.get(_UNTIL, 0) > timezone.now().timestamp():
        return True
    token = session.get(_TOKEN)
    return bool(token) and selectors.invite_for(token) is not None


def check(session: Any, *, email: str) -> None:
    """Whether this address may sign up with what the visitor carries.

    Raises:
        Refused: `forbidden` with field `email` when the invite is for another address.
    """
    if session.get(_UNTIL, 0) > timezone.now().timestamp():
        return
    invite = selectors.invite_for(session.get(_TOKEN, ""))
    if invite is not None and invite.email and invite.email != email.strip().lower():
        raise Refused("forbidden", "This invitation is for another address.", field="email")


def take(session: Any, *, email: str) -> None:
    """Uses the invitation up, in the transaction that makes the account.

    Raises:
        Refused: `gone` or `forbidden`.
    """
    if session.get(_UNTIL, 0) <= timezone.now().timestamp():
        services.use_invite(token=session.get(_TOKEN, ""), email=email)


def forget(session: Any) -> None:
    """Drops what was carried, once the account stands."""
    session.pop(_TOKEN, None)
    session.pop(_UNTIL, None)
