"""Handlers of what a person wants to hear of, follows, keeps and marks.

Part of chat.consumers.ChatConsumer. Never decides and never touches the ORM.
"""

from __future__ import annotations

from typing import ClassVar

from chat import events, services
from realtime.consumers import BaseConsumer, command, topic_id
from realtime.protocol import Command
from realtime.ratelimit import Limit


class AttentionCommands(BaseConsumer):
    """Levels and quiet, pins, bookmarks, followed threads, what is unread again."""

    rate_limits: ClassVar[dict[type[Command], Limit]] = {
        events.SetNotify: Limit(burst=20, per_second=1),
        events.MarkUnread: Limit(burst=20, per_second=1),
        events.PinMessage: Limit(burst=20, per_second=1),
        events.UnpinMessage: Limit(burst=20, per_second=1),
        events.AddBookmark: Limit(burst=20, per_second=1),
        events.RemoveBookmark: Limit(burst=20, per_second=1),
        events.FollowThread: Limit(burst=20, per_second=1),
    }

    @command(events.SetNotify)
    async def set_notify(self, command: events.SetNotify, topic: str) -> events.SeqResult:
        """room.set_notify"""
        return await self.write(
            services.set_notify, room_id=topic_id(topic), level=command.level, quiet_until=command.quiet_until
        )

    @command(events.MarkUnread)
    async def mark_unread(self, command: events.MarkUnread, topic: str) -> events.SeqResult:
        """read.mark_unread"""
        return await self.write(services.mark_unread, room_id=topic_id(topic), message_id=command.message)

    @command(events.PinMessage)
    async def pin_message(self, command: events.PinMessage, topic: str) -> events.SeqResult:
        """message.pin"""
        return await self.write(services.pin_message, room_id=topic_id(topic), message_id=command.id)

    @command(events.UnpinMessage)
    async def unpin_message(self, command: events.UnpinMessage, topic: str) -> events.SeqResult:
        """message.unpin"""
        return await self.write(services.unpin_message, room_id=topic_id(topic), message_id=command.id)

    @command(events.AddBookmark)
    async def add_bookmark(self, command: events.AddBookmark, topic: str) -> events.SeqResult:
        """bookmark.add"""
        return await self.write(services.add_bookmark, room_id=topic_id(topic), message_id=command.message)

    @command(events.RemoveBookmark)
    async def remove_bookmark(self, command: events.RemoveBookmark, topic: str) -> events.SeqResult:
        """bookmark.remove"""
        return await self.write(services.remove_bookmark, message_id=command.message)

    @command(events.FollowThread)
    async def follow_thread(self, command: events.FollowThread, topic: str) -> events.SeqResult:
        """thread.follow"""
        room_id = topic_id(topic)
        return await self.write(
            services.follow_thread, room_id=room_id, root_id=command.root, following=command.following
        )

    @command(events.SetThreadRead)
    async def set_thread_read(self, command: events.SetThreadRead, topic: str) -> events.SeqResult:
        """thread.set_read"""
        room_id = topic_id(topic)
        return await self.write(services.set_thread_read, room_id=room_id, root_id=command.root, seq=command.seq)
