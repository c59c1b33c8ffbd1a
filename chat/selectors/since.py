"""What was said in a room after a place in it: for whoever comes back, and for the app that sums it up.

Called by the app of the assistant. Never writes, and shows nobody a room that they may not see.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.events import PersonView
from chat.models import Mention, Message
from chat.selectors.messages import authors_of, head_of
from chat.selectors.moment import one_moment
from chat.selectors.standing import find_message, find_place
from chat.selectors.views import message_views
from chat.shapes import MessageView
from chat.texts import excerpt
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

MESSAGES_MOST: Final = 500
"""Looked through for questions and people, the newest; the count goes further."""
COUNTED_MOST: Final = 1_000
LISTED_MOST: Final = 5
QUESTION_MARKS: Final = ("?", "？", "؟")
_TRAILING: Final = " \t\n*_~`)]}\"'”’»"


@dataclass(frozen=True, slots=True)
class Told:
    """A message by its beginning."""

    id: UUID
    seq: int
    author: int | None
    excerpt: str
    kind: str


@dataclass(frozen=True, slots=True)
class Since:
    """What others said after a seq; replies in threads count.

    Attributes:
        messages: how many, at most 1,000.
        people: who wrote most of late first.
        mentions, questions: at most five of each, the newest, oldest first.
    """

    head_seq: int
    messages: int
    people: list[PersonView]
    mentions: list[Told]
    questions: list[Told]


def said_since(*, actor: User, room_id: int, since: int) -> Since:
    """Counts, people, what addresses the person, and questions without an answer.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        find_place(actor=actor, room_id=room_id)
        rows = _said(room_id, since).exclude(author_id=actor.pk)
        found = list(rows.order_by("-seq")[:MESSAGES_MOST])
        count = len(found) if len(found) < MESSAGES_MOST else rows.order_by()[:COUNTED_MOST].count()
        addressed = Mention.objects.filter(user_id=actor.pk, room_id=room_id, seq__gt=since).values("message")
        return Since(
            head_seq=head_of(room_id),
            messages=count,
            people=authors_of(found),
            mentions=_told(rows.filter(pk__in=addressed).order_by("-seq")[:LISTED_MOST]),
            questions=_told(_unanswered(found)[:LISTED_MOST]),
        )


def messages_since(*, actor: User, room_id: int, since: int, limit: int) -> tuple[list[MessageView], list[PersonView]]:
    """The newest `limit` messages after a seq, oldest first, replies in threads too, and who wrote them.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        find_place(actor=actor, room_id=room_id)
        found = list(_said(room_id, since).order_by("-seq")[:limit])[::-1]
        return message_views(found), authors_of(found)


def message_at(*, actor: User, room_id: int, seq: int) -> MessageView:
    """The message of a room with this seq.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        place = find_place(actor=actor, room_id=room_id)
        pk = Message.objects.filter(room_id=room_id, seq=seq).values_list("pk", flat=True).first()
        if pk is None:
            raise Refused("not_found")
        return message_views([find_message(place=place, message_id=pk)])[0]


def begins_at(*, room_id: int, seq: int) -> datetime | None:
    """When the last message up to a seq was written; None when there is none. Never asks who may see it."""
    before = Message.objects.filter(room_id=room_id, seq__lte=seq).order_by("-seq")
    return before.values_list("created_at", flat=True).first()


def said_after(*, room_id: int, at: datetime) -> bool:
    """Whether anything was said in a room after a moment; never asks who may see it."""
    newest = Message.objects.filter(room_id=room_id).exclude(kind=Message.Kind.SYSTEM).order_by("-seq").first()
    return newest is not None and newest.created_at > at


def _said(room_id: int, since: int) -> QuerySet[Message]:
    rows = Message.objects.filter(room_id=room_id, seq__gt=since, deleted_at=None)
    return rows.exclude(kind=Message.Kind.SYSTEM).exclude(body="")


def _told(messages: Collection[Message]) -> list[Told]:
    return [Told(one.pk, one.seq, one.author_id, excerpt(one.body), one.kind) for one in list(messages)[::-1]]


def _unanswered(messages: Sequence[Message]) -> list[Message]:
    """Those that ask something and that nobody answered, neither in a thread nor by a reply that quotes them."""
    asked = [one for one in messages if one.thread_root_id is None and is_question(one.body)]
    ids = [one.pk for one in asked]
    answers = Message.objects.filter(Q(thread_root__in=ids) | Q(reply_to__in=ids), deleted_at=None) if ids else ()
    answered = {one for row in answers for one in (row.thread_root_id, row.reply_to_id)}
    return [one for one in asked if one.pk not in answered]


def is_question(body: str) -> bool:
    """Whether a text ends with a question."""
    return body.rstrip(_TRAILING).endswith(QUESTION_MARKS)
