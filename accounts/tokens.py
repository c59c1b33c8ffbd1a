"""Questions about keys of scripts: whose a token is, and which a person has.

Called by the account page, the back office, and the HTTP API at every request. Never writes and never tells a token.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts import selectors
from accounts.models import ApiToken, Sanction, User, hash_token
from realtime.protocol import Refused


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who comes with a token, and how far it reaches.

    Attributes:
        used_at: when it was used last, as far as that was noted.
        ends_at: when it is over; None until somebody revokes it.
    """

    user: User
    token_id: int
    scopes: frozenset[str]
    used_at: datetime | None
    ends_at: datetime | None = None

    @property
    def session(self) -> str:
        """What sockets that were opened with it are called in events."""
        return session_of_token(self.token_id)


def session_of_token(token_id: int) -> str:
    """The name of a token in events that end sockets; see realtime.sessions."""
    return f"token:{token_id}"


def bearer_of(token: str) -> Bearer:
    """The owner of a living token, in one query; asks what a sign-in would ask.

    Raises:
        Refused: `unauthenticated` for a token that is unknown, revoked, over, or whose owner is gone; `banned` with
            the moderator's reason; `forbidden` while the owner must set up a second step of signing in.
    """
    ban = Sanction.objects.active().bans().filter(user_id=OuterRef("user_id"))
    rows = ApiToken.objects.select_related("user").annotate(banned=Exists(ban))
    # Found by its hash: what is compared tells nothing of the token.
    row = rows.filter(token_hash=hash_token(token)).first()
    if row is None or not row.is_live(timezone.now()) or not row.user.is_active:
        raise Refused("unauthenticated", "This token is unknown, revoked or over.")
    if row.banned:
        raise Refused("banned", selectors.ban_reason(row.user) or "")
    # A bot has no sign-in that a second step could be part of.
    if row.user.kind != User.Kind.BOT and not selectors.may_connect(row.user):
        raise Refused("forbidden", "Set up a second step of signing in first.")
    return Bearer(row.user, row.pk, frozenset(row.scopes), row.last_used_at, row.expires_at)


def tokens_of(user: User) -> list[ApiToken]:
    """A person's tokens that are not revoked, newest first; those that are over stay to be seen."""
    return list(ApiToken.objects.filter(user=user, revoked_at=None).order_by("-pk"))


def tokens_shown(*, actor: User, most: int) -> tuple[list[ApiToken], int]:
    """Tokens of everybody that are not revoked, newest first, at most so many; and how many there are.

    Raises:
        Refused: `forbidden` for whoever is not staff with the permission.
    """
    if not (actor.is_active and actor.is_staff and actor.has_perm("accounts.view_apitoken")):
        raise Refused("forbidden")
    rows = ApiToken.objects.filter(revoked_at=None)
    return list(rows.select_related("user", "made_by").order_by("-pk")[:most]), rows.count()


def bots() -> list[User]:
    """Accounts that a token can be made for by staff, by name."""
    return list(User.objects.filter(kind=User.Kind.BOT, is_active=True).order_by("username"))
