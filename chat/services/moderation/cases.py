"""Working through the queue of reports: who is deciding about what, and taking back a decision just made.

Called by the back office. A claim only tells the others; what decides between two is chat.services.moderation.reports.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import selectors as people
from accounts import services as accounts
from chat.models import CaseClaim, Message, Report
from chat.selectors.moderation import find_bench
from chat.services.moderation.notices import tell_moderators
from chat.services.moderation.reports import DISMISS
from chat.services.moderation.sanctions import MUTE, lift_member_sanction
from realtime.protocol import Ack, Refused

if TYPE_CHECKING:
    from accounts.models import User

CLAIM_SECONDS: Final = 60
UNDO_SECONDS: Final = 10
_SLACK_SECONDS: Final = 10
"""The press of a slow line still counts."""
UNDONE: Final = (DISMISS, MUTE)
"""What leaves no trace when it is taken back."""


@transaction.atomic
def claim_case(*, actor: User, message_id: UUID) -> int:
    """Says that somebody is deciding about a message for the next minute, unless somebody else is.

    Returns:
        The id of who decides.

    Raises:
        Refused: not_found, forbidden.
    """
    find_bench(actor=actor, room_id=_message(message_id).room_id)
    now = timezone.now()
    until = now + timedelta(seconds=CLAIM_SECONDS)
    CaseClaim.objects.get_or_create(message_id=message_id, defaults={"by": actor, "until": until})
    mine = Q(by=actor) | Q(until__lte=now)
    CaseClaim.objects.filter(mine, message=message_id).update(by=actor, until=until)
    return int(CaseClaim.objects.values_list("by_id", flat=True).get(message=message_id))


def release_case(*, actor: User, message_id: UUID) -> None:
    """Ends one's own claim before its time."""
    CaseClaim.objects.filter(message=message_id, by=actor).delete()


@transaction.atomic
def undo_decision(*, actor: User, message_id: UUID) -> Ack:
    """Takes back what the same moderator decided a moment ago: its reports wait again, a mute is lifted.

    Raises:
        Refused: not_found, forbidden; `conflict` when it is too late, or was a deed that cannot be taken back.
    """
    message = _message(message_id)
    since = timezone.now() - timedelta(seconds=UNDO_SECONDS + _SLACK_SECONDS)
    decided = Report.objects.filter(message=message, handled_by=actor, handled_at__gte=since)
    reports = list(decided.exclude(state=Report.State.OPEN))
    if not reports:
        raise Refused("conflict", "It is too late to take this back.")
    trail = [one.action for one in people.audit_for(f"message:{message_id}") if one.action.startswith("report.")]
    action = trail[0].removeprefix("report.") if trail else ""
    if action not in UNDONE or (action == MUTE and message.deleted_at is not None):
        raise Refused("conflict", "This cannot be taken back.")
    for report in reports:
        report.state, report.handled_at, report.handled_by = Report.State.OPEN, None, None
        report.excerpt = report.excerpt or _said_at(message, report.created_at)
        report.save(update_fields=["state", "handled_at", "handled_by", "excerpt"])
    # Only now: staff look into a private room as long as a report from there waits.
    find_bench(actor=actor, room_id=message.room_id)
    if action == MUTE:
        _lift(actor, message, since)
    accounts.record_audit(actor=actor, action="report.undo", target=f"message:{message_id}", detail={"was": action})
    tell_moderators(message.room_id)
    return Ack()


def _message(message_id: UUID) -> Message:
    message = Message.objects.filter(pk=message_id).first()
    if message is None:
        raise Refused("not_found")
    return message


def _lift(actor: User, message: Message, since: datetime) -> None:
    given = people.sanctions_of(user_id=message.author_id) if message.author_id else []
    for one in given:
        here = one.kind == MUTE and one.room_id == message.room_id and one.created_by_id == actor.pk
        if here and one.created_at >= since:
            lift_member_sanction(actor=actor, room_id=message.room_id, sanction_id=one.pk, reason="Taken back at once.")
            return


def _said_at(message: Message, at: datetime) -> str:
    """What a message said then; dismissing has forgotten it."""
    later = message.revisions.filter(replaced_at__gt=at).order_by("seq").first()
    return message.body if later is None else later.body
