"""One socket for one open board: each handler translates one command into one service.

Called by collab.routing through BaseConsumer. Never decides and never touches the ORM.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from dashboard import events, selectors, services
from dashboard.selectors import board_topic
from dashboard.watching import watching
from realtime import protocol
from realtime.consumers import BaseConsumer, command
from realtime.hub import hub
from realtime.middleware import Receive, Scope, Send
from realtime.protocol import Ack, Command, Refused, TopicState
from realtime.ratelimit import Limit


class DashboardConsumer(BaseConsumer):
    """A board: subscribe, and change it. It hears its board and, silently, the rooms through which one sees it."""

    is_presence: ClassVar[bool] = False  # the page's other socket knows whether somebody sits there
    rate_limits: ClassVar[dict[type[Command], Limit]] = {
        events.AddPanel: Limit(burst=45, per_second=2),
        events.ChangePanel: Limit(burst=60, per_second=10),
        events.RemovePanel: Limit(burst=45, per_second=2),
        events.ChangeBoard: Limit(burst=20, per_second=1),
        events.PublishBoard: Limit(burst=10, per_second=0.5),
        events.DiscardBoard: Limit(burst=10, per_second=0.5),
    }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves the socket; when it ends, its board may have nobody who looks."""
        self._board_id: int = scope["url_route"]["kwargs"]["board_id"]
        self._topic = board_topic(self._board_id)
        self._shared = False
        try:
            await super().__call__(scope, receive, send)
        finally:
            if hasattr(self, "socket"):
                watching.leave(self._board_id, self.socket)

    async def authorize(self, topics: Collection[str]) -> set[str]:
        """This board, for whoever may see it; the rooms through which they do are listened to before they are asked."""
        if self._topic not in topics:
            return set()
        try:
            rooms = await self.read(selectors.rooms_of_sight, board_id=self._board_id)
            await hub.attach(self.socket, [f"room:{room}" for room in rooms if f"room:{room}" not in self.socket.feeds])
            board = await self.read(selectors.view_board, board_id=self._board_id)
        except Refused as refused:
            hub.close(self.socket, 4404, refused.message)
            return set()
        self._shared = board.kind == "own"
        await watching.join(self._board_id, self.socket)
        return {self._topic}

    def dropped(self, topic: str) -> None:
        """Whoever is taken out of a room through which they saw the board comes back only by another right."""
        if not topic.startswith("room:"):
            return
        if self._shared:
            hub.close(self.socket, 1012, "You were removed from a room that sees this board.")
            return
        self.close_errors = {**self.close_errors, 4403: "not_member"}
        hub.close(self.socket, 4403, "You were removed from this room.")

    async def _run(self, envelope: protocol.Envelope) -> Any:
        if envelope.topic and envelope.topic != self._topic:
            raise Refused("invalid", f"This socket is for {self._topic}.", field="topic")
        return await super()._run(envelope)

    @command(protocol.Subscribe)
    async def subscribe(self, command: protocol.Subscribe, topic: str) -> dict[str, TopicState]:
        """subscribe: this board and nothing else; rooms are heard for revocation alone."""
        if set(command.topics) - {self._topic}:
            raise Refused("invalid", f"This socket hears {self._topic} only.", field="topics")
        return await super().subscribe(command, topic)

    @command(protocol.Unsubscribe)
    async def unsubscribe(self, command: protocol.Unsubscribe, topic: str) -> Ack:
        """unsubscribe: the board goes on being watched until the socket closes, without its rooms there is no sight."""
        self._detach([name for name in command.topics if name == self._topic])
        watching.leave(self._board_id, self.socket)
        return Ack()

    @command(events.AddPanel)
    async def add_panel(self, command: events.AddPanel, topic: str) -> events.PanelResult:
        """panel.add"""
        return await self.write(services.add_panel, board_id=self._board_id, panel=command.panel)

    @command(events.ChangePanel)
    async def change_panel(self, command: events.ChangePanel, topic: str) -> events.PanelResult:
        """panel.change"""
        return await self.write(services.change_panel, board_id=self._board_id, wish=command)

    @command(events.RemovePanel)
    async def remove_panel(self, command: events.RemovePanel, topic: str) -> Ack:
        """panel.remove"""
        return await self.write(services.remove_panel, board_id=self._board_id, panel_id=command.panel)

    @command(events.ChangeBoard)
    async def change_board(self, command: events.ChangeBoard, topic: str) -> Ack:
        """board.change"""
        return await self.write(
            services.change_board, board_id=self._board_id, name=command.name, range_seconds=command.range_seconds
        )

    @command(events.PublishBoard)
    async def publish_board(self, command: events.PublishBoard, topic: str) -> Ack:
        """board.publish"""
        return await self.write(services.publish_board, board_id=self._board_id, version=command.version)

    @command(events.DiscardBoard)
    async def discard_draft(self, command: events.DiscardBoard, topic: str) -> Ack:
        """board.discard"""
        return await self.write(services.discard_draft, board_id=self._board_id)
