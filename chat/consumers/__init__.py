"""One socket per tab for all of a person's rooms: each handler translates one command into one service.

Called by collab.routing through BaseConsumer; the handlers stand in a module for each matter. Never decides and never
touches the ORM.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from chat import selectors
from chat.consumers.attention import AttentionCommands
from chat.consumers.commands import SlashCommands
from chat.consumers.drafts import DraftCommands
from chat.consumers.messages import MessageCommands
from chat.consumers.moderation import ModerationCommands
from chat.consumers.rooms import RoomCommands
from realtime.protocol import Command
from realtime.ratelimit import Limit

__all__ = ["ChatConsumer"]


class ChatConsumer(AttentionCommands, DraftCommands, MessageCommands, ModerationCommands, RoomCommands, SlashCommands):
    """All that is done in rooms."""

    rate_limits: ClassVar[dict[type[Command], Limit]] = {
        **AttentionCommands.rate_limits,
        **DraftCommands.rate_limits,
        **MessageCommands.rate_limits,
        **ModerationCommands.rate_limits,
        **RoomCommands.rate_limits,
        **SlashCommands.rate_limits,
    }

    async def authorize(self, topics: Collection[str]) -> set[str]:
        """The rooms this person is in."""
        return await self.read(selectors.visible_topics, topics=topics)
