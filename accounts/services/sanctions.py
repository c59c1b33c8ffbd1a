"""Mutes, kicks and bans.

Called by the admin and by chat. Never decides who may act inside a room: that is chat's to check.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.events import SanctionApplied
from accounts.models import Sanction, User
from accounts.services.audit import record_audit
from accounts.services.sessions import delete_sessions
from realtime import log
from realtime.protocol import Effect, Refused

SUSPENDED: Final = 4403
ABOVE: Final = "Only superusers act on people who look after the site."


def _may_sanction(actor: User, user: User) -> None:
    if not actor.has_perm("accounts.add_sanction"):
        raise Refused("forbidden", "Only people who look after the site may do this.")
    if user.pk == actor.pk:
        raise Refused("forbidden", "You cannot sanction yourself.")
    if not actor.may_touch(user):
        raise Refused("forbidden", ABOVE)


@transaction.atomic
def sanction_user(
    *, actor: User, user: User, kind: str, reason: str, until: datetime | None = None, room_id: int | None = None
) -> Sanction:
    """Mutes, kicks or bans; a ban everywhere ends every sign-in and closes every socket with the reason.

    With `room_id` the caller has checked the actor's right in that room; without it the actor must look after the site.

    Args:
        reason: shown to the person; required.
        until: aware UTC time of its end; None until it is lifted.

    Raises:
        Refused: `forbidden` or `invalid`.
    """
    if room_id is None:
        _may_sanction(actor, user)
    if kind not in Sanction.Kind.values:
        raise Refused("invalid", "A sanction is a mute, a kick or a ban.", field="kind")
    text = reason.strip()
    if not text or len(text) > 500:
        raise Refused("invalid", "Give a reason of at most 500 characters.", field="reason")
    if until is not None and until <= timezone.now():
        raise Refused("invalid", "The end lies in the past.", field="until")
    seq = log.reserve(user.topic)
    sanction = Sanction.objects.create(
        user=user, kind=kind, room_id=room_id, reason=text, until=until, created_by=actor
    )
    detail = {"room": room_id, "until": until.isoformat() if until else None}
    record_audit(actor=actor, action=f"sanction.{kind}", target=user.topic, reason=text, detail=detail)
    effect = None
    if kind == Sanction.Kind.BAN and room_id is None:
        delete_sessions(user)
        effect = Effect(close_code=SUSPENDED, reason=text)
    event = SanctionApplied(kind=kind, reason=text, room=room_id, until=until)
    log.append(topic=user.topic, seq=seq, event=event, actor_id=actor.pk, effect=effect)
    return sanction


@transaction.atomic
def lift_sanction(*, actor: User, sanction: Sanction, reason: str = "") -> None:
    """Ends a sanction now; one that is over already stays as it is.

    Raises:
        Refused: `forbidden`.
    """
    if sanction.room_id is None:
        _may_sanction(actor, sanction.user)
    now = timezone.now()
    if Sanction.objects.filter(pk=sanction.pk, lifted_at__isnull=True).update(lifted_at=now):
        record_audit(
            actor=actor, action=f"sanction.lift_{sanction.kind}", target=f"user:{sanction.user_id}", reason=reason
        )
