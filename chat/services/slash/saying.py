"""Commands that say something: /me and /shrug. Named in SLASH_COMMANDS."""

from __future__ import annotations

import re
from typing import Final

from chat import permissions
from chat.events import SlashDone
from chat.services.messages import send_message
from chat.services.slash.registry import Call, Slash
from realtime.protocol import Refused

SHRUG: Final = r"¯\\\_(ツ)\_/¯"
"""As Markdown writes it."""
_MARKS: Final = re.compile(r"[\\*]")


def _say(call: Call, body: str) -> SlashDone:
    send_message(actor=call.actor, room_id=call.room_id, cid=call.cid, body=body, thread=call.thread)
    return SlashDone()


def _me(call: Call) -> SlashDone:
    if not call.text:
        raise Refused("invalid", "Say what you do: /me waves.", field="text")
    # One run of emphasis: its own marks would end it, and a line break inside is a space.
    line = _MARKS.sub(lambda mark: f"\\{mark[0]}", " ".join(call.text.split()))
    return _say(call, f"*{line}*")


def _shrug(call: Call) -> SlashDone:
    return _say(call, f"{call.text} {SHRUG}".strip())


COMMANDS: Final = [
    Slash("me", "text", "Say what you do, in italics", permissions.can_post, _me),
    Slash("shrug", "[text]", "Add a shrug to a message", permissions.can_post, _shrug),
]
