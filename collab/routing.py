"""WebSocket routes, one line per consumer; the chat's socket also takes what the assistant is told.

Read by collab.asgi. Decides nothing: chat knows nothing of the assistant, so they meet here.
"""

from typing import ClassVar

from django.urls import path

from assistant.consumers import AssistantCommands
from chat.consumers import ChatConsumer
from editor.consumers import DocumentConsumer
from realtime.protocol import Command
from realtime.ratelimit import Limit


class PageConsumer(AssistantCommands, ChatConsumer):
    """One socket per tab for rooms and for whoever answers in them."""

    rate_limits: ClassVar[dict[type[Command], Limit]] = {
        **ChatConsumer.rate_limits,
        **AssistantCommands.rate_limits,
    }


websocket_urlpatterns = [
    path("ws/chat/", PageConsumer.as_asgi()),
    path("ws/editor/<int:document_id>/", DocumentConsumer.as_asgi()),
]
