"""What people of another system say in a room that is joined with one of its channels.

Called by integrations.services.bridges. Their accounts are of kind bridge and no members, or those of our own people
who have an account there too. Whether they may write is decided by whoever joined the two, by sanctions against them
and by an archived room. Never asks whether the room is joined with anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts import selectors as accounts
from chat import permissions, texts
from chat.events import MessageSent, SeqResult
from chat.models import Message, Room, WordRule
from chat.selectors.attachments import check_room_left, megabytes
from chat.selectors.standing import Place, find_message, refusal_of_elsewhere, standing_of
from chat.selectors.views import room_topic
from chat.services import cards, messages, removal
from chat.services.attachments import claimed_by, keep_upload, stored_before
from chat.services.turn import Turn, Unchanged, seq_or_nothing
from chat.shapes import AttachmentView, CardView
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

SPOKEN_FOR: Final = frozenset({"bridge", "human"})
"""Kinds of accounts; whoever else speaks here does so for themselves."""


@transaction.atomic
def say_bridged(
    *,
    author: User,
    room_id: int,
    cid: UUID,
    body: str,
    thread: UUID | None = None,
    attachments: Sequence[UUID] = (),
    card: CardView | None = None,
    at: datetime | None = None,
) -> MessageSent:
    """Says something for somebody elsewhere; the arguments are those of send_message.

    Raises:
        Refused: invalid, too_large, not_found, read_only, muted, banned; `forbidden` for an account of another kind.
    """
    text, rendered = messages.prepare(body, may_be_empty=bool(attachments))
    turn = _turn(author, room_id, at)
    _refuse_sanctioned(turn)
    first = Message.objects.filter(author=author, cid=cid).first()
    if first is not None:
        return MessageSent(id=first.pk, seq=first.seq, duplicate=True)
    draft = messages.Draft(cid, text, rendered, thread, None, False, None, None, attachments, at, card)
    return messages.store(turn, draft, kind=Message.Kind.BRIDGE)


@seq_or_nothing
def edit_bridged(*, author: User, room_id: int, message_id: UUID, body: str, card: CardView | None = None) -> SeqResult:
    """Changes what they said; the same text again changes nothing (seq 0).

    Args:
        author: whose message it is.
        room_id: where it stands.
        message_id: which.
        body: the new text.
        card: the new attachments of a message that carries some.

    Raises:
        Refused: invalid, too_large, not_found, forbidden, gone, read_only, muted, banned.
    """
    _, rendered = messages.prepare(body, may_be_empty=bool(claimed_by(message_id)))
    turn, message = _own(author, room_id, message_id)
    _refuse_sanctioned(turn)
    if card is not None:
        return cards.redraw(turn, message_id, rendered, card)
    return messages.rewrite(turn, message, rendered)


@seq_or_nothing
def delete_bridged(*, author: User, room_id: int, message_id: UUID) -> SeqResult:
    """Deletes what they said; what is deleted stays so (seq 0), and somebody muted may still take words back.

    Raises:
        Refused: not_found, forbidden, read_only.
    """
    turn = _turn(author, room_id, None)
    message = find_message(place=turn.place, message_id=message_id)
    if message.author_id != author.pk:
        raise Refused("forbidden")
    if message.deleted_at is not None:
        raise Unchanged
    return removal.bury(turn, message)


@seq_or_nothing
def react_bridged(*, author: User, room_id: int, message_id: UUID, emoji: str, put: bool) -> SeqResult:
    """Puts their emoji under a message or takes it back; seq 0 when there is nothing to do.

    Raises:
        Refused: invalid, not_found, forbidden, gone, read_only, muted, banned, too_large.
    """
    texts.clean_emoji(emoji)
    turn = _turn(author, room_id, None)
    message = find_message(place=turn.place, message_id=message_id)
    if message.deleted_at is not None or message.kind == Message.Kind.SYSTEM:
        raise Refused("gone", "There is nothing to react to any more.")
    if not put:
        return messages.take_emoji(turn, message, emoji)
    _refuse_sanctioned(turn)
    return messages.put_emoji(turn, message, emoji)


def keep_bridged_file(*, author: User, room_id: int, upload_id: UUID, name: str, source: Path) -> AttachmentView:
    """Keeps a file for a message of theirs; the arguments are those of store_upload.

    Raises:
        Refused: invalid, too_large, quota_full, storage_full, conflict, forbidden.
    """
    _check_kind(author)
    first = stored_before(author, room_id, upload_id)
    if first is not None:
        return first
    size = source.stat().st_size
    if size > settings.UPLOAD_BYTES_MOST:
        raise Refused("too_large", f"A file has at most {megabytes(settings.UPLOAD_BYTES_MOST)} MB.", field="file")
    check_room_left(actor=author, room_id=room_id, size_bytes=size)
    return keep_upload(actor=author, room_id=room_id, upload_id=upload_id, name=name, source=source, size=size)[0]


def _check_kind(author: User) -> None:
    if author.kind not in SPOKEN_FOR:
        raise Refused("forbidden", "Only people are spoken for.")


def _turn(author: User, room_id: int, at: datetime | None) -> Turn:
    _check_kind(author)
    seq = log.reserve(room_topic(room_id))
    room = Room.objects.filter(pk=room_id).first()
    if room is None:
        raise Refused("not_found")
    if room.archived_at is not None:
        raise Refused("read_only", "This room is archived.")
    rules = WordRule.objects.filter(enabled=True).aggregate(total=Sum("stamp"))["total"] or 0
    standing = standing_of(room, permissions.MEMBER)
    place = Place(room, standing, person=accounts.person_view(author), rules=int(rules))
    return Turn(author, place, seq, at or timezone.now())


def take_turn_from_elsewhere(*, actor: User, room_id: int) -> Turn:
    """The turn of somebody who may speak now; for chat.services.answers, whoever asks there.

    Raises:
        Refused: forbidden, not_found, read_only, muted, banned.
    """
    turn = _turn(actor, room_id, None)
    _refuse_sanctioned(turn)
    return turn


def _refuse_sanctioned(turn: Turn) -> None:
    refused = refusal_of_elsewhere(user_id=turn.actor.pk, room_id=turn.room_id, now=turn.now)
    if refused is not None:
        raise refused


def _own(author: User, room_id: int, message_id: UUID) -> tuple[Turn, Message]:
    turn = _turn(author, room_id, None)
    message = find_message(place=turn.place, message_id=message_id)
    if message.author_id != author.pk:
        raise Refused("forbidden", "Only its author changes a message.")
    if message.deleted_at is not None:
        raise Refused("gone", "This message was deleted.")
    return turn, message
