"""Somebody's account ends: they leave their rooms, which stay readable and owned.

Called by accounts.services through PERSON_GONE_HOOKS, inside the transaction that erases the account, and by the admin
and `remove_messages` for what they said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Case, IntegerField, Value, When
from django.utils import timezone

from accounts import selectors as accounts
from accounts.events import PersonChanged
from chat import permissions
from chat.events import MemberLeft, RoleChanged
from chat.models import Bookmark, Draft, Membership, Message, Reminder, Room, ThreadFollow
from chat.permissions import FIXED_KINDS
from chat.selectors.standing import Place, owners_left, standing_of
from chat.selectors.views import room_topic
from chat.services import links
from chat.services.attachments import discard_unsent
from chat.services.removal import delete_message
from chat.services.turn import Turn
from realtime import log, renewal
from realtime.protocol import Effect

if TYPE_CHECKING:
    from accounts.models import User

AT_ONCE: Final = 500
"""Messages that are removed while somebody waits for a page; more are the command's."""


def withdraw(*, user_id: int) -> None:
    """Tells every room that shows the person what they are called now, and takes them out of those they are in.

    Direct and group rooms keep them: their people never change. The rooms are locked in the order of their ids.
    """
    for model in (Draft, Bookmark, ThreadFollow, Reminder):
        model.objects.filter(user=user_id).delete()
    discard_unsent(user_id=user_id)
    told = PersonChanged(person=accounts.people_views([user_id])[user_id])
    wrote = Message.objects.filter(author=user_id).order_by().values_list("room_id", flat=True).distinct()
    member = Membership.objects.filter(user=user_id).values_list("room_id", flat=True)
    person = accounts.find_person(user_id)
    for room_id in sorted({*wrote, *member}):
        log.append(topic=room_topic(room_id), event=told, actor_id=user_id)
        own = Membership.objects.filter(room_id=room_id, user=user_id).select_related("room").first()
        if own is not None and own.room.kind not in FIXED_KINDS:
            _hand_over(person, own)
            _go(person, own)
    # Their own log holds drafts and what rooms told them; nobody has to hear it again.
    renewal.renew_topic(person.topic)


def _turn(person: User, room: Room) -> Turn:
    return Turn(person, Place(room, standing_of(room, "")), log.reserve(room_topic(room.pk)), timezone.now())


def _hand_over(person: User, own: Membership) -> None:
    """The oldest moderator, or else the oldest member, follows the last owner."""
    if own.role != permissions.OWNER or owners_left(own.room_id, without=own.user_id):
        return
    rank = Case(
        When(role=permissions.MODERATOR, then=Value(0)),
        When(role=permissions.MEMBER, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    others = Membership.objects.filter(room_id=own.room_id, user__is_active=True).exclude(pk=own.pk)
    heir = others.order_by(rank, "joined_at", "pk").first()
    if heir is None:
        return
    Membership.objects.filter(pk=heir.pk).update(role=permissions.OWNER)
    turn = _turn(person, own.room)
    name = accounts.people_views([heir.user_id])[heir.user_id].display_name
    turn.append(RoleChanged(user=heir.user_id, role=permissions.OWNER, message=turn.say(f"{name} became an owner")))


def _go(person: User, own: Membership) -> None:
    own.delete()
    turn = _turn(person, own.room)
    standing = standing_of(own.room, "")
    links.end_links_of(user_id=person.pk, room_id=own.room_id, standing=standing, now=turn.now)
    line = turn.say(f"{person.display_name} left")
    turn.append(MemberLeft(user=person.pk, message=line), Effect(drop_user=person.pk))


def messages_of(user_id: int) -> Iterator[tuple[int, UUID]]:
    """(room, id) of everything the person said that is not deleted yet, oldest first."""
    rows = Message.objects.filter(author=user_id, deleted_at=None).exclude(kind=Message.Kind.SYSTEM).order_by("pk")
    return rows.values_list("room_id", "pk").iterator(chunk_size=AT_ONCE)


def remove_messages(*, actor: User, user_id: int, reason: str, most: int = AT_ONCE) -> bool:
    """Deletes what a person said, at most so many messages; each leaves its tombstone and its line in the trail.

    Returns:
        Whether nothing is left.

    Raises:
        Refused: `forbidden` or `not_found` for somebody who may not.
    """
    rows = list(messages_of(user_id))
    for room_id, message_id in rows[:most]:
        delete_message(actor=actor, room_id=room_id, message_id=message_id, reason=reason)
    return len(rows) <= most
