"""What a person is in a room: the first question of every service and selector.

Never says more to somebody outside than that there is nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.utils import timezone

from accounts import selectors as accounts
from accounts.events import PersonView
from chat.models import Membership, Message, Report, Room, WordRule
from chat.permissions import Standing, can_see
from chat.selectors.views import room_topic
from realtime.protocol import Refused
from realtime.rows import Rows, row_of, sql_time

if TYPE_CHECKING:
    from accounts.models import User


BRIDGE: Final = "bridge"
"""Kind of the accounts of people of another system."""
STAFF_PERMISSION: Final = "chat.change_report"
"""What makes staff decide about reports."""
MOST_ID: Final = 2**63 - 1
"""What a database's id can be; a larger number is the address of nothing."""
_memberships: Final = Rows(Membership)
_rooms: Final = Rows(Room)
# Every command in a room begins with this question; through the ORM it cost half of what a whole message costs.
_PLACE: Final = (
    f"SELECT m.user_id, {accounts.muted_sql(user_id='m.user_id', room_id='m.room_id')}, "
    f"(SELECT SUM(w.stamp) FROM {WordRule._meta.db_table} w WHERE w.enabled), "
    f"{_memberships.columns('m')}, {_rooms.columns('r')}, {accounts.PERSON_SQL} FROM {Membership._meta.db_table} m "
    f"JOIN {Room._meta.db_table} r ON r.id = m.room_id {accounts.person_sql('m.user_id')} "
    "WHERE m.room_id = %s AND m.user_id IN"
)
_FIRST: Final = 3
"""Columns before those of the membership."""


@dataclass(frozen=True, slots=True)
class Place:
    """A room and what the asker is in it.

    Attributes:
        membership: None for somebody who looks at a public room from outside.
        sanctioned: whether a mute holds here.
        person: the member as others see them.
        rules: which word rules hold now, as a number that changes with them; 0 without any.
    """

    room: Room
    standing: Standing
    membership: Membership | None = None
    sanctioned: bool = False
    person: PersonView | None = None
    rules: int = 0

    @property
    def member(self) -> Membership:
        """The membership.

        Raises:
            Refused: `not_member`.
        """
        if self.membership is None:
            raise Refused("not_member")
        return self.membership

    @property
    def shown(self) -> PersonView:
        """The member as others see them.

        Raises:
            Refused: `not_member`.
        """
        if self.person is None:
            raise Refused("not_member")
        return self.person


def standing_of(room: Room, role: str) -> Standing:
    """Plain values for chat.permissions."""
    return Standing(role=role, kind=room.kind, read_only=room.read_only, archived=room.archived_at is not None)


def find_place(*, actor: User, room_id: int, invited: bool = False) -> Place:
    """The room as this person stands in it; one query for a member.

    Somebody of another system who speaks in a room sees it from outside, whoever else may.

    Args:
        actor: who asks.
        room_id: which room.
        invited: they hold a link, so the room may be seen.

    Raises:
        Refused: `not_found` for a room that is not there or may not be seen; `banned` for a public one that the person
            was banned from, or removed from for a time that is not over.
    """
    if not 0 < room_id <= MOST_ID:
        raise Refused("not_found")
    given = [sql_time(timezone.now()), room_id]
    row = row_of(_PLACE, given, person=actor.pk, topic=room_topic(room_id))
    if row is not None:
        return _place_of(row)
    room = Room.objects.filter(pk=room_id).first()
    if room is None or not (invited or can_see(standing_of(room, "")) or speaks_from_elsewhere(actor, room_id)):
        raise Refused("not_found")
    if not invited and (barred := refusal_of_barred(user_id=actor.pk, room_id=room_id)) is not None:
        raise barred
    return Place(room, standing_of(room, ""))


def speaks_from_elsewhere(actor: User, room_id: int) -> bool:
    """Whether this is somebody of another system who has said something in the room."""
    return actor.kind == BRIDGE and Message.objects.filter(room=room_id, author=actor.pk).exists()


def refusal_of_elsewhere(*, user_id: int, room_id: int, now: datetime) -> Refused | None:
    """What keeps somebody of another system from speaking in a room: a ban or a mute."""
    barred = refusal_of_barred(user_id=user_id, room_id=room_id)
    if barred is not None:
        return barred
    mute = accounts.active_sanction(user_id=user_id, kind="mute", room_id=room_id)
    return refusal_of_muted(mute.until, now=now) if mute is not None else None


def refusal_of_barred(*, user_id: int, room_id: int) -> Refused | None:
    """What somebody reads who may not come into a room now, nor look into it; None for everybody else."""
    barred = accounts.barred_from(user_id=user_id, room_id=room_id)
    if barred is None:
        return None
    left = None if barred.until is None else round((barred.until - timezone.now()).total_seconds(), 1)
    done = "banned from" if barred.kind == barred.Kind.BAN else "removed from"
    when = "" if barred.until is None else f" until {timezone.localtime(barred.until):%d.%m.%Y %H:%M}"
    return Refused("banned", f"You are {done} this room{when}: {barred.reason}", retry_after=left)


def find_place_of_superuser(*, actor: User, room_id: int) -> Place:
    """The room as it is for whoever looks after the whole site, in it or not.

    Raises:
        Refused: `not_found` for a room that is not there, and for everybody who is no superuser any more.
    """
    superuser = actor.is_superuser and accounts.as_of_now(actor).is_superuser
    room = Room.objects.filter(pk=room_id).first() if superuser else None
    if room is None:
        raise Refused("not_found")
    return Place(room, standing_of(room, ""))


def find_place_as_staff(*, actor: User, room_id: int) -> Place:
    """The room as this person stands in it; staff see one that is closed to them where a report waits, superusers all.

    Raises:
        Refused: `not_found`.
    """
    try:
        return find_place(actor=actor, room_id=room_id)
    except Refused:
        if is_staff_moderator(actor) and waits_for_staff(room_id):
            room = Room.objects.get(pk=room_id)
            return Place(room, standing_of(room, ""))
        return find_place_of_superuser(actor=actor, room_id=room_id)


def is_staff_moderator(actor: User) -> bool:
    """Whether this person works through the queue of the back office, asked again."""
    if not actor.is_staff:
        return False
    now = accounts.as_of_now(actor)
    return now.is_active and now.is_staff and now.has_perm(STAFF_PERMISSION)


def waits_for_staff(room_id: int) -> bool:
    """Whether a message of the room was reported and nobody has decided yet."""
    return Report.objects.filter(room_id=room_id, state=Report.State.OPEN).exists()


def _place_of(row: Sequence[Any]) -> Place:
    first_of_room = _FIRST + len(_memberships)
    first_of_person = first_of_room + len(_rooms)
    membership = _memberships.read(row[_FIRST:first_of_room])
    room = _rooms.read(row[first_of_room:first_of_person])
    person = accounts.person_of_row(row[first_of_person:])
    return Place(room, standing_of(room, membership.role), membership, bool(row[1]), person, int(row[2] or 0))


def muted_until(place: Place, *, now: datetime) -> datetime | None:
    """Until when the person may not write here; None for somebody who may. datetime.max means until it is lifted."""
    if place.membership is None or not place.sanctioned:
        return None
    sanction = accounts.active_sanction(user_id=place.membership.user_id, kind="mute", room_id=place.room.pk)
    if sanction is None:
        return None
    return sanction.until or datetime.max.replace(tzinfo=now.tzinfo)


def refusal_of_muted(until: datetime | None, *, now: datetime) -> Refused:
    """What somebody muted reads; datetime.max and None mean until it is lifted."""
    if until is None or until.year == MAXYEAR:
        return Refused("muted", "You are muted in this room until a moderator lifts it.")
    return Refused("muted", retry_after=round((until - now).total_seconds(), 1))


def find_message(*, place: Place, message_id: UUID) -> Message:
    """A message of this room.

    Raises:
        Refused: `not_found`.
    """
    message = Message.objects.filter(pk=message_id, room_id=place.room.pk).first()
    if message is None:
        raise Refused("not_found")
    return message


def membership_count(room_id: int) -> int:
    """How many people are in the room."""
    return Membership.objects.filter(room_id=room_id).count()


def owners_left(room_id: int, *, without: int) -> bool:
    """Whether the room would still have an owner without this person."""
    return Membership.objects.filter(room_id=room_id, role=Membership.Role.OWNER).exclude(user_id=without).exists()
