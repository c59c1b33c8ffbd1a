"""Rooms: made, opened, changed. Each public function is one transaction and one event at most for each topic.

Called by the consumer, views and commands. The topic of the room is locked first, then those of people in ascending
order, so that two services never wait for each other.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import selectors as accounts
from chat import permissions, texts
from chat.events import MemberJoined, RoomResult, RoomUpdated, SeqResult
from chat.models import Membership, Room
from chat.selectors.standing import refusal_of_muted
from chat.selectors.views import room_view
from chat.services.turn import Turn, Unchanged, add_to_list, refuse_muted, seq_or_nothing, shown_name, take_turn
from chat.shapes import MemberView
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

FIRST_MEMBERS_MOST: Final = 100
GROUP_OTHERS_MOST: Final = 8
SLOW_MODE_MOST_SECONDS: Final = 21_600
SLUG_TRIES: Final = 20
RETENTION_MOST_DAYS: Final = 3_650


def create_room(
    *,
    actor: User,
    cid: UUID,
    kind: str,
    name: str,
    slug: str = "",
    purpose: str = "",
    members: Collection[int] = (),
    at: datetime | None = None,
) -> RoomResult:
    """Makes a public or private room whose owner is the actor; the same cid again gives the same room.

    Args:
        actor: who makes it.
        cid: the actor's id of this wish.
        kind: public or private.
        name: shown name.
        slug: part of the address; empty: made from the name. A private room's gets a random end, so that nobody can
            find out by trying which private rooms there are.
        purpose: the line beside the name.
        members: ids of people who are in it from the start.
        at: when it happened; None is now.

    Raises:
        Refused: `invalid` or `too_large` with the field; `conflict` with field slug when it is taken; `muted` for
            somebody who may write nowhere, and would say something by the name.
    """
    muted = accounts.active_sanction(user_id=actor.pk, kind="mute")
    if muted is not None:
        raise refusal_of_muted(muted.until, now=timezone.now())
    if kind not in {Room.Kind.PUBLIC, Room.Kind.PRIVATE}:
        raise Refused("invalid", "A room is public or private.", field="kind")
    values = {
        "kind": kind,
        "name": texts.clean_line(name, field="name", most=texts.NAME_CHARS, least=1),
        "purpose": texts.clean_line(purpose, field="purpose", most=texts.PURPOSE_CHARS),
        "cid": cid,
    }
    wanted = texts.clean_slug(slug) if slug else ""
    people = _check_people(members, actor, most=FIRST_MEMBERS_MOST, field="members")
    try:
        return _create(actor, values, wanted, people, at or timezone.now())
    except IntegrityError:
        made = Room.objects.filter(created_by=actor.pk, cid=cid).first()
        if made is not None:
            return RoomResult(room=room_view(made))
        raise Refused("conflict", "This address is taken.", field="slug") from None


@transaction.atomic
def _create(actor: User, values: dict[str, Any], slug: str, people: list[int], at: datetime) -> RoomResult:
    if made := Room.objects.filter(created_by=actor.pk, cid=values["cid"]).first():
        return RoomResult(room=room_view(made))
    room = Room.objects.create(**values, slug=_free_slug(slug, values), created_by_id=actor.pk, created_at=at)
    _add_rows(room, {actor.pk: Membership.Role.OWNER} | dict.fromkeys(people, Membership.Role.MEMBER), seq=1, at=at)
    turn = take_turn(actor=actor, room_id=room.pk, at=at)
    line = turn.say(f"{shown_name(actor)} made this room")
    turn.append(MemberJoined(member=_member_view(actor.pk, permissions.OWNER), message=line))
    for person in sorted([actor.pk, *people]):
        add_to_list(actor=actor, user_id=person, room_id=room.pk, at=at)
    return RoomResult(room=room_view(room))


def _free_slug(wanted: str, values: dict[str, Any]) -> str:
    """The wanted slug, or one made of the name that is free.

    Raises:
        Refused: `conflict` when the wanted one is taken.
    """
    base = wanted or texts.slug_of(values["name"])
    if values["kind"] == Room.Kind.PRIVATE:
        return f"{base[: texts.SLUG_CHARS - 9]}-{secrets.token_hex(4)}"
    taken = set(Room.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    if base not in taken:
        return base
    if wanted:
        raise Refused("conflict", "This address is taken.", field="slug")
    numbered = (f"{base}-{number}" for number in range(2, SLUG_TRIES))
    return next((slug for slug in numbered if slug not in taken), f"{base}-{secrets.token_hex(4)}")


def _check_people(ids: Iterable[int], actor: User, *, most: int, field: str) -> list[int]:
    """Ids without the actor's own, ascending.

    Raises:
        Refused: `too_large` for too many, `invalid` when one of them is nobody.
    """
    wanted = sorted(set(ids) - {actor.pk})
    if len(wanted) > most:
        raise Refused("too_large", f"At most {most} people.", field=field)
    if wanted and len(accounts.active_people(wanted)) < len(wanted):
        raise Refused("invalid", "One of these people is not here any more.", field=field)
    return wanted


def _add_rows(room: Room, roles: dict[int, Membership.Role], *, seq: int, at: datetime) -> None:
    Membership.objects.bulk_create(
        Membership(room=room, user_id=user, role=role, joined_seq=seq, last_read_seq=seq, joined_at=at)
        for user, role in roles.items()
    )


def _member_view(user_id: int, role: str) -> MemberView:
    return MemberView(person=accounts.people_views([user_id])[user_id], role=role)


def open_direct(*, actor: User, users: Collection[int], at: datetime | None = None) -> RoomResult:
    """The room of these people and the actor; made at the first call. Two are a direct room, up to nine a group.

    Raises:
        Refused: `invalid` or `too_large`, with field users.
    """
    people = _check_people(users, actor, most=GROUP_OTHERS_MOST, field="users")
    if not people:
        raise Refused("invalid", "Choose at least one other person.", field="users")
    everybody = sorted([actor.pk, *people])
    key = "-".join(map(str, everybody))
    try:
        return _open_direct(actor, everybody, key, at or timezone.now())
    except IntegrityError:
        # Somebody of them opened it at the same moment.
        return RoomResult(room=room_view(Room.objects.get(direct_key=key)))


@transaction.atomic
def _open_direct(actor: User, everybody: list[int], key: str, at: datetime) -> RoomResult:
    if found := Room.objects.filter(direct_key=key).first():
        return RoomResult(room=room_view(found))
    room = Room.objects.create(
        kind=Room.Kind.DIRECT if len(everybody) == 2 else Room.Kind.GROUP,
        slug=f"d-{uuid4().hex}",
        direct_key=key,
        created_by_id=actor.pk,
        created_at=at,
    )
    _add_rows(room, dict.fromkeys(everybody, Membership.Role.MEMBER), seq=0, at=at)
    for person in everybody:
        add_to_list(actor=actor, user_id=person, room_id=room.pk, at=at)
    return RoomResult(room=room_view(room))


@dataclass(frozen=True, slots=True)
class RoomChange:
    """Settings to change; None leaves one as it is. `retention_days` 0 is the site's setting."""

    name: str | None = None
    purpose: str | None = None
    slow_mode_seconds: int | None = None
    read_only: bool | None = None
    retention_days: int | None = None
    archived: bool | None = None


@seq_or_nothing
def update_room(*, actor: User, room_id: int, change: RoomChange, at: datetime | None = None) -> SeqResult:
    """Changes settings: owners all of them, moderators slow mode and read-only. Nothing new is seq 0.

    Raises:
        Refused: not_found, forbidden; `muted` for name and purpose, which everybody reads; `invalid` or `too_large`
            with the field.
    """
    turn = take_turn(actor=actor, room_id=room_id, at=at)
    _check_may_change(turn, change)
    if change.name is not None or change.purpose is not None:
        refuse_muted(turn)
    room = turn.place.room
    told = [*_rename(room, change), *_limit(room, change), *_retain(room, change), *_archive(room, change, turn)]
    if not told:
        raise Unchanged
    room.save(update_fields=["name", "purpose", "slow_mode_seconds", "read_only", "retention_days", "archived_at"])
    line = turn.say(f"{shown_name(actor)} {' and '.join(told)}")
    return turn.append(RoomUpdated(room=room_view(room), message=line))


def _check_may_change(turn: Turn, change: RoomChange) -> None:
    standing = turn.place.standing
    owners_only = any(
        value is not None for value in (change.name, change.purpose, change.retention_days, change.archived)
    )
    may = permissions.can_manage(standing) or (permissions.can_moderate(standing) and not owners_only)
    if not may:
        raise Refused("forbidden")
    if standing.archived and change.archived is not False:
        raise Refused("read_only", "This room is archived. Open it again first.")


def _rename(room: Room, change: RoomChange) -> list[str]:
    told = []
    if change.name is not None:
        name = texts.clean_line(change.name, field="name", most=texts.NAME_CHARS, least=1)
        if name != room.name:
            told.append(f"renamed the room to {name}")
        room.name = name
    if change.purpose is not None:
        purpose = texts.clean_line(change.purpose, field="purpose", most=texts.PURPOSE_CHARS)
        if purpose != room.purpose:
            told.append(f"set the topic to “{purpose}”" if purpose else "cleared the topic")
        room.purpose = purpose
    return told


def _limit(room: Room, change: RoomChange) -> list[str]:
    told = []
    seconds = change.slow_mode_seconds
    if seconds is not None:
        if not 0 <= seconds <= SLOW_MODE_MOST_SECONDS:
            raise Refused("invalid", "Slow mode takes 0 seconds to 6 hours.", field="slow_mode_seconds")
        if seconds != room.slow_mode_seconds:
            told.append(f"set slow mode to {_pause(seconds)}" if seconds else "switched slow mode off")
        room.slow_mode_seconds = seconds
    if change.read_only is not None and change.read_only != room.read_only:
        told.append("made the room read-only" if change.read_only else "let everybody write again")
        room.read_only = change.read_only
    return told


def _retain(room: Room, change: RoomChange) -> list[str]:
    days = change.retention_days
    if days is None or days == (room.retention_days or 0):
        return []
    if not 0 <= days <= RETENTION_MOST_DAYS:
        raise Refused("invalid", "Messages are kept for a day to ten years, or 0 for ever.", field="retention_days")
    room.retention_days = days or None
    return [f"set messages to go after {days} {'day' if days == 1 else 'days'}" if days else "set messages to stay"]


def _pause(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds >= 60 and seconds % 60 == 0 else f"{seconds} s"


def _archive(room: Room, change: RoomChange, turn: Turn) -> list[str]:
    if change.archived is None or change.archived == (room.archived_at is not None):
        return []
    room.archived_at = turn.now if change.archived else None
    return ["archived the room" if change.archived else "opened the room again"]
