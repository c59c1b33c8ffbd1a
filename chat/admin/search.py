"""The back office of the search: which messages the index knows. Only to look at; `rebuild_search` mends it.

Called by Django's admin. Shows no words.
"""

from __future__ import annotations

from django.contrib import admin

from chat.admin.messages import InReadableRooms
from chat.models import SearchEntry


@admin.register(SearchEntry)
class SearchEntryAdmin(InReadableRooms):
    """Messages in the index, those said last first."""

    room_path = "room"
    list_display = ("message", "room", "checksum")
    list_filter = ("room__kind",)
    search_fields = ("=room__slug", "=message__id")
    list_select_related = ("room", "message")
    ordering = ("-pk",)
