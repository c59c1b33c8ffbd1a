"""WebSocket routes, one line per consumer; the chat's socket also takes what the assistant is told.

Read by collab.asgi. Decides nothing: chat knows nothing of the assistant, so they meet here.
"""

from typing import ClassVar

from django.urls import path

from assistant.consumers import AssistantCommands
from chat.consumers import ChatConsumer
from dashboard.commands import DashboardCommands
from dashboard.consumers import DashboardConsumer
from editor.consumers import DocumentConsumer
from integrations.mattermost_api.consumers import MattermostSocket
from realtime.middleware import App, Receive, Scope, Send
from realtime.protocol import Command
from realtime.ratelimit import Limit


class PageConsumer(AssistantCommands, DashboardCommands, ChatConsumer):
    """One socket per tab for rooms and for whoever answers in them."""

    rate_limits: ClassVar[dict[type[Command], Limit]] = {
        **ChatConsumer.rate_limits,
        **AssistantCommands.rate_limits,
        **DashboardCommands.rate_limits,
    }


websocket_urlpatterns = [
    path("ws/chat/", PageConsumer.as_asgi()),
    path("ws/editor/<int:document_id>/", DocumentConsumer.as_asgi()),
    path("ws/dashboard/<int:board_id>/", DashboardConsumer.as_asgi()),
]

_programs = {"/api/v4/websocket": MattermostSocket()}


class Programs:
    """ASGI wrapper: sockets of programs, who come with a token, before the checks of those of pages."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a socket to whom it belongs."""
        await _programs.get(scope["path"], self._app)(scope, receive, send)
