"""Tells rooms who came, fell idle or went. Called by realtime.presence through PRESENCE_HOOK; stores nothing."""

from __future__ import annotations

from chat.events import PresenceChanged
from chat.models import Membership
from realtime.hub import hub


def announce(*, user_id: int, state: str) -> None:
    """Publishes the person's state to each of their rooms, where only members listen."""
    event = PresenceChanged(user=user_id, state=state)
    for room_id in Membership.objects.filter(user_id=user_id).values_list("room_id", flat=True):
        hub.publish_ephemeral(topic=f"room:{room_id}", event=event, key=str(user_id))
