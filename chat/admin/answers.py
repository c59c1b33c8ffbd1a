"""The back office of the assistant's answers: which message is how far. Only to look at: the texts are messages.

Called by Django's admin. Shows no words.
"""

from __future__ import annotations

from django.contrib import admin

from chat.admin.messages import InReadableRooms
from chat.models import Answer


@admin.register(Answer)
class AnswerAdmin(InReadableRooms):
    """Answers, the newest first."""

    room_path = "message__room"
    list_display = ("message", "state", "run")
    list_filter = ("state",)
    search_fields = ("=message__room__slug", "=run")
    list_select_related = ("message",)
    ordering = ("-pk",)
    exclude = ("view", "seqs")
