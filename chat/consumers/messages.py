"""Handlers of what is said, read and typed.

Text is rendered before the writer is asked, so that a long message does not hold up the others.

Part of chat.consumers.ChatConsumer. Never decides and never touches the ORM.
"""

from __future__ import annotations

from typing import ClassVar, Final

from chat import events, markdown, selectors, services, texts
from chat.markdown import Rendered
from realtime import threads
from realtime.consumers import BaseConsumer, command, topic_id
from realtime.hub import hub
from realtime.protocol import Ack, Command
from realtime.ratelimit import Limit

SHORT_CHARS: Final = 120
"""Forty microseconds as a rule, and 0.7 ms for nothing but opening brackets, which is the worst."""


def _prepare(body: str, may_be_empty: bool) -> Rendered:
    return markdown.render(texts.clean_body(body, may_be_empty=may_be_empty))


async def _render(body: str, *, may_be_empty: bool = False) -> Rendered:
    """What renders in a millisecond at most, here: to change threads takes longer. The rest goes off the loop."""
    quick = len(body) <= SHORT_CHARS or markdown.is_plain(body)
    return _prepare(body, may_be_empty) if quick else await threads.compute(_prepare, body, may_be_empty)


class MessageCommands(BaseConsumer):
    """Talk, reactions, read marks, typing."""

    rate_limits: ClassVar[dict[type[Command], Limit]] = {
        events.SendMessage: Limit(burst=20, per_second=4),
        events.EditMessage: Limit(burst=20, per_second=2),
        events.StartTyping: Limit(burst=10, per_second=1),
    }

    # Messages

    @command(events.SendMessage)
    async def send_message(self, command: events.SendMessage, topic: str) -> events.MessageSent:
        """message.send"""
        rendered = await _render(command.body, may_be_empty=bool(command.attachments))
        return await self.write_to(
            topic,
            services.send_message,
            room_id=topic_id(topic),
            cid=command.cid,
            body=command.body,
            rendered=rendered,
            thread=command.thread,
            reply_to=command.reply_to,
            also_in_room=command.also_in_room,
            beside=command.beside,
            draft_rev=command.draft_rev,
            attachments=command.attachments,
        )

    @command(events.EditMessage)
    async def edit_message(self, command: events.EditMessage, topic: str) -> events.SeqResult:
        """message.edit"""
        rendered = await _render(command.body)
        room_id = topic_id(topic)
        return await self.write(
            services.edit_message, room_id=room_id, message_id=command.id, body=command.body, rendered=rendered
        )

    @command(events.DeleteMessage)
    async def delete_message(self, command: events.DeleteMessage, topic: str) -> events.SeqResult:
        """message.delete"""
        return await self.write(services.delete_message, room_id=topic_id(topic), message_id=command.id)

    @command(events.AddReaction)
    async def add_reaction(self, command: events.AddReaction, topic: str) -> events.SeqResult:
        """reaction.add"""
        room_id = topic_id(topic)
        return await self.write(services.add_reaction, room_id=room_id, message_id=command.message, emoji=command.emoji)

    @command(events.RemoveReaction)
    async def remove_reaction(self, command: events.RemoveReaction, topic: str) -> events.SeqResult:
        """reaction.remove"""
        room_id = topic_id(topic)
        return await self.write(
            services.remove_reaction, room_id=room_id, message_id=command.message, emoji=command.emoji
        )

    # Who reads, types and is here

    @command(events.SetRead)
    async def set_read(self, command: events.SetRead, topic: str) -> events.SeqResult:
        """read.set"""
        return await self.write(services.set_read, room_id=topic_id(topic), seq=command.seq)

    @command(events.StartTyping)
    async def start_typing(self, command: events.StartTyping, topic: str) -> Ack:
        """typing.start; somebody who may not write types unseen."""
        if await self.read(selectors.may_type, room_id=topic_id(topic)):
            event = events.Typing(user=self.user.pk, thread=command.thread)
            hub.publish_ephemeral(topic=topic, event=event, key=str(self.user.pk))
        return Ack()
