"""Invite links of a room. Only the hash of a token is kept; two people never both take the last use.

Called by the consumer and by chat.services.members when somebody joins by a link.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from chat import permissions
from chat.events import LinkCreated
from chat.models import Membership, RoomInvite
from chat.permissions import Standing
from chat.selectors.browse import hash_token, state_of
from chat.selectors.standing import find_place
from realtime.protocol import Ack, Refused

if TYPE_CHECKING:
    from accounts.models import User

MOST_USES: Final = 1_000
MOST_SECONDS: Final = 365 * 86_400
TOKEN_BYTES: Final = 24

SENTENCES: Final = {
    "unknown": "This link does not exist. Check that the whole address was copied.",
    "revoked": "This link was taken back. Ask for a new one.",
    "ended": "The time of this link is over. Ask for a new one.",
    "used_up": "This link was used by as many people as it was made for.",
}


@transaction.atomic
def create_link(
    *,
    actor: User,
    room_id: int,
    role: str = permissions.MEMBER,
    expires_in_seconds: int | None = 604_800,
    max_uses: int | None = None,
) -> LinkCreated:
    """Makes a link; its token is shown now and never again.

    Raises:
        Refused: not_found, forbidden; `invalid` with field role, expires_in_seconds or max_uses.
    """
    place = find_place(actor=actor, room_id=room_id)
    if role not in {permissions.GUEST, permissions.MEMBER, permissions.MODERATOR}:
        raise Refused("invalid", "A link lets in guests, members or moderators.", field="role")
    if not permissions.can_give(place.standing, role):
        raise Refused("forbidden")
    if expires_in_seconds is not None and not 60 <= expires_in_seconds <= MOST_SECONDS:
        raise Refused("invalid", "A link works for a minute to a year.", field="expires_in_seconds")
    if max_uses is not None and not 1 <= max_uses <= MOST_USES:
        raise Refused("invalid", f"A link works for 1 to {MOST_USES} people.", field="max_uses")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = RoomInvite.objects.create(
        room=place.room,
        token_hash=hash_token(token),
        role=role,
        created_by_id=actor.pk,
        expires_at=timezone.now() + timedelta(seconds=expires_in_seconds) if expires_in_seconds else None,
        max_uses=max_uses,
    )
    return LinkCreated(id=link.pk, url=f"{settings.SITE_URL}/join/{token}/")


@transaction.atomic
def revoke_link(*, actor: User, room_id: int, link_id: int) -> Ack:
    """Ends a link: one's own, or as a moderator anybody's. One that ended already stays as it is.

    Raises:
        Refused: not_found, forbidden.
    """
    place = find_place(actor=actor, room_id=room_id)
    link = RoomInvite.objects.filter(pk=link_id, room_id=room_id).first()
    if link is None or place.membership is None:
        raise Refused("not_found")
    if link.created_by_id != actor.pk and not permissions.can_moderate(place.standing):
        raise Refused("forbidden")
    RoomInvite.objects.filter(pk=link.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())
    return Ack()


def end_links_of(*, user_id: int, room_id: int, standing: Standing, now: datetime) -> None:
    """Ends the links that a person made and could not make any more: who was taken out does not come back by their own.

    Args:
        user_id: who made them.
        room_id: where.
        standing: what the person is in the room from now on.
        now: when that began.
    """
    rows = RoomInvite.objects.filter(room_id=room_id, created_by=user_id, revoked_at__isnull=True)
    worthless = [role for role in Membership.Role.values if not permissions.can_give(standing, role)]
    rows.filter(role__in=worthless).update(revoked_at=now)


def find_link(token: str) -> RoomInvite:
    """The link of a token; whether it still works is decided when it is used.

    Raises:
        Refused: `gone`.
    """
    link = RoomInvite.objects.filter(token_hash=hash_token(token)).first()
    if link is None:
        raise Refused("gone", SENTENCES["unknown"])
    return link


def use(link: RoomInvite, *, now: datetime) -> None:
    """Takes one use, in the transaction of the joining.

    Raises:
        Refused: `gone`, with the reason.
    """
    still = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    left = Q(max_uses__isnull=True) | Q(uses__lt=F("max_uses"))
    live = RoomInvite.objects.filter(still, left, pk=link.pk, revoked_at__isnull=True, room__archived_at__isnull=True)
    if not live.update(uses=F("uses") + 1):
        raise Refused("gone", SENTENCES[_why(link, now)])


def _why(link: RoomInvite, now: datetime) -> str:
    state = state_of(RoomInvite.objects.select_related("room").get(pk=link.pk), now=now)
    # Somebody took the last use between the two queries.
    return "used_up" if state == "open" else state
