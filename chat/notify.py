"""Whether a person is told of a message: one rule over plain values, the same as in frontend/src/notify.ts.

Both are held to frontend/test/notify.json. Called by the mailer; the page asks its own copy for browser notifications.
Pure: never touches Django, a database or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ALL: Final = "all"
NOTHING: Final = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A message and what it is to one person.

    Attributes:
        level: what the person chose for the room: all, mentions, nothing, or "" for the room's usual.
        direct: the room is a direct or group room, where everything said is meant for its few people.
        own: the person wrote it.
        system: a line of the room itself.
        in_room: it stands in the room's log, not in a thread alone.
        mentioned: it addresses the person, by name or with the whole room.
        followed: it is a reply in a thread that the person follows.
        quiet: the person wants to hear nothing of this room now.
        undisturbed: do not disturb holds now, for all rooms.
    """

    level: str = ""
    direct: bool = False
    own: bool = False
    system: bool = False
    in_room: bool = True
    mentioned: bool = False
    followed: bool = False
    quiet: bool = False
    undisturbed: bool = False


def notifies(case: Case) -> bool:
    """Whether the person is told. Do not disturb, a quiet room and "nothing" silence mentions too."""
    if case.own or case.system or case.quiet or case.undisturbed or case.level == NOTHING:
        return False
    if case.mentioned or case.followed:
        return True
    everything = case.level == ALL or (case.level == "" and case.direct)
    return everything and case.in_room
