"""People come into a room, go, and are given roles. Each public function is one transaction.

Called by the consumer and the join page. A removal carries the effect that drops the person's sockets from the room.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone

from accounts import selectors as accounts
from accounts import services as account_services
from chat import permissions, presence
from chat.events import MemberJoined, MemberLeft, MemberRemoved, RoleChanged, RoomResult, SeqResult
from chat.models import Membership, Room
from chat.selectors.standing import find_place_of_superuser, owners_left, standing_of
from chat.selectors.views import room_topic, room_view
from chat.services import links
from chat.services.moderation.sanctions import refuse_barred
from chat.services.turn import Turn, Unchanged, add_to_list, seq_or_nothing, shown_name, take_off_list, take_turn
from chat.shapes import MemberView
from realtime import log
from realtime.protocol import Ack, Effect, Refused

if TYPE_CHECKING:
    from accounts.models import User

FIXED: Final = "The people of a direct conversation do not change. Start another one."
LAST_OWNER: Final = "You are the last owner. Give the role to somebody else, or archive the room first."


def join_room(
    *, actor: User, room_id: int | None = None, token: str | None = None, at: datetime | None = None
) -> RoomResult:
    """Comes into a public room, or into any room by the token of a link. Being in it already is no error.

    Raises:
        Refused: not_found, forbidden; `gone` for a link that does not work; `invalid` unless one of both is given.
    """
    if (room_id is None) == (token is None):
        raise Refused("invalid", "Give a room or a link.", field="room")
    try:
        return _join(actor, room_id, token, at)
    except Unchanged as unchanged:
        return RoomResult(room=room_view(Room.objects.get(pk=unchanged.args[0])))


@transaction.atomic
def _join(actor: User, room_id: int | None, token: str | None, at: datetime | None) -> RoomResult:
    link = links.find_link(token) if token is not None else None
    wanted = link.room_id if link is not None else room_id
    if wanted is None or Membership.objects.filter(room_id=wanted, user_id=actor.pk).exists():
        raise Unchanged(wanted)
    turn = take_turn(actor=actor, room_id=wanted, invited=link is not None, at=at)
    if turn.place.membership is not None:
        raise Unchanged(wanted)
    refuse_barred(user_id=actor.pk, room_id=wanted)
    role = permissions.MEMBER
    if link is not None:
        links.use(link, now=turn.now)
        role = link.role
    elif not permissions.can_join(turn.place.standing):
        raise Refused("forbidden", "This room is archived.")
    _add(turn, actor.pk, role, f"{shown_name(actor)} joined")
    return RoomResult(room=room_view(turn.place.room))


def _add(turn: Turn, user_id: int, role: str, text: str) -> SeqResult:
    Membership.objects.create(
        room=turn.place.room,
        user_id=user_id,
        role=role,
        joined_seq=turn.seq,
        last_read_seq=turn.seq,
        joined_at=turn.now,
    )
    person = accounts.people_views([user_id])[user_id]
    done = turn.append(MemberJoined(member=MemberView(person=person, role=role), message=turn.say(text)))
    add_to_list(actor=turn.actor, user_id=user_id, room_id=turn.room_id, at=turn.now)
    presence.announce_newcomer(user_id=user_id, room_id=turn.room_id)
    return done


@seq_or_nothing
def invite_person(*, actor: User, room_id: int, user_id: int, at: datetime | None = None) -> SeqResult:
    """Adds somebody; seq 0 when they are in the room already.

    Raises:
        Refused: not_found, forbidden; `invalid` with field user.
    """
    turn = take_turn(actor=actor, room_id=room_id, at=at)
    if turn.place.standing.fixed:
        raise Refused("forbidden", FIXED)
    if not permissions.can_invite(turn.place.standing):
        raise Refused("forbidden")
    person = accounts.active_people([user_id]).get(user_id)
    if person is None:
        raise Refused("invalid", "There is nobody of this id.", field="user")
    if Membership.objects.filter(room_id=room_id, user_id=user_id).exists():
        raise Unchanged
    refuse_barred(user_id=user_id, room_id=room_id, name=person.display_name)
    return _add(turn, user_id, permissions.MEMBER, f"{shown_name(actor)} added {person.display_name}")


@transaction.atomic
def leave_room(*, actor: User, room_id: int) -> Ack:
    """Goes; the person's sockets leave the room's topic with this event.

    Raises:
        Refused: not_found, not_member, forbidden for the last owner and in direct conversations.
    """
    turn = take_turn(actor=actor, room_id=room_id)
    membership = turn.place.member
    if turn.place.standing.fixed:
        raise Refused("forbidden", FIXED)
    if _is_last_owner(turn, membership) and not turn.place.standing.archived:
        raise Refused("forbidden", LAST_OWNER)
    membership.delete()
    line = turn.say(f"{shown_name(actor)} left")
    turn.append(MemberLeft(user=actor.pk, message=line), Effect(drop_user=actor.pk))
    take_off_list(actor=actor, user_id=actor.pk, room_id=room_id, why="left")
    return Ack()


def _is_last_owner(turn: Turn, membership: Membership) -> bool:
    return membership.role == permissions.OWNER and not owners_left(turn.room_id, without=membership.user_id)


@seq_or_nothing
def remove_member(*, actor: User, room_id: int, user_id: int, reason: str = "") -> SeqResult:
    """Takes somebody out; nothing after this event reaches them.

    Raises:
        Refused: not_found, forbidden; `invalid` with field user for oneself or somebody who is not in the room.
    """
    told = account_services.clean_remark(reason)
    turn = take_turn(actor=actor, room_id=room_id)
    other = _find_member(turn, user_id)
    if user_id == actor.pk:
        raise Refused("invalid", "To go yourself, leave the room.", field="user")
    if not permissions.can_remove(turn.place.standing, other.role):
        raise Refused("forbidden")
    other.delete()
    _end_links(turn, user_id, role="")
    name = accounts.people_views([user_id])[user_id].display_name
    done = turn.append(MemberRemoved(user=user_id, message=turn.say(f"{name} was removed")), Effect(drop_user=user_id))
    take_off_list(actor=actor, user_id=user_id, room_id=room_id, why="removed", reason=told)
    account_services.record_audit(
        actor=actor, action="member.remove", target=f"room:{room_id}", reason=told, detail={"user": user_id}
    )
    return done


def _end_links(turn: Turn, user_id: int, *, role: str) -> None:
    standing = standing_of(turn.place.room, role)
    links.end_links_of(user_id=user_id, room_id=turn.room_id, standing=standing, now=turn.now)


def _find_member(turn: Turn, user_id: int) -> Membership:
    if not (permissions.can_moderate(turn.place.standing)):
        raise Refused("forbidden", FIXED if turn.place.standing.fixed else "")
    other = Membership.objects.filter(room_id=turn.room_id, user_id=user_id).first()
    if other is None:
        raise Refused("invalid", "This person is not in the room.", field="user")
    return other


@seq_or_nothing
def set_role(*, actor: User, room_id: int, user_id: int, role: str) -> SeqResult:
    """Gives a member another role; for owners. The same role again is seq 0.

    Raises:
        Refused: not_found, forbidden; `invalid` with field role or user.
    """
    if role not in Membership.Role.values:
        raise Refused("invalid", "A role is owner, moderator, member or guest.", field="role")
    turn = take_turn(actor=actor, room_id=room_id)
    other = _find_member(turn, user_id)
    if not permissions.can_manage(turn.place.standing):
        raise Refused("forbidden")
    if other.role == role:
        raise Unchanged
    if _is_last_owner(turn, other):
        raise Refused("forbidden", LAST_OWNER)
    Membership.objects.filter(pk=other.pk).update(role=role)
    _end_links(turn, user_id, role=role)
    name = accounts.people_views([user_id])[user_id].display_name
    article = "an" if role == permissions.OWNER else "a"
    line = turn.say(f"{shown_name(actor)} made {name} {article} {role}")
    return turn.append(RoleChanged(user=user_id, role=role, message=line))


@seq_or_nothing
def appoint_owner(*, actor: User, room_id: int, user_id: int, reason: str) -> SeqResult:
    """Makes a member an owner from outside the room, where its owners are gone; for superusers. Again is seq 0.

    Raises:
        Refused: not_found for everybody else, forbidden in direct rooms; `invalid` with field user.
    """
    seq = log.reserve(room_topic(room_id))
    turn = Turn(actor, find_place_of_superuser(actor=actor, room_id=room_id), seq, timezone.now())
    if turn.place.standing.fixed:
        raise Refused("forbidden", FIXED)
    other = Membership.objects.filter(room_id=room_id, user_id=user_id).first()
    if other is None:
        raise Refused("invalid", "This person is not in the room.", field="user")
    if other.role == permissions.OWNER:
        raise Unchanged
    Membership.objects.filter(pk=other.pk).update(role=permissions.OWNER)
    name = accounts.people_views([user_id])[user_id].display_name
    target, detail = f"room:{room_id}", {"user": user_id}
    account_services.record_audit(
        actor=actor, action="member.appoint_owner", target=target, reason=reason, detail=detail
    )
    line = turn.say(f"{name} became an owner")
    return turn.append(RoleChanged(user=user_id, role=permissions.OWNER, message=line))
