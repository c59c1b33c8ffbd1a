"""Pages of history, threads and what a message said before. Called by the JSON API and the room snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import QuerySet

from accounts import selectors as accounts
from accounts.events import PersonView
from chat.models import Message, MessageRevision
from chat.selectors.moment import one_moment
from chat.selectors.standing import find_message, find_place
from chat.selectors.views import SHOWN_IN_ROOM, message_views, room_topic
from chat.shapes import MessagePage, MessageView, RevisionView, ThreadSnapshot
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

PAGE_MESSAGES: Final = 50
PAGE_MOST: Final = 100
THREAD_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Window:
    """Messages shown in a room, oldest first, and whether there are more on either side."""

    messages: list[MessageView]
    has_before: bool
    has_after: bool


def shown(room_id: int) -> QuerySet[Message]:
    """What stands in the room's log."""
    return Message.objects.filter(SHOWN_IN_ROOM, room_id=room_id)


def newest(room_id: int) -> Window:
    """The last page of a room."""
    rows = _before(room_id, None, PAGE_MESSAGES)
    return Window(message_views(rows[0]), rows[1], has_after=False)


def around(room_id: int, message: Message) -> Window:
    """A page with a message in its middle; a reply that stands only in its thread gives the place of its root."""
    root = message.thread_root
    seq = message.seq if root is None or message.also_in_room else root.seq
    older, has_before = _before(room_id, seq, PAGE_MESSAGES // 2)
    newer, has_after = _after(room_id, seq - 1, PAGE_MESSAGES // 2)
    return Window(message_views(older + newer), has_before, has_after)


def _before(room_id: int, seq: int | None, limit: int) -> tuple[list[Message], bool]:
    rows = shown(room_id) if seq is None else shown(room_id).filter(seq__lt=seq)
    found = list(rows.order_by("-seq")[: limit + 1])
    return found[:limit][::-1], len(found) > limit


def _after(room_id: int, seq: int, limit: int) -> tuple[list[Message], bool]:
    found = list(shown(room_id).filter(seq__gt=seq).order_by("seq")[: limit + 1])
    return found[:limit], len(found) > limit


def message_page(
    *, actor: User, room_id: int, before: int | None = None, after: int | None = None, limit: int = PAGE_MESSAGES
) -> MessagePage:
    """Up to `limit` (1 to 100) messages on one side of a seq; the newest when neither side is given.

    Raises:
        Refused: `not_found`; `invalid` when both sides are given.
    """
    if before is not None and after is not None:
        raise Refused("invalid", "Give before or after, not both.", field="after")
    limit = max(1, min(limit, PAGE_MOST))
    with one_moment():
        find_place(actor=actor, room_id=room_id)
        if after is not None:
            rows, has_after = _after(room_id, after, limit)
            has_before = shown(room_id).filter(seq__lte=after).exists()
        else:
            rows, has_before = _before(room_id, before, limit)
            has_after = before is not None and shown(room_id).filter(seq__gte=before).exists()
        return MessagePage(
            as_of_seq=head_of(room_id),
            messages=message_views(rows),
            people=authors_of(rows),
            has_before=has_before,
            has_after=has_after,
        )


def head_of(room_id: int) -> int:
    """The seq of the room's newest event."""
    topic = room_topic(room_id)
    return log.heads([topic])[topic][0]


def authors_of(messages: Iterable[Message | MessageView]) -> list[PersonView]:
    """Those who wrote the messages, in the order of their first."""
    ids = [message.author_id if isinstance(message, Message) else message.author for message in messages]
    order = list(dict.fromkeys(author for author in ids if author is not None))
    people = accounts.people_views(order) if order else {}
    return [people[author] for author in order if author in people]


def message_place(*, actor: User, message_id: UUID) -> tuple[int, UUID]:
    """(room id, message id) of a message that the person may see.

    Raises:
        Refused: `not_found`.
    """
    room_id = Message.objects.filter(pk=message_id).values_list("room_id", flat=True).first()
    if room_id is None:
        raise Refused("not_found")
    find_place(actor=actor, room_id=room_id)
    return room_id, message_id


def thread_snapshot(*, actor: User, room_id: int, root_id: UUID) -> ThreadSnapshot:
    """A root and its newest replies (at most 200), oldest first.

    Raises:
        Refused: `not_found`, also for a message that is itself a reply.
    """
    with one_moment():
        root = find_message(place=find_place(actor=actor, room_id=room_id), message_id=root_id)
        if root.thread_root_id is not None:
            raise Refused("not_found")
        found = list(Message.objects.filter(thread_root=root).order_by("-seq")[: THREAD_MOST + 1])
        rows = found[:THREAD_MOST][::-1]
        first, *replies = message_views([root, *rows])
        return ThreadSnapshot(
            as_of_seq=head_of(room_id),
            root=first,
            replies=replies,
            people=authors_of([root, *rows]),
            has_before=len(found) > THREAD_MOST,
        )


def revisions(*, actor: User, message_id: UUID) -> list[RevisionView]:
    """What a message says and said, newest first; `at` is when that text was written. Empty when it was deleted.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        message_place(actor=actor, message_id=message_id)
        message = Message.objects.get(pk=message_id)
        if message.deleted_at is not None:
            return []
        older = list(MessageRevision.objects.filter(message=message).order_by("seq"))
    begins = [message.created_at, *(revision.replaced_at for revision in older)]
    bodies = [*(revision.body for revision in older), message.body]
    return [RevisionView(body=body, at=at) for body, at in zip(bodies, begins, strict=True)][::-1]
