"""The back office of what messages carry: which message has a card of which kind. Only to look at.

Called by Django's admin. Shows no words and no figures: those are in the room.
"""

from __future__ import annotations

from django.contrib import admin

from chat.admin.messages import InReadableRooms
from chat.models import Card


@admin.register(Card)
class CardAdmin(InReadableRooms):
    """Cards, the newest first."""

    room_path = "message__room"
    list_display = ("message", "kind")
    list_filter = ("kind",)
    search_fields = ("=message__room__slug",)
    list_select_related = ("message",)
    ordering = ("-pk",)
    exclude = ("view", "seqs")
