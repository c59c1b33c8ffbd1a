"""Where somebody searches: their rooms, and the people and rooms that their filters name.

Called by chat.selectors.search. Tells of no room that the person is not in: it is unknown, whether there is one or not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from accounts import selectors as accounts
from accounts.events import PersonView
from chat.models import Membership, Room
from chat.search.asking import Filter, Problem

if TYPE_CHECKING:
    from accounts.models import User

ME: Final = "me"


@dataclass(frozen=True, slots=True)
class Scope:
    """What filters of names come to.

    Attributes:
        rooms: all that the person is in, by id.
        authors: whose messages; None for everybody's.
        within: which of the rooms; None for all.
    """

    rooms: dict[int, Room]
    authors: list[int] | None
    within: list[int] | None
    problems: list[Problem]


def scope_of(*, actor: User, names: Collection[Filter], room_id: int | None = None) -> Scope:
    """The rooms of a person, or one of them, and what the filters mean among them."""
    mine = Room.objects.filter(pk__in=Membership.objects.filter(user_id=actor.pk).values("room_id"))
    if room_id is not None:
        mine = mine.filter(pk=room_id)
    rooms = {room.pk: room for room in mine}
    problems: list[Problem] = []
    authors = [one for one in names if one.key == "from"]
    places = [one for one in names if one.key == "in"]
    return Scope(
        rooms=rooms,
        authors=_authors(actor, authors, problems) if authors else None,
        within=_within(actor, places, rooms, problems) if places else None,
        problems=problems,
    )


def _plain(value: str) -> str:
    return value.strip().removeprefix("@").lower()


def _people(values: Iterable[str]) -> dict[str, PersonView]:
    return accounts.people_named(values)


def _authors(actor: User, told: list[Filter], problems: list[Problem]) -> list[int]:
    people = _people(_plain(one.value) for one in told)
    found = []
    for one in told:
        name = _plain(one.value)
        if name == ME:
            found.append(actor.pk)
        elif name in people:
            found.append(people[name].id)
        else:
            problems.append(Problem(one.text, f"Nobody here has the username “{name}”."))
    return found


def _within(actor: User, told: list[Filter], rooms: dict[int, Room], problems: list[Problem]) -> list[int]:
    people = _people(_plain(one.value) for one in told if one.value.startswith("@"))
    found = []
    for one in told:
        if one.value.startswith("@"):
            person = people.get(_plain(one.value))
            key = "-".join(str(pk) for pk in sorted({actor.pk, person.id})) if person else ""
            match = [pk for pk, room in rooms.items() if room.kind == Room.Kind.DIRECT and room.direct_key == key]
        else:
            match = _named(one.value, rooms)
        if not match:
            problems.append(Problem(one.text, f"You are in no room called “{one.value}”."))
        found += match
    return found


def _named(value: str, rooms: dict[int, Room]) -> list[int]:
    name = value.removeprefix("#")
    exact = [pk for pk, room in rooms.items() if room.slug == name.lower()]
    return exact or [pk for pk, room in rooms.items() if room.name.casefold() == name.casefold()]


def value_of_room(room: Room, *, actor: User, people: dict[int, PersonView]) -> str:
    """What one types behind `in:` for a room; `people` holds who is on the other side of direct rooms."""
    if room.kind == Room.Kind.PRIVATE and '"' not in room.name:
        # Its address holds chance letters; its name is what its members know.
        return room.name
    other = other_side(room, actor=actor)
    return f"@{people[other].name}" if other in people else room.slug


def other_side(room: Room, *, actor: User) -> int:
    """The other person of a direct room; 0 for other rooms, and for a direct room with oneself one's own id."""
    if room.kind != Room.Kind.DIRECT or not room.direct_key:
        return 0
    ids = {int(part) for part in room.direct_key.split("-") if part.isdigit()}
    return next(iter(ids - {actor.pk}), actor.pk)
