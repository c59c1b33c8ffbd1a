"""Questions about webhooks: which a room has, and whose key this is. Never writes and never tells a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat import selectors as rooms
from integrations.keys import hash_key
from integrations.models import IncomingHook
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User


def hook_of(key: str) -> IncomingHook | None:
    """The hook of a key, enabled or not, with its bot."""
    return IncomingHook.objects.select_related("bot", "room").filter(key_hash=hash_key(key)).first()


def incoming_hooks(*, actor: User, room_id: int) -> list[IncomingHook]:
    """The webhooks into a room, for whoever moderates it, oldest first.

    Raises:
        Refused: `not_found` or `forbidden`.
    """
    if not rooms.rights_in(actor=actor, room_id=room_id).may_moderate:
        raise Refused("forbidden", "Owners and moderators look after webhooks.")
    return list(IncomingHook.objects.filter(room_id=room_id).select_related("created_by").order_by("pk"))
