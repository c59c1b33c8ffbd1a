"""Handlers of reports and of what moderators do.

Part of chat.consumers.ChatConsumer. Never decides and never touches the ORM.
"""

from __future__ import annotations

from typing import ClassVar

from chat import events, services
from realtime.consumers import BaseConsumer, command, topic_id
from realtime.protocol import Ack, Command
from realtime.ratelimit import Limit


class ModerationCommands(BaseConsumer):
    """Reports, sanctions, decisions."""

    rate_limits: ClassVar[dict[type[Command], Limit]] = {
        events.BlockFiles: Limit(burst=20, per_second=0.5),
        events.ReportMessage: Limit(burst=10, per_second=0.05),
        events.SanctionMember: Limit(burst=20, per_second=0.5),
        events.LiftSanction: Limit(burst=20, per_second=0.5),
        events.SettleReport: Limit(burst=20, per_second=0.5),
    }

    @command(events.ReportMessage)
    async def report_message(self, command: events.ReportMessage, topic: str) -> Ack:
        """message.report"""
        return await self.write(
            services.report_message,
            room_id=topic_id(topic),
            message_id=command.message,
            reason=command.reason,
            note=command.note,
        )

    @command(events.SanctionMember)
    async def sanction_member(self, command: events.SanctionMember, topic: str) -> events.SeqResult:
        """member.sanction"""
        return await self.write(
            services.sanction_member,
            room_id=topic_id(topic),
            user_id=command.user,
            kind=command.kind,
            reason=command.reason,
            seconds=command.seconds,
        )

    @command(events.LiftSanction)
    async def lift_sanction(self, command: events.LiftSanction, topic: str) -> Ack:
        """sanction.lift"""
        return await self.write(
            services.lift_member_sanction, room_id=topic_id(topic), sanction_id=command.id, reason=command.reason
        )

    @command(events.SettleReport)
    async def settle_report(self, command: events.SettleReport, topic: str) -> Ack:
        """report.settle"""
        return await self.write(
            services.settle_report,
            room_id=topic_id(topic),
            message_id=command.message,
            action=command.action,
            reason=command.reason,
            seconds=command.seconds,
            delete=command.delete,
        )

    @command(events.BlockFiles)
    async def block_files(self, command: events.BlockFiles, topic: str) -> Ack:
        """message.block_files"""
        return await self.write(
            services.block_files, room_id=topic_id(topic), message_id=command.message, reason=command.reason
        )
