"""Handlers of rooms, their members, and who is there.

Part of chat.consumers.ChatConsumer. Never decides and never touches the ORM.
"""

from __future__ import annotations

from typing import ClassVar, Final, TypeVar

from msgspec import UnsetType

from chat import events, services
from chat.services import RoomChange
from realtime.consumers import BaseConsumer, command, topic_id
from realtime.presence import roster
from realtime.protocol import Ack, Command, Refused
from realtime.ratelimit import Limit

T = TypeVar("T")
STATES: Final = frozenset({"online", "idle"})


def _given(value: T | UnsetType) -> T | None:
    return None if isinstance(value, UnsetType) else value


class RoomCommands(BaseConsumer):
    """Rooms, members, settings, presence."""

    rate_limits: ClassVar[dict[type[Command], Limit]] = {
        events.SetPresence: Limit(burst=10, per_second=0.5),
        events.CreateRoom: Limit(burst=10, per_second=0.1),
        events.OpenDirect: Limit(burst=20, per_second=0.5),
        events.JoinRoom: Limit(burst=20, per_second=0.5),
        events.CreateLink: Limit(burst=10, per_second=0.1),
        events.InvitePerson: Limit(burst=30, per_second=0.5),
    }

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
            retention_days=_given(command.retention_days),
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
