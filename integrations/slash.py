"""Commands that are answered from outside, as chat's slash commands know them. Named in SLASH_COMMANDS.

Called by chat's slash commands. Writes a call and returns; the runner talks to the network.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from django.db import transaction

from chat import permissions
from chat.events import SlashDone
from chat.services.slash import Call, Slash
from integrations import services
from integrations.models import SlashCommand
from integrations.runner import wake


def _run(call: Call, *, command_id: int, name: str) -> SlashDone:
    services.queue_call(actor=call.actor, command_id=command_id, text=call.text, cid=call.cid, thread=call.thread)
    transaction.on_commit(wake)
    return SlashDone(text=f"{name} was asked. It answers here, or to you alone in your conversation with it.")


def listed(room_id: int) -> list[Slash]:
    """The commands of a room."""
    rows = SlashCommand.objects.filter(room_id=room_id, enabled=True).order_by("trigger")
    return [Slash(row.trigger, row.usage, row.help or row.name, permissions.can_post, _runs(row)) for row in rows]


def _runs(row: SlashCommand) -> partial[SlashDone]:
    return partial(_run, command_id=row.pk, name=row.name)


COMMANDS: Final[list[Slash]] = []
