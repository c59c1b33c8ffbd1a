"""One socket per tab for all of a person's rooms: each handler translates one command into one service.

Called by collab.routing through BaseConsumer. Never decides and never touches the ORM; text is rendered on a thread of
its own before the writer is asked, so that a long message does not hold up the others.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar, Final, TypeVar

from msgspec import UnsetType

from chat import events, markdown, selectors, services, texts
from chat.markdown import Rendered
from chat.services import RoomChange
from realtime import threads
from realtime.consumers import BaseConsumer, command, topic_id
from realtime.hub import hub
from realtime.presence import roster
from realtime.protocol import Ack, Command, Refused
from realtime.ratelimit import Limit

T = TypeVar("T")
SHORT_CHARS: Final = 120
"""Forty microseconds as a rule, and 0.7 ms for nothing but opening brackets, which is the worst."""
STATES: Final = frozenset({"online", "idle"})


def _prepare(body: str) -> Rendered:
    return markdown.render(texts.clean_body(body))


async def _render(body: str) -> Rendered:
    """What renders in a millisecond at most, here: to change threads takes longer. The rest goes off the loop."""
    quick = len(body) <= SHORT_CHARS or markdown.is_plain(body)
    return _prepare(body) if quick else await threads.compute(_prepare, body)


def _given(value: T | UnsetType) -> T | None:
    return None if isinstance(value, UnsetType) else value


class ChatConsumer(BaseConsumer):
    """Rooms: talk, read marks, typing, members, settings."""

    rate_limits: ClassVar[dict[type[Command], Limit]] = {
        events.SendMessage: Limit(burst=20, per_second=4),
        events.EditMessage: Limit(burst=20, per_second=2),
        events.StartTyping: Limit(burst=10, per_second=1),
        events.SetPresence: Limit(burst=10, per_second=0.5),
        events.CreateRoom: Limit(burst=10, per_second=0.1),
        events.OpenDirect: Limit(burst=20, per_second=0.5),
        events.JoinRoom: Limit(burst=20, per_second=0.5),
        events.CreateLink: Limit(burst=10, per_second=0.1),
        events.InvitePerson: Limit(burst=30, per_second=0.5),
    }

    async def authorize(self, topics: Collection[str]) -> set[str]:
        """The rooms this person is in."""
        return await self.read(selectors.visible_topics, topics=topics)

    # Messages

    @command(events.SendMessage)
    async def send_message(self, command: events.SendMessage, topic: str) -> events.MessageSent:
        """message.send"""
        rendered = await _render(command.body)
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

    @command(events.SetPresence)
    async def set_presence(self, command: events.SetPresence, topic: str) -> Ack:
        """presence.set"""
        if command.state not in STATES:
            raise Refused("invalid", "A tab is online or idle.", field="state")
        roster.set_state(self.socket, command.state)
        return Ack()

    # Rooms

    @command(events.CreateRoom)
    async def create_room(self, command: events.CreateRoom, topic: str) -> events.RoomResult:
        """room.create"""
        return await self.write(
            services.create_room,
            cid=command.cid,
            kind=command.kind,
            name=command.name,
            slug=command.slug,
            purpose=command.purpose,
            members=command.members,
        )

    @command(events.OpenDirect)
    async def open_direct(self, command: events.OpenDirect, topic: str) -> events.RoomResult:
        """room.open_direct"""
        return await self.write(services.open_direct, users=command.users)

    @command(events.JoinRoom)
    async def join_room(self, command: events.JoinRoom, topic: str) -> events.RoomResult:
        """room.join"""
        return await self.write(services.join_room, room_id=command.room, token=command.token)

    @command(events.LeaveRoom)
    async def leave_room(self, command: events.LeaveRoom, topic: str) -> Ack:
        """room.leave"""
        return await self.write(services.leave_room, room_id=topic_id(topic))

    @command(events.UpdateRoom)
    async def update_room(self, command: events.UpdateRoom, topic: str) -> events.SeqResult:
        """room.update"""
        change = RoomChange(
            name=_given(command.name),
            purpose=_given(command.purpose),
            slow_mode_seconds=_given(command.slow_mode_seconds),
            read_only=_given(command.read_only),
            archived=_given(command.archived),
        )
        return await self.write(services.update_room, room_id=topic_id(topic), change=change)

    @command(events.InvitePerson)
    async def invite_person(self, command: events.InvitePerson, topic: str) -> events.SeqResult:
        """room.invite"""
        return await self.write(services.invite_person, room_id=topic_id(topic), user_id=command.user)

    @command(events.CreateLink)
    async def create_link(self, command: events.CreateLink, topic: str) -> events.LinkCreated:
        """room.create_link"""
        return await self.write(
            services.create_link,
            room_id=topic_id(topic),
            role=command.role,
            expires_in_seconds=command.expires_in_seconds,
            max_uses=command.max_uses,
        )

    @command(events.RevokeLink)
    async def revoke_link(self, command: events.RevokeLink, topic: str) -> Ack:
        """room.revoke_link"""
        return await self.write(services.revoke_link, room_id=topic_id(topic), link_id=command.id)

    # Members

    @command(events.SetRole)
    async def set_role(self, command: events.SetRole, topic: str) -> events.SeqResult:
        """member.set_role"""
        room_id = topic_id(topic)
        return await self.write(services.set_role, room_id=room_id, user_id=command.user, role=command.role)

    @command(events.RemoveMember)
    async def remove_member(self, command: events.RemoveMember, topic: str) -> events.SeqResult:
        """member.remove"""
        room_id = topic_id(topic)
        return await self.write(services.remove_member, room_id=room_id, user_id=command.user, reason=command.reason)
