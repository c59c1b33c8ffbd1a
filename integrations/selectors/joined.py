"""What people of a room may know of its bridges: what it is joined with, who comes over, and when it was said there.

Called by integrations.api. Never writes, and tells no address and no token.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Q

from accounts import selectors as accounts
from accounts.events import PersonView
from chat.selectors import directory
from integrations.models import BridgedPerson, BridgedPost, BridgeLink
from realtime.protocol import Struct

if TYPE_CHECKING:
    from accounts.models import User

FOUND_MOST: Final = 20
IDS_MOST: Final = 100
BRIDGE: Final = "bridge"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MS_MOST: Final = 4_102_444_800_000
"""A post that says it is of a later century was dated by nobody's clock."""


class JoinedView(Struct, frozen=True, kw_only=True):
    """A channel that a room is one conversation with.

    Attributes:
        server: what it is called here.
        direction: both, in or out.
        works: whether anything is carried over now.
    """

    server: str
    channel: str
    direction: str
    works: bool


class RoomBridges(Struct, frozen=True, kw_only=True):
    """What a room is joined with, and people of those servers whose name was asked for."""

    joined: list[JoinedView]
    people: list[PersonView]


class BridgedView(Struct, frozen=True, kw_only=True):
    """Where somebody is who signs in nowhere here; `name` is what stands after `@` there."""

    id: int
    server: str
    name: str


class SaidThereView(Struct, frozen=True, kw_only=True):
    """When a message of a room was said in the channel that it came from, by our clock."""

    id: UUID
    at: datetime


def room_bridges(*, actor: User, room_id: int, q: str) -> RoomBridges:
    """The links of a room, for whoever may read it, and people of those servers whose name begins so or contains it.

    Args:
        actor: who asks.
        room_id: which room.
        q: a part of a name here or there; empty for those who wrote first.

    Raises:
        Refused: `not_found`.
    """
    directory.room_standing(actor=actor, room_id=room_id)
    links = list(BridgeLink.objects.filter(room=room_id, enabled=True).select_related("server").order_by("pk"))
    joined = [_joined(link) for link in links]
    servers = {link.server_id for link in links if link.server.enabled}
    return RoomBridges(joined=joined, people=_people(servers, q.strip().removeprefix("@")[:60]))


def _joined(link: BridgeLink) -> JoinedView:
    works = link.server.enabled and link.state == BridgeLink.State.ACTIVE
    channel = link.channel_name or link.channel_id
    return JoinedView(server=link.server.name, channel=channel, direction=link.direction, works=works)


def _people(servers: Iterable[int], q: str) -> list[PersonView]:
    rows = BridgedPerson.objects.filter(server__in=list(servers), is_bot=False, user__kind=BRIDGE)
    if q:
        rows = rows.filter(Q(username__icontains=q) | Q(user__display_name__icontains=q))
    ids = list(rows.order_by("pk").values_list("user", flat=True)[:FOUND_MOST])
    views = accounts.people_views(ids)
    return [views[one] for one in ids if one in views]


def bridged_people(*, ids: Iterable[int]) -> list[BridgedView]:
    """Which of these people are on which server; others, and accounts of our own people, are left out."""
    wanted = [one for one in dict.fromkeys(ids) if 0 < one < 2**63][:IDS_MOST]
    rows = BridgedPerson.objects.filter(user__in=wanted, user__kind=BRIDGE).select_related("server").order_by("pk")
    return [BridgedView(id=row.user_id, server=row.server.name, name=row.username) for row in rows]


def said_there(*, actor: User, room_id: int, ids: Iterable[UUID]) -> list[SaidThereView]:
    """When these messages of a room were said, of those that came from a channel.

    Args:
        actor: who asks, and may read the room.
        room_id: which room.
        ids: of its messages.

    Raises:
        Refused: `not_found`.
    """
    directory.room_standing(actor=actor, room_id=room_id)
    wanted = list(dict.fromkeys(ids))[:IDS_MOST]
    rows = BridgedPost.objects.filter(link__room=room_id, local_id__in=wanted, ours=False, deleted=False)
    told = rows.filter(remote_create_at_ms__range=(1, MS_MOST)).order_by("pk")
    found = told.values_list("local_id", "remote_create_at_ms", "link__server__pulse__clock_ms")
    return [
        SaidThereView(id=one, at=EPOCH + timedelta(milliseconds=ms - (ahead_ms or 0))) for one, ms, ahead_ms in found
    ]
