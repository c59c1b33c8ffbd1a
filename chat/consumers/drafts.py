"""Handlers of what a person has begun to write.

Part of chat.consumers.ChatConsumer. Never decides and never touches the ORM.
"""

from __future__ import annotations

from typing import ClassVar

from chat import events, services
from realtime.consumers import BaseConsumer, command
from realtime.protocol import Command
from realtime.ratelimit import Limit


class DraftCommands(BaseConsumer):
    """Save, keep beside, discard, choose."""

    rate_limits: ClassVar[dict[type[Command], Limit]] = {
        # A save every 400 ms while one types, and what several rooms have to tell after a break.
        events.SaveDraft: Limit(burst=40, per_second=4),
        events.KeepDraft: Limit(burst=20, per_second=1),
        events.DiscardDraft: Limit(burst=100, per_second=2),
        events.ChooseDraft: Limit(burst=20, per_second=1),
    }

    @command(events.SaveDraft)
    async def save_draft(self, command: events.SaveDraft, topic: str) -> events.DraftSaved:
        """draft.save"""
        return await self.write(
            services.save_draft,
            room_id=command.room,
            thread=command.thread,
            body=command.body,
            reply_to=command.reply_to,
            rev=command.rev,
        )

    @command(events.KeepDraft)
    async def keep_draft(self, command: events.KeepDraft, topic: str) -> events.DraftSaved:
        """draft.keep"""
        return await self.write(services.keep_copy, room_id=command.room, thread=command.thread, body=command.body)

    @command(events.DiscardDraft)
    async def discard_draft(self, command: events.DiscardDraft, topic: str) -> events.DraftSaved:
        """draft.discard"""
        return await self.write(
            services.discard_draft,
            room_id=command.room,
            thread=command.thread,
            rev=command.rev,
            copies=command.copies,
        )

    @command(events.ChooseDraft)
    async def choose_draft(self, command: events.ChooseDraft, topic: str) -> events.DraftSaved:
        """draft.choose"""
        return await self.write(
            services.choose_version, room_id=command.room, thread=command.thread, copy_id=command.copy
        )
