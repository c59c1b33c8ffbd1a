"""Links that let somebody sign up while sign-up is by invite.

Called by the admin and the sign-up form. Never keeps a token, only its hash.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import selectors
from accounts.models import Invite, User, hash_token
from accounts.services.audit import record_audit
from realtime.protocol import Refused


def issue_invite(*, actor: User, expires_at: datetime, email: str = "", max_uses: int = 1) -> tuple[Invite, str]:
    """Makes a link that lets somebody sign up while sign-up is by invite.

    Returns:
        The invite and its token, which is shown now and never again.

    Raises:
        Refused: `forbidden` or `invalid`.
    """
    if not actor.has_perm("accounts.add_invite"):
        raise Refused("forbidden")
    if expires_at <= timezone.now():
        raise Refused("invalid", "The end lies in the past.", field="expires_at")
    if max_uses < 1:
        raise Refused("invalid", "A link works for at least one person.", field="max_uses")
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        invite = Invite.objects.create(
            token_hash=hash_token(token),
            email=email.strip().lower(),
            created_by=actor,
            expires_at=expires_at,
            max_uses=max_uses,
        )
        record_audit(actor=actor, action="invite.issue", target=f"invite:{invite.pk}")
    return invite, token


@transaction.atomic
def revoke_invite(*, actor: User, invite: Invite) -> None:
    """Makes a link stop working.

    Raises:
        Refused: `forbidden`.
    """
    if not actor.has_perm("accounts.change_invite"):
        raise Refused("forbidden")
    if Invite.objects.filter(pk=invite.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
        record_audit(actor=actor, action="invite.revoke", target=f"invite:{invite.pk}")


@transaction.atomic
def use_invite(*, token: str, email: str) -> None:
    """Takes one use of an invite; two people cannot both take the last.

    Raises:
        Refused: `gone` when it is revoked, over or used up; `forbidden` when it is for another address.
    """
    invite = selectors.invite_for(token)
    if invite is None:
        raise Refused("gone", "This invitation is over or was used up.")
    if invite.email and invite.email != email.strip().lower():
        raise Refused("forbidden", "This invitation is for another address.", field="email")
    if not Invite.objects.filter(pk=invite.pk, uses__lt=F("max_uses")).update(uses=F("uses") + 1):
        raise Refused("gone", "This invitation is over or was used up.")
