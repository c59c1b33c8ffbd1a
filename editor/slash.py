"""/code: opens a file of the room beside the chat, or makes it. Named in SLASH_COMMANDS.

Called by chat's slash commands. Never writes but through the services.
"""

from __future__ import annotations

from typing import Final

from chat import permissions
from chat.events import SlashDone
from chat.selectors.views import room_url
from chat.services.slash import Call, Slash
from editor import selectors, services
from realtime.protocol import Refused


def _code(call: Call) -> SlashDone:
    name = call.text
    if not name:
        raise Refused("invalid", "Say which file: /code session.py", field="text")
    living = selectors.document_list(actor=call.actor, room_id=call.room_id).documents
    known = next((document.id for document in living if document.name == name), None)
    if known is None:
        made = services.create_document(actor=call.actor, room_id=call.room_id, cid=call.cid, name=name)
        known = made.id
    return SlashDone(url=f"{room_url(call.place.room)}?doc={known}")


COMMANDS: Final = [Slash("code", "file name", "Open a shared file, or make it", permissions.can_post, _code)]
