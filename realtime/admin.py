"""The realtime layer's tables to look at: topics, events, leases, presence.

Called by Django's admin. Never changes a row, and never shows what an event says: that may be from a private room.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from realtime.models import Event, Lease, Presence, Topic


class _ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable when it runs
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Topic)
class TopicAdmin(_ReadOnly):
    """Heads of the logs."""

    list_display = ("key", "head_seq", "min_seq")
    search_fields = ("key",)
    ordering = ("key",)


@admin.register(Event)
class EventAdmin(_ReadOnly):
    """Which events there were, not what they said."""

    list_display = ("topic", "seq", "type", "actor_id", "at")
    list_filter = ("type",)
    search_fields = ("topic", "type")
    fields = ("topic", "seq", "type", "actor_id", "at")
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(Lease)
class LeaseAdmin(_ReadOnly):
    """Who runs which background service."""

    list_display = ("name", "holder", "until")
    search_fields = ("name", "holder")


@admin.register(Presence)
class PresenceAdmin(_ReadOnly):
    """Who is here, by process."""

    list_display = ("user_id", "state", "process", "until")
    list_filter = ("state",)
    search_fields = ("user_id", "process")
