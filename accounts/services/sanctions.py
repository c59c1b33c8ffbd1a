"""Mutes, kicks and bans.

Called by the admin and by chat. Never decides who may act inside a room: that is chat's to check.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.events import SanctionApplied, SanctionLifted
from accounts.models import Sanction, User
from accounts.selectors import mutes_of
from accounts.services.audit import record_audit
from accounts.services.sessions import delete_sessions
from realtime import log
from realtime.protocol import Effect, Refused

SUSPENDED: Final = 4403
REASON_CHARS: Final = 500
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

    A kick is of a room; without an end it is over as soon as it is given, and stays in the person's history.

    Args:
        reason: shown to the person; required.
        until: aware UTC time of its end; None until it is lifted.

    Raises:
        Refused: `forbidden` or `invalid`.
    """
    if room_id is None:
        _may_sanction(actor, user)
    if kind not in Sanction.Kind.values or (kind == Sanction.Kind.KICK and room_id is None):
        raise Refused("invalid", "A sanction is a mute or a ban, or in a room a kick.", field="kind")
    text = clean_reason(reason)
    if until is not None and until <= timezone.now():
        raise Refused("invalid", "The end lies in the past.", field="until")
    seq = log.reserve(user.topic)
    end = timezone.now() if kind == Sanction.Kind.KICK and until is None else until
    sanction = Sanction.objects.create(user=user, kind=kind, room_id=room_id, reason=text, until=end, created_by=actor)
    detail = {"room": room_id, "until": until.isoformat() if until else None}
    record_audit(actor=actor, action=f"sanction.{kind}", target=user.topic, reason=text, detail=detail)
    effect = None
    if kind == Sanction.Kind.BAN and room_id is None:
        delete_sessions(user)
        effect = Effect(close_code=SUSPENDED, reason=text)
    event = SanctionApplied(kind=kind, reason=text, room=room_id, until=until)
    log.append(topic=user.topic, seq=seq, event=event, actor_id=actor.pk, effect=effect)
    return sanction


def clean_reason(reason: str) -> str:
    """The reason without spaces around it.

    Raises:
        Refused: `invalid` for none, for one that is too long, and for one that no database takes.
    """
    text = reason.strip()
    if not text or len(text) > REASON_CHARS:
        raise Refused("invalid", f"Give a reason of at most {REASON_CHARS} characters.", field="reason")
    if "\x00" in text:
        raise Refused("invalid", "A text cannot hold the NUL character.", field="reason")
    return text


def clean_remark(remark: str) -> str:
    """A reason that may be missing, without spaces around it and cut to what fits.

    Raises:
        Refused: `invalid` for one that no database takes.
    """
    return clean_reason(remark[:REASON_CHARS]) if remark.strip() else ""


@transaction.atomic
def lift_sanction(*, actor: User, sanction: Sanction, reason: str = "") -> None:
    """Ends a sanction now and tells the person; one that is over already stays as it is.

    Of a sanction in a room the caller has checked the actor's right there.

    Raises:
        Refused: `forbidden`, `invalid`.
    """
    if sanction.room_id is None:
        _may_sanction(actor, sanction.user)
    topic, reason = f"user:{sanction.user_id}", clean_remark(reason)
    if not Sanction.objects.active().filter(pk=sanction.pk).update(lifted_at=timezone.now()):
        return
    detail = {"room": sanction.room_id, "sanction": sanction.pk}
    record_audit(actor=actor, action=f"sanction.lift_{sanction.kind}", target=topic, reason=reason, detail=detail)
    mutes = mutes_of(sanction.user_id) if sanction.kind == Sanction.Kind.MUTE else []
    left = next((one for one in mutes if one.room == sanction.room_id), None)
    event = SanctionLifted(kind=sanction.kind, room=sanction.room_id, left=left)
    log.append(topic=topic, event=event, actor_id=actor.pk)
