"""Commands about the room and its people: /topic, /invite, /kick and /mute. Named in SLASH_COMMANDS."""

from __future__ import annotations

import re
from typing import Final

from chat import permissions
from chat.events import SlashDone
from chat.services.members import invite_person
from chat.services.moderation.sanctions import sanction_member
from chat.services.rooms import RoomChange, update_room
from chat.services.slash.registry import Call, Slash
from realtime.protocol import Refused

_FOR: Final = re.compile(r"(?:for\s+)?(\d{1,5})\s*(m|h|d)[a-z]*(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86_400}
_WORDS: Final = {"m": "minute", "h": "hour", "d": "day"}


def _topic(call: Call) -> SlashDone:
    if not call.text:
        return SlashDone(text=call.place.room.purpose or "This room has no topic yet.")
    update_room(actor=call.actor, room_id=call.room_id, change=RoomChange(purpose=call.text))
    return SlashDone(text="The topic is changed.")


def _invite(call: Call) -> SlashDone:
    person, _ = call.person()
    done = invite_person(actor=call.actor, room_id=call.room_id, user_id=person.id)
    return SlashDone(text=f"{person.display_name} is in the room now." if done.seq else "They are in the room already.")


def _kick(call: Call) -> SlashDone:
    person, reason = call.person()
    _sanction(call, person.id, "kick", _needed(reason, "/kick @name reason"), None)
    return SlashDone(text=f"{person.display_name} is out of the room.")


def _mute(call: Call) -> SlashDone:
    person, rest = call.person()
    timed = _FOR.fullmatch(rest)
    seconds = None if timed is None else int(timed[1]) * _SECONDS[timed[2].lower()]
    reason = _needed(rest if timed is None else timed[3] or "", "/mute @name 10m reason")
    _sanction(call, person.id, "mute", reason, seconds)
    if timed is None:
        return SlashDone(text=f"{person.display_name} is muted here until somebody lifts it.")
    count = int(timed[1])
    unit = _WORDS[timed[2].lower()] + ("" if count == 1 else "s")
    return SlashDone(text=f"{person.display_name} is muted here for {count} {unit}.")


def _needed(reason: str, usage: str) -> str:
    if not reason:
        raise Refused("invalid", f"A reason is needed, which the person reads: {usage}", field="text")
    return reason


def _sanction(call: Call, user_id: int, kind: str, reason: str, seconds: int | None) -> None:
    sanction_member(actor=call.actor, room_id=call.room_id, user_id=user_id, kind=kind, reason=reason, seconds=seconds)


COMMANDS: Final = [
    Slash("topic", "[text]", "Set the line under the room's name", permissions.can_manage, _topic),
    Slash("invite", "@person", "Add a person to this room", permissions.can_invite, _invite),
    Slash("kick", "@person reason", "Take a person out of this room", permissions.can_moderate, _kick),
    Slash("mute", "@person [10m|2h|1d] reason", "Let a person only read here", permissions.can_moderate, _mute),
]
