"""Rooms one may find, topics one may hear, invite links. Called by views and the consumer."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.utils import timezone

from accounts import selectors as accounts
from accounts.events import PersonView
from chat.models import Membership, Message, Room, RoomInvite
from chat.permissions import FIXED_KINDS, can_invite
from chat.selectors.standing import find_place, membership_count
from chat.selectors.views import room_view
from chat.shapes import BrowseRoom, LinkView
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

ROOMS_FOUND: Final = 200
QUERY_CHARS: Final = 80


def browse_rooms(*, actor: User, q: str = "", archived: bool = False) -> list[BrowseRoom]:
    """Public rooms and those the person is in, by name; private rooms of others are as if they were not there."""
    mine = Membership.objects.filter(room=OuterRef("pk"), user_id=actor.pk)
    last = Message.objects.filter(room=OuterRef("pk")).order_by("-seq").values("created_at")[:1]
    text = q.strip().removeprefix("#")[:QUERY_CHARS]
    rooms = (
        Room.objects.exclude(kind__in=FIXED_KINDS)
        .annotate(joined=Exists(mine))
        .filter(Q(kind=Room.Kind.PUBLIC) | Q(joined=True), archived_at__isnull=not archived)
        .filter(Q(name__icontains=text) | Q(purpose__icontains=text) | Q(slug__icontains=text))
        .annotate(last_at=Subquery(last))
        .order_by("name", "pk")[:ROOMS_FOUND]
    )
    found = list(rooms)
    counts = Membership.objects.filter(room__in=found).order_by().values_list("room").annotate(people=Count("pk"))
    people = dict(counts)
    return [
        BrowseRoom(
            room=room_view(room), member_count=people.get(room.pk, 0), joined=bool(room.joined), last_at=room.last_at
        )
        for room in found
    ]


def visible_topics(*, actor: User, topics: Collection[str]) -> set[str]:
    """Which of these topics the person may hear: their own, and the rooms they are in.

    A public room is read from outside through snapshots only: who types and who is here is for its members.
    """
    rooms = {name: int(name[5:]) for name in topics if name.startswith("room:") and _is_number(name[5:])}
    mine = Membership.objects.filter(user_id=actor.pk, room__in=list(rooms.values())).values_list("room_id", flat=True)
    allowed = set(mine)
    return {name for name, room in rooms.items() if room in allowed} | ({f"user:{actor.pk}"} & set(topics))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19 and text == str(int(text))


def hash_token(token: str) -> str:
    """What is kept of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def invite_links(*, actor: User, room_id: int) -> list[LinkView]:
    """Links of a room that still work, newest first.

    Raises:
        Refused: `not_found` or `forbidden`.
    """
    place = find_place(actor=actor, room_id=room_id)
    if not can_invite(place.standing):
        raise Refused("forbidden")
    now = timezone.now()
    links = [
        link
        for link in RoomInvite.objects.filter(room_id=room_id, revoked_at__isnull=True)
        .select_related("room")
        .order_by("-pk")
        if state_of(link, now=now) == "open"
    ]
    people = accounts.people_views({link.created_by_id for link in links})
    return [
        LinkView(
            id=link.pk,
            role=link.role,
            created_by=people[link.created_by_id],
            created_at=link.created_at,
            uses=link.uses,
            max_uses=link.max_uses,
            expires_at=link.expires_at,
        )
        for link in links
    ]


def state_of(link: RoomInvite, *, now: datetime) -> str:
    """`open`, or why the link does not work: `revoked`, `ended`, `used_up`."""
    if link.revoked_at is not None:
        return "revoked"
    if (link.expires_at is not None and link.expires_at <= now) or link.room.archived_at is not None:
        return "ended"
    return "used_up" if link.max_uses is not None and link.uses >= link.max_uses else "open"


@dataclass(frozen=True, slots=True)
class LinkPage:
    """What an invite link shows before anybody joins: never a message.

    Attributes:
        state: open, used_up, ended, revoked or unknown; the rest is set when it is open.
    """

    state: str
    room: Room | None = None
    inviter: PersonView | None = None
    role: str = ""
    members: int = 0
    expires_at: datetime | None = None


def link_page(*, token: str) -> LinkPage:
    """What stands on the page of a link."""
    link = RoomInvite.objects.select_related("room").filter(token_hash=hash_token(token)).first()
    state = state_of(link, now=timezone.now()) if link is not None else "unknown"
    if link is None or state != "open":
        return LinkPage(state)
    inviter = accounts.people_views([link.created_by_id]).get(link.created_by_id)
    return LinkPage(state, link.room, inviter, link.role, membership_count(link.room_id), link.expires_at)
