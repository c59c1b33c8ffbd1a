"""Finds the command that somebody typed and runs it. Exported by chat.services.slash.

Never decides who may do what in the end: the services that a command calls read the rights again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings

from accounts import selectors as accounts
from accounts.events import PersonView
from chat.events import SlashDone
from chat.permissions import Standing
from chat.selectors.standing import Place, find_place
from chat.shapes import SlashView
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

_TYPED: Final = re.compile(r"/([a-z][a-z_-]*)(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_NAMED: Final = re.compile(r"@?(\S+)(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Call:
    """What somebody typed, and where.

    Attributes:
        cid: made by the client: a repeat says once what it says, and keeps a reminder once.
        text: what follows the name.
    """

    actor: User
    place: Place
    cid: UUID
    text: str
    thread: UUID | None

    @property
    def room_id(self) -> int:
        """The room."""
        return self.place.room.pk

    def person(self) -> tuple[PersonView, str]:
        """The person named first, and what follows.

        Raises:
            Refused: `invalid` when nobody is named, or nobody of that name is here.
        """
        found = _NAMED.match(self.text)
        if found is None:
            raise Refused("invalid", "Say who: @name.", field="text")
        name = found[1].lower()
        person = accounts.people_named([name]).get(name)
        if person is None:
            raise Refused("invalid", f"There is nobody called @{name}.", field="text")
        return person, (found[2] or "").strip()


@dataclass(frozen=True, slots=True)
class Slash:
    """A command.

    Attributes:
        name: without the slash.
        usage: what follows it, for example `@person [reason]`.
        help: what it does, in a few words.
        may: whether it is offered to somebody who stands so in the room.
        run: does it; raises Refused with a sentence for the person.
    """

    name: str
    usage: str
    help: str
    may: Callable[[Standing], bool]
    run: Callable[[Call], SlashDone]


@cache
def _modules() -> list[ModuleType]:
    return [import_module(path) for path in settings.SLASH_COMMANDS]


@cache
def commands() -> dict[str, Slash]:
    """Every command of the site by its name."""
    found = [one for module in _modules() for one in module.COMMANDS]
    return {one.name: one for one in sorted(found, key=lambda one: one.name)}


def _commands_in(room_id: int) -> dict[str, Slash]:
    """Those of the site and those that only this room has, by name; where both have one it is the site's."""
    own = [one for module in _modules() if hasattr(module, "listed") for one in module.listed(room_id)]
    found = {one.name: one for one in own} | commands()
    return dict(sorted(found.items()))


def offered(*, actor: User, room_id: int) -> list[SlashView]:
    """What the person may use in the room, by name; nothing for somebody who only looks at it.

    Raises:
        Refused: `not_found`.
    """
    return _offered(find_place(actor=actor, room_id=room_id))


def _offered(place: Place) -> list[SlashView]:
    there = _commands_in(place.room.pk).values() if place.membership is not None else []
    mine = [one for one in there if one.may(place.standing)]
    return [SlashView(name=one.name, usage=one.usage, help=one.help) for one in mine]


def run_slash(*, actor: User, room_id: int, cid: UUID, text: str, thread: UUID | None = None) -> SlashDone:
    """Runs what was typed; what it answers is for its sender only.

    Args:
        actor: who typed.
        room_id: where.
        cid: of the message or reminder that it may become.
        text: with the slash.
        thread: id of the root, when it was typed in a thread.

    Raises:
        Refused: not_found, not_member; `invalid` for what is no command, `forbidden` for one that is not for them,
            and whatever the command itself refuses.
    """
    place = find_place(actor=actor, room_id=room_id)
    if place.membership is None:
        raise Refused("not_member")
    typed = _TYPED.fullmatch(text.strip())
    name = typed[1].lower() if typed else ""
    if name == "help":
        return SlashDone(text=_help(place))
    command = commands().get(name) or _commands_in(room_id).get(name)
    if typed is None or command is None:
        told = f"There is no command /{name}. Type /help for a list, or begin with two slashes to say it."
        raise Refused("invalid", told, field="text")
    if not command.may(place.standing):
        raise Refused("forbidden", f"You may not use /{name} in this room.")
    return command.run(Call(actor, place, cid, (typed[2] or "").strip(), thread))


def _help(place: Place) -> str:
    lines = [f"/{one.name} {one.usage}".rstrip() + f" – {one.help}" for one in _offered(place)]
    return "\n".join([*lines, "/help – This list"])
