"""/ask: calls the assistant, as its name in a message does. Named in SLASH_COMMANDS.

Called by chat's slash commands. Never writes but through the services.
"""

from __future__ import annotations

from typing import Final

from accounts import selectors as accounts
from assistant import services
from chat import permissions
from chat import services as rooms
from chat.events import SlashDone
from chat.services.slash import Call, Slash
from realtime.protocol import Refused


def _ask(call: Call) -> SlashDone:
    if not call.text:
        raise Refused("invalid", "Say what you want to know: /ask Why does the build fail?", field="text")
    agent = services.agent_for(room_id=call.room_id)
    if not agent.enabled or not agent.ready:
        raise Refused("assistant_unavailable", agent.problem)
    name = accounts.people_views([agent.user_id])[agent.user_id].name
    body = f"@{name} {call.text}"
    rooms.send_message(actor=call.actor, room_id=call.room_id, cid=call.cid, body=body, thread=call.thread)
    return SlashDone()


COMMANDS: Final = [Slash("ask", "question", "Ask the assistant", permissions.can_post, _ask)]
