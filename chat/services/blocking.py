"""A moderator takes a file away: nobody reads it from that moment on, and the log does not name it any more.

Called by moderation and the admin. Never removes bytes: they go with their message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import selectors as people
from accounts import services as accounts
from chat import permissions
from chat.events import AttachmentBlocked, SeqResult
from chat.models import Attachment, Message
from chat.selectors.standing import find_message, find_place, find_place_as_staff
from chat.selectors.views import room_topic
from chat.services.redaction import redact_attachment
from chat.services.search import reindex_messages
from chat.services.turn import Turn, Unchanged, seq_or_nothing
from realtime import log
from realtime.protocol import Ack, Effect, Refused

if TYPE_CHECKING:
    from accounts.models import User


@seq_or_nothing
def block_attachment(*, actor: User, attachment_id: UUID, reason: str) -> SeqResult:
    """Takes a file of a message away from everybody. A second time changes nothing (seq 0).

    Args:
        actor: a moderator of the room, or staff who may change attachments and see the room.
        attachment_id: which file.
        reason: for the audit trail.

    Raises:
        Refused: not_found, forbidden.
    """
    found = Attachment.objects.filter(pk=attachment_id, message__isnull=False).values_list("room", "message").first()
    if found is None:
        raise Refused("not_found")
    room_id, message_id = found
    seq = log.reserve(room_topic(room_id))
    turn = Turn(actor, find_place_as_staff(actor=actor, room_id=room_id), seq, timezone.now())
    if not _may_block(turn):
        raise Refused("forbidden")
    # Read again: only now nobody deletes the message meanwhile.
    row = Attachment.objects.filter(pk=attachment_id, message=message_id).first()
    if row is None:
        raise Refused("not_found")
    if row.state == Attachment.State.BLOCKED:
        raise Unchanged
    message = Message.objects.get(pk=message_id)
    Attachment.objects.filter(pk=row.pk).update(state=Attachment.State.BLOCKED)
    reindex_messages(ids=[message_id])
    accounts.record_audit(
        actor=actor,
        action="attachment.block",
        target=f"attachment:{row.pk}",
        reason=reason,
        detail={"message": str(message_id), "name": row.name, "sha256": row.sha256},
    )
    told = redact_attachment(message, attachment_id=row.pk)
    return turn.append(AttachmentBlocked(message=message_id, attachment=row.pk), Effect(forget=told))


@transaction.atomic
def block_files(*, actor: User, room_id: int, message_id: UUID, reason: str) -> Ack:
    """Takes all files of a message away from everybody; those that are blocked already stay so.

    Args:
        actor: a moderator of the room.
        room_id: the room the message must stand in.
        message_id: whose files.
        reason: for the audit trail.

    Raises:
        Refused: not_found, forbidden; `invalid` with field reason, or message for one without files.
    """
    text = accounts.clean_reason(reason)
    place = find_place(actor=actor, room_id=room_id)
    if not permissions.can_moderate(place.standing):
        raise Refused("forbidden")
    message = find_message(place=place, message_id=message_id)
    ids = list(Attachment.objects.filter(message=message).order_by("position").values_list("pk", flat=True))
    if not ids:
        raise Refused("invalid", "This message has no files.", field="message")
    for pk in ids:
        block_attachment(actor=actor, attachment_id=pk, reason=text)
    return Ack()


def _may_block(turn: Turn) -> bool:
    if permissions.can_moderate(turn.place.standing):
        return True
    staff = people.as_of_now(turn.actor) if turn.actor.is_staff else None
    return staff is not None and staff.is_staff and staff.has_perm("chat.change_attachment")
