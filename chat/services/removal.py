"""Deleting a message: a tombstone stays, its text goes from the tables and from the log.

Called by the consumer and the admin.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from accounts import selectors as people
from accounts import services as accounts
from chat import hooks, permissions
from chat.events import MessageDeleted, SeqResult
from chat.models import Answer, Beside, Card, Message, Pin
from chat.selectors.standing import find_message, find_place_as_staff
from chat.selectors.views import mentions_of, room_topic, thread_views
from chat.services.attachments import remove_attachments
from chat.services.redaction import redact
from chat.services.search import forget_messages
from chat.services.turn import Turn, Unchanged, seq_or_nothing
from realtime import log
from realtime.protocol import Effect, Refused

if TYPE_CHECKING:
    from accounts.models import User


@seq_or_nothing
def delete_message(
    *, actor: User, room_id: int, message_id: UUID, reason: str = "", at: datetime | None = None
) -> SeqResult:
    """Makes a message a tombstone: one's own, as a moderator anybody's, as staff in what the admin shows.

    Its revisions, mentions, reactions and files go; replies stay. A second time changes nothing (seq 0).

    Args:
        actor: who deletes.
        room_id: the message's room.
        message_id: which message.
        reason: for the audit trail when somebody else's message is deleted.
        at: when it happened; None is now.

    Raises:
        Refused: not_found, not_member, forbidden.
    """
    turn = Turn(
        actor, find_place_as_staff(actor=actor, room_id=room_id), log.reserve(room_topic(room_id)), at or timezone.now()
    )
    message = find_message(place=turn.place, message_id=message_id)
    if message.kind == Message.Kind.SYSTEM or not _may_delete(turn, message):
        raise Refused("forbidden")
    if message.deleted_at is not None:
        raise Unchanged
    own = message.author_id == actor.pk
    if not own:
        accounts.record_audit(actor=actor, action="message.delete", target=f"message:{message.pk}", reason=reason)
    return bury(turn, message)


def bury(turn: Turn, message: Message) -> SeqResult:
    """Makes a message of a room's turn a tombstone; for chat.services.bridged as well."""
    mentioned = mentions_of([message.pk]).get(message.pk, [])
    by = "author" if message.author_id == turn.actor.pk else "moderator"
    redacted = redact(message, at=turn.now, by=by)
    _empty(turn, message)
    thread = thread_views([message.thread_root_id]) if message.thread_root_id else {}
    return turn.append(
        MessageDeleted(
            id=message.pk,
            message_seq=message.seq,
            author=message.author_id,
            in_room=message.thread_root_id is None or message.also_in_room,
            deleted_at=turn.now,
            by=by,
            mentions=mentioned,
            thread_root=message.thread_root_id,
            thread=thread.get(message.thread_root_id) if message.thread_root_id else None,
        ),
        Effect(forget=redacted),
    )


def _may_delete(turn: Turn, message: Message) -> bool:
    if turn.place.membership is not None and message.author_id == turn.actor.pk:
        return True
    if permissions.can_moderate(turn.place.standing):
        return True
    staff = people.as_of_now(turn.actor) if turn.actor.is_staff else None
    return staff is not None and staff.is_staff and staff.has_perm("chat.delete_message")


def _empty(turn: Turn, message: Message) -> None:
    message.revisions.all().delete()
    message.mentions.all().delete()
    message.reactions.all().delete()
    Beside.objects.filter(message=message).delete()
    Answer.objects.filter(message=message).delete()
    Card.objects.filter(message=message).delete()
    hooks.messages_gone([message.pk])
    forget_messages(ids=[message.pk])
    remove_attachments([message.pk])
    Pin.objects.filter(message=message).delete()
    Message.objects.filter(pk=message.pk).update(
        body="", html="", deleted_at=turn.now, deleted_by=turn.actor.pk, reply_to=None
    )
    message.deleted_at = turn.now
