"""Handlers of slash commands and reminders.

Part of chat.consumers.ChatConsumer. Never decides and never touches the ORM.
"""

from __future__ import annotations

from typing import ClassVar

from chat import events, markdown, services, texts
from chat.services import slash
from realtime import threads
from realtime.consumers import BaseConsumer, command, topic_id
from realtime.protocol import Ack, Command
from realtime.ratelimit import Limit


def _preview(body: str) -> str:
    return markdown.place_mentions(markdown.render(texts.clean_body(body)), {}, everyone=False)


class SlashCommands(BaseConsumer):
    """What is typed after a slash, and reminders that were told."""

    rate_limits: ClassVar[dict[type[Command], Limit]] = {
        events.RunSlash: Limit(burst=10, per_second=1),
        events.PreviewMessage: Limit(burst=10, per_second=1),
        events.DismissReminder: Limit(burst=50, per_second=2),
    }

    @command(events.RunSlash)
    async def run_slash(self, command: events.RunSlash, topic: str) -> events.SlashDone:
        """command.run"""
        return await self.write(
            slash.run_slash, room_id=topic_id(topic), cid=command.cid, text=command.text, thread=command.thread
        )

    @command(events.PreviewMessage)
    async def preview_message(self, command: events.PreviewMessage, topic: str) -> events.Previewed:
        """message.preview"""
        return events.Previewed(html=await threads.compute(_preview, command.body))

    @command(events.DismissReminder)
    async def dismiss_reminder(self, command: events.DismissReminder, topic: str) -> Ack:
        """reminder.dismiss"""
        return await self.write(services.dismiss_reminder, reminder_id=command.id)
