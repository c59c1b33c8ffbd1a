"""Keys for scripts, and the bots that carry them. Every public function is one transaction.

Called by the account page, the admin and the HTTP API. Never keeps a token, only its hash, and never writes it down.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.events import SessionRevoked
from accounts.models import ApiToken, User, hash_token
from accounts.scopes import clean_scopes, clean_token_name
from accounts.services.audit import record_audit
from accounts.services.people import create_person
from accounts.services.sessions import SIGNED_OUT
from accounts.tokens import session_of_token
from realtime import log
from realtime.protocol import Effect, Refused

TOKEN_PREFIX: Final = "collab_"
"""Every token begins with it, so that scanners of code and logs know one when they see it."""
HINT_CHARS: Final = 12
TOKENS_MOST: Final = 50
"""Living tokens of one account."""
NOTED: Final = timedelta(minutes=1)
"""How exact "last used" is: a token in constant use costs one write in this time."""


@transaction.atomic
def make_token(
    *, actor: User, user: User, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Makes a key to what `user` may do: one's own, or for staff that of a bot, and never that of another person.

    Args:
        actor: who makes it.
        user: whose it is.
        name: what it is for.
        scopes: how far it reaches, words of `accounts.scopes`.
        expires_at: aware UTC time of its end; None until it is revoked.

    Returns:
        The row and the token, which is shown now and never again.

    Raises:
        Refused: `forbidden`; `invalid` or `too_large` with the field.
    """
    _check_may_make(actor, user)
    now = timezone.now()
    values = {"name": clean_token_name(name), "scopes": clean_scopes(scopes), "expires_at": expires_at}
    if expires_at is not None and expires_at <= now:
        raise Refused("invalid", "The end lies in the past.", field="expires_at")
    live = ApiToken.objects.filter(user=user, revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=now))
    if live.count() >= TOKENS_MOST:
        raise Refused("too_large", f"At most {TOKENS_MOST} tokens at a time. Revoke one first.")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    found = {"token_hash": hash_token(token), "hint": token[:HINT_CHARS]}
    made = ApiToken.objects.create(user=user, made_by=actor, **found, **values)
    detail = {"token": made.pk, "name": made.name, "scopes": made.scopes}
    record_audit(actor=actor, action="token.make", target=user.topic, detail=detail)
    return made, token


def _check_may_make(actor: User, user: User) -> None:
    own = actor.pk == user.pk and user.kind == User.Kind.HUMAN
    bots = user.kind == User.Kind.BOT and actor.has_perm("accounts.add_apitoken") and actor.may_touch(user)
    if not (own or bots):
        raise Refused("forbidden", "A token is made for oneself, or by staff for a bot.")


@transaction.atomic
def make_bot(*, actor: User, username: str, display_name: str = "") -> User:
    """Makes an account that no person signs in to: a script uses it with a token.

    Raises:
        Refused: `forbidden`; `invalid` or `conflict` with the field.
    """
    if not (actor.has_perm("accounts.add_user") and actor.has_perm("accounts.add_apitoken")):
        raise Refused("forbidden")
    bot = create_person(actor=actor, username=username, display_name=display_name, kind=User.Kind.BOT)
    record_audit(actor=actor, action="person.create", target=bot.topic, detail={"kind": bot.kind})
    return bot


@transaction.atomic
def revoke_token(*, actor: User, token_id: int) -> None:
    """Ends a token now, one's own or for staff anybody's below them; one that ended already stays as it is.

    Its sockets are closed with 4401 by every process.

    Raises:
        Refused: `not_found`, also for a token of somebody else.
    """
    token = ApiToken.objects.select_related("user").filter(pk=token_id).first() if 0 < token_id < 2**63 else None
    if token is None or not _may_revoke(actor, token.user):
        raise Refused("not_found")
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        detail = {"token": token.pk, "name": token.name}
        record_audit(actor=actor, action="token.revoke", target=token.user.topic, detail=detail)
        effect = Effect(close_code=SIGNED_OUT, session=session_of_token(token.pk))
        log.append(topic=token.user.topic, event=SessionRevoked(reason="token"), actor_id=actor.pk, effect=effect)


def _may_revoke(actor: User, owner: User) -> bool:
    return actor.pk == owner.pk or (actor.has_perm("accounts.change_apitoken") and actor.may_touch(owner))


@transaction.atomic
def note_use(*, token_id: int) -> None:
    """Writes down that a token was used, unless that was done in the last minute."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED)
    ApiToken.objects.filter(stale, pk=token_id).update(last_used_at=now)
