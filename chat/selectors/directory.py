"""Rooms, members and threads page by page, with cursors that stay good while others write.

Called by the HTTP API. Never writes, and shows nobody a room that they may not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, Subquery

from accounts import selectors as accounts
from accounts.events import PersonView
from chat import permissions
from chat.models import Membership, Message, Room
from chat.selectors.counts import counts_of
from chat.selectors.messages import authors_of, head_of
from chat.selectors.moment import one_moment
from chat.selectors.standing import find_message, find_place, membership_count
from chat.selectors.views import message_views, room_view
from chat.shapes import BrowseRoom, MemberView, MessageView, RoomView
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

QUERY_CHARS: Final = 80


@dataclass(frozen=True, slots=True)
class RoomStanding:
    """A room and what the asker is in it, without its messages.

    Attributes:
        as_of_seq: head of the room's topic when this was read.
        role: "" for somebody who looks at a public room from outside.
    """

    as_of_seq: int
    room: RoomView
    role: str
    member_count: int
    last_read_seq: int
    unread: int
    mentions: int
    permissions: list[str]


def room_standing(*, actor: User, room_id: int) -> RoomStanding:
    """One room as the person stands in it.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        place = find_place(actor=actor, room_id=room_id)
        counts = counts_of(actor.pk, room_id=room_id)
        return RoomStanding(
            as_of_seq=head_of(room_id),
            room=room_view(place.room),
            role=place.standing.role,
            member_count=membership_count(room_id),
            last_read_seq=counts[0].last_read_seq if counts else 0,
            unread=counts[0].unread if counts else 0,
            mentions=counts[0].mentions if counts else 0,
            permissions=permissions.names_of(place.standing),
        )


def room_page(
    *, actor: User, joined: bool | None = None, archived: bool = False, q: str = "", after: int = 0, limit: int
) -> tuple[list[BrowseRoom], bool]:
    """Rooms by their id, which never changes: public ones and those the person is in.

    Args:
        actor: who asks.
        joined: True only those one is in, direct ones too; False only the others; None both.
        archived: those that are archived, instead of those that are not.
        q: a part of name, purpose or address.
        after: the last id of the page before.
        limit: at most so many.

    Returns:
        The rooms, and whether there are more.
    """
    mine = Membership.objects.filter(room=OuterRef("pk"), user_id=actor.pk)
    last = Message.objects.filter(room=OuterRef("pk")).order_by("-seq").values("created_at")[:1]
    text = q.strip().removeprefix("#")[:QUERY_CHARS]
    rooms = (
        Room.objects.annotate(joined=Exists(mine))
        .filter(Q(kind=Room.Kind.PUBLIC) | Q(joined=True), pk__gt=after, archived_at__isnull=not archived)
        .filter(Q(name__icontains=text) | Q(purpose__icontains=text) | Q(slug__icontains=text))
        .annotate(last_at=Subquery(last))
        .order_by("pk")
    )
    if joined is not None:
        rooms = rooms.filter(joined=joined)
    found = list(rooms[: limit + 1])
    counts = Membership.objects.filter(room__in=found).order_by().values_list("room").annotate(people=Count("pk"))
    people = dict(counts)
    shown = [
        BrowseRoom(
            room=room_view(room), member_count=people.get(room.pk, 0), joined=bool(room.joined), last_at=room.last_at
        )
        for room in found[:limit]
    ]
    return shown, len(found) > limit


def member_page(*, actor: User, room_id: int, after: int = 0, limit: int) -> tuple[list[MemberView], bool]:
    """Members of a room by their id, and whether there are more after these.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        find_place(actor=actor, room_id=room_id)
        rows = Membership.objects.filter(room_id=room_id, user_id__gt=after).order_by("user_id")
        found = list(rows.values_list("user_id", "role")[: limit + 1])
        people = accounts.people_views(user for user, _ in found)
    return [MemberView(person=people[user], role=role) for user, role in found[:limit]], len(found) > limit


def one_message(*, actor: User, room_id: int, message_id: UUID) -> tuple[MessageView, list[PersonView]]:
    """A message of a room, and who wrote it.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        message = find_message(place=find_place(actor=actor, room_id=room_id), message_id=message_id)
        return message_views([message])[0], authors_of([message])


@dataclass(frozen=True, slots=True)
class Replies:
    """A part of a thread, oldest first."""

    as_of_seq: int
    root: MessageView
    replies: list[MessageView]
    people: list[PersonView]
    has_before: bool
    has_after: bool


def reply_page(
    *, actor: User, room_id: int, root_id: UUID, before: int | None = None, after: int | None = None, limit: int
) -> Replies:
    """Up to `limit` replies of a thread on one side of a seq; the newest when neither side is given.

    Raises:
        Refused: `not_found`, also for a message that is itself a reply; `invalid` when both sides are given.
    """
    if before is not None and after is not None:
        raise Refused("invalid", "Give before or after, not both.", field="after")
    with one_moment():
        root = find_message(place=find_place(actor=actor, room_id=room_id), message_id=root_id)
        if root.thread_root_id is not None:
            raise Refused("not_found")
        thread = Message.objects.filter(thread_root=root)
        if after is not None:
            found = list(thread.filter(seq__gt=after).order_by("seq")[: limit + 1])
            rows, has_after = found[:limit], len(found) > limit
            has_before = thread.filter(seq__lte=after).exists()
        else:
            older = thread if before is None else thread.filter(seq__lt=before)
            found = list(older.order_by("-seq")[: limit + 1])
            rows, has_before = found[:limit][::-1], len(found) > limit
            has_after = before is not None and thread.filter(seq__gte=before).exists()
        first, *replies = message_views([root, *rows])
        return Replies(head_of(room_id), first, replies, authors_of([root, *rows]), has_before, has_after)
