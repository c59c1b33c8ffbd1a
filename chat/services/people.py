"""What a person changed about themselves, told to the rooms that they are in.

Called by accounts.services through PERSON_HOOK, inside the transaction of the change. Never changes a person.
"""

from __future__ import annotations

from accounts import selectors as accounts
from accounts.events import PersonChanged
from chat.models import Membership
from chat.selectors.views import room_topic
from realtime import log


def announce(*, user_id: int) -> None:
    """Appends the person as they are now to the log of each of their rooms.

    Rooms that they left keep the name of that time until they are loaded again. The rooms are locked in the order of
    their ids, so that two people who change at once never wait for each other.
    """
    event = PersonChanged(person=accounts.people_views([user_id])[user_id])
    rooms = Membership.objects.filter(user_id=user_id).order_by("room_id").values_list("room_id", flat=True)
    for room_id in list(rooms):
        log.append(topic=room_topic(room_id), event=event, actor_id=user_id)
