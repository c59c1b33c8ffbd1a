"""/chart: puts a series into the conversation. Named in SLASH_COMMANDS.

Called by chat's slash commands. Never writes but through the services.
"""

from __future__ import annotations

from typing import Final

from chat import permissions
from chat.events import SlashDone
from chat.services.slash import Call, Slash
from dashboard.services.charts import LENGTHS, post_chart


def _chart(call: Call) -> SlashDone:
    post_chart(actor=call.actor, room_id=call.room_id, cid=call.cid, text=call.text, thread=call.thread)
    return SlashDone()


COMMANDS: Final = [
    Slash("chart", f"series [{'|'.join(LENGTHS)}]", "Show a live chart of a series", permissions.can_post, _chart)
]
