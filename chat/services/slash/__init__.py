"""What one may type after a slash: one list of commands, from the modules that the settings name.

Called by the consumer and the JSON API. A module of SLASH_COMMANDS has COMMANDS, a list of Slash: that is all it takes
to add one; its `listed(room_id)`, if it has that, names those that only a room has. Never decides who may do what: the
services that a command calls read the rights again.
"""

from __future__ import annotations

from chat.services.slash.registry import Call, Slash, commands, offered, run_slash

__all__ = ["Call", "Slash", "commands", "offered", "run_slash"]
