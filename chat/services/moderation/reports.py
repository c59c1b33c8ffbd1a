"""Reports: somebody asks the moderators to look at a message, and one of them decides.

Called by the consumer and the admin. Never tells the reported person or the room who reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import services as accounts
from chat.models import Attachment, CaseClaim, Message, Report
from chat.selectors.moderation import find_bench
from chat.selectors.standing import find_message, find_place
from chat.services.blocking import block_attachment
from chat.services.moderation.locks import lock_room
from chat.services.moderation.notices import tell_moderators
from chat.services.moderation.sanctions import BAN, KICK, MUTE, sanction_member
from chat.services.removal import delete_message
from realtime.protocol import Ack, Refused

if TYPE_CHECKING:
    from accounts.models import User

NOTE_CHARS: Final = 500
DISMISS: Final = "dismiss"
DELETE: Final = "delete"
BLOCK: Final = "block"
LOCK: Final = "lock"
ACTIONS: Final = (DISMISS, DELETE, BLOCK, LOCK, MUTE, KICK, BAN)
REASONS: Final = tuple(reason for reason in Report.Reason.values if reason != Report.Reason.RULE)


@transaction.atomic
def report_message(*, actor: User, room_id: int, message_id: UUID, reason: str, note: str = "") -> Ack:
    """Asks the moderators to look at a message; a second time changes nothing.

    Raises:
        Refused: not_found; `invalid` with field reason, note or message; `gone` for a deleted message.
    """
    if reason not in REASONS:
        raise Refused("invalid", f"The reason is one of {', '.join(REASONS)}.", field="reason")
    if "\x00" in note or len(note) > NOTE_CHARS:
        raise Refused("invalid", f"A note has at most {NOTE_CHARS} characters.", field="note")
    place = find_place(actor=actor, room_id=room_id)
    message = find_message(place=place, message_id=message_id)
    if message.deleted_at is not None:
        raise Refused("gone", "This message was deleted.")
    if message.kind in {Message.Kind.SYSTEM, Message.Kind.ALERT} or message.author_id == actor.pk:
        raise Refused("invalid", "What others wrote can be reported.", field="message")
    given = {"room_id": room_id, "reason": reason, "note": note.strip(), "excerpt": message.body}
    _, is_new = Report.objects.get_or_create(message=message, reporter_id=actor.pk, defaults=given)
    if is_new:
        tell_moderators(room_id)
    return Ack()


@transaction.atomic
def settle_report(
    *,
    actor: User,
    message_id: UUID,
    action: str,
    reason: str,
    seconds: int | None = None,
    delete: bool = False,
    room_id: int | None = None,
) -> Ack:
    """Decides about a reported message: the deed and the end of all its reports happen together or not at all.

    Args:
        actor: a moderator of its room, or staff.
        message_id: which message.
        action: dismiss, delete, block (its files), lock (the room), mute, kick or ban.
        reason: for the trail; with a sanction its author reads it.
        seconds: how long a sanction holds; None: until it is lifted.
        delete: whether the message goes as well.
        room_id: the room it must stand in; None: wherever it stands.

    Raises:
        Refused: not_found, forbidden; `conflict` when somebody else has decided; `invalid` with the field at fault.
    """
    if action not in ACTIONS:
        raise Refused("invalid", f"The action is one of {', '.join(ACTIONS)}.", field="action")
    text = accounts.clean_reason(reason)
    message = Message.objects.filter(pk=message_id, **({} if room_id is None else {"room": room_id})).first()
    if message is None:
        raise Refused("not_found")
    find_bench(actor=actor, room_id=message.room_id)
    if message.author_id == actor.pk:
        raise Refused("forbidden", "Somebody else has to decide about what you wrote.")
    _act(actor, message, action, text, seconds)
    if delete and action in {LOCK, MUTE, KICK, BAN}:
        delete_message(actor=actor, room_id=message.room_id, message_id=message.pk, reason=text)
    _close(actor, message, action, text)
    return Ack()


def _act(actor: User, message: Message, action: str, reason: str, seconds: int | None) -> None:
    room_id = message.room_id
    if action in {MUTE, KICK, BAN}:
        if message.author_id is None:
            raise Refused("invalid", "Its author has no account any more.", field="action")
        user_id = message.author_id
        sanction_member(actor=actor, room_id=room_id, user_id=user_id, kind=action, reason=reason, seconds=seconds)
    elif action == DELETE:
        delete_message(actor=actor, room_id=room_id, message_id=message.pk, reason=reason)
    elif action == LOCK:
        lock_room(actor=actor, room_id=room_id, reason=reason)
    elif action == BLOCK:
        for pk in Attachment.objects.filter(message=message).values_list("pk", flat=True):
            block_attachment(actor=actor, attachment_id=pk, reason=reason)


def _close(actor: User, message: Message, action: str, reason: str) -> None:
    """Ends the reports; what was said is kept only while it may be needed as evidence."""
    state = Report.State.DISMISSED if action == DISMISS else Report.State.ACTED
    ended: dict[str, Any] = {"state": state, "handled_at": timezone.now(), "handled_by_id": actor.pk}
    if action == DISMISS:
        ended["excerpt"] = ""
    if not Report.objects.filter(message=message, state=Report.State.OPEN).update(**ended):
        raise Refused("conflict", "Somebody else has decided about this already.")
    CaseClaim.objects.filter(message=message).delete()
    accounts.record_audit(
        actor=actor,
        action=f"report.{action}",
        target=f"message:{message.pk}",
        reason=reason,
        detail={"room": message.room_id, "author": message.author_id},
    )
    tell_moderators(message.room_id)
