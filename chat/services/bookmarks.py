"""Messages that people save for themselves. Called by the consumer; nobody else ever hears of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.utils import timezone

from chat.events import BookmarkChanged, SeqResult
from chat.models import Bookmark, Message
from chat.selectors.standing import find_message, find_place
from chat.services.turn import Unchanged, seq_or_nothing
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

BOOKMARKS_MOST: Final = 500


@seq_or_nothing
def add_bookmark(*, actor: User, room_id: int, message_id: UUID) -> SeqResult:
    """Saves a message for oneself; seq 0 when it is saved already.

    Raises:
        Refused: not_found, not_member, gone; `too_large` beyond 500.
    """
    taken = log.reserve(actor.topic)
    place = find_place(actor=actor, room_id=room_id)
    if place.membership is None:
        raise Refused("not_member")
    message = find_message(place=place, message_id=message_id)
    if message.deleted_at is not None or message.kind == Message.Kind.SYSTEM:
        raise Refused("gone", "There is nothing to save any more.")
    if Bookmark.objects.filter(user_id=actor.pk, message=message).exists():
        raise Unchanged
    if Bookmark.objects.filter(user_id=actor.pk).count() >= BOOKMARKS_MOST:
        raise Refused("too_large", f"You can save at most {BOOKMARKS_MOST} messages. Let go of some first.")
    Bookmark.objects.create(user_id=actor.pk, message=message, created_at=timezone.now())
    return _tell(actor, taken, message, saved=True)


@seq_or_nothing
def remove_bookmark(*, actor: User, message_id: UUID) -> SeqResult:
    """Lets go of a saved message, also in a room that one has left; seq 0 when it is not saved."""
    taken = log.reserve(actor.topic)
    mine = Bookmark.objects.filter(user_id=actor.pk, message_id=message_id).select_related("message").first()
    if mine is None:
        raise Unchanged
    mine.delete()
    return _tell(actor, taken, mine.message, saved=False)


def _tell(actor: User, seq: int, message: Message, *, saved: bool) -> SeqResult:
    event = BookmarkChanged(message=message.pk, room=message.room_id, saved=saved)
    return SeqResult(seq=log.append(topic=actor.topic, seq=seq, event=event, actor_id=actor.pk))
