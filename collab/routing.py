"""WebSocket routes, one line per consumer."""

from django.urls import path

from chat.consumers import ChatConsumer
from editor.consumers import DocumentConsumer

websocket_urlpatterns = [
    path("ws/chat/", ChatConsumer.as_asgi()),
    path("ws/editor/<int:document_id>/", DocumentConsumer.as_asgi()),
]
