"""Handlers of what people want of runs: each translates one command into one service and wakes the runner.

Part of the socket that collab.routing puts together. Never decides and never touches the ORM.
"""

from __future__ import annotations

from typing import ClassVar

from assistant import events, runner, services
from realtime.consumers import BaseConsumer, command, topic_id
from realtime.protocol import Command
from realtime.ratelimit import Limit


class AssistantCommands(BaseConsumer):
    """Stop, ask again, summarise."""

    rate_limits: ClassVar[dict[type[Command], Limit]] = {
        events.StopRun: Limit(burst=20, per_second=1),
        events.RepeatRun: Limit(burst=5, per_second=0.2),
        events.SummariseUnread: Limit(burst=5, per_second=0.1),
    }

    @command(events.StopRun)
    async def stop_run(self, command: events.StopRun, topic: str) -> events.RunResult:
        """run.stop"""
        result = await self.write(services.stop_run, room_id=topic_id(topic), run_id=command.run)
        runner.stop(command.run)
        return result

    @command(events.RepeatRun)
    async def repeat_run(self, command: events.RepeatRun, topic: str) -> events.RunResult:
        """run.repeat"""
        result = await self.write(
            services.repeat_run, room_id=topic_id(topic), message_id=command.message, cid=command.cid
        )
        runner.wake()
        return result

    @command(events.SummariseUnread)
    async def summarise_unread(self, command: events.SummariseUnread, topic: str) -> events.RunResult:
        """summary.ask"""
        result = await self.write(
            services.ask_summary, room_id=topic_id(topic), cid=command.cid, since_seq=command.since
        )
        runner.wake()
        return result
