"""Handlers of what people do with alerts and charts in a room: each translates one command into one service.

Part of the chat's socket that collab.routing puts together. Never decides and never touches the ORM.
"""

from __future__ import annotations

from typing import ClassVar

from dashboard import events
from dashboard.services import alerts, charts
from realtime.consumers import BaseConsumer, command, topic_id
from realtime.protocol import Ack, Command
from realtime.ratelimit import Limit


class DashboardCommands(BaseConsumer):
    """Acknowledge, quiet, let a chart move."""

    rate_limits: ClassVar[dict[type[Command], Limit]] = {
        events.AcknowledgeAlert: Limit(burst=20, per_second=1),
        events.QuietRule: Limit(burst=10, per_second=0.5),
        events.MoveChart: Limit(burst=20, per_second=0.5),
    }

    @command(events.AcknowledgeAlert)
    async def acknowledge_alert(self, command: events.AcknowledgeAlert, topic: str) -> Ack:
        """alert.acknowledge"""
        return await self.write(alerts.acknowledge, room_id=topic_id(topic), alert_id=command.alert)

    @command(events.QuietRule)
    async def quiet_rule(self, command: events.QuietRule, topic: str) -> Ack:
        """rule.quiet"""
        return await self.write(
            alerts.quiet_rule, room_id=topic_id(topic), rule_id=command.rule, seconds=command.seconds
        )

    @command(events.MoveChart)
    async def move_chart(self, command: events.MoveChart, topic: str) -> Ack:
        """chart.move"""
        return await self.write(
            charts.move_chart, room_id=topic_id(topic), message_id=command.message, live=command.live
        )
