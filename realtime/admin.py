"""The realtime layer's tables to look at: topics, events, leases, presence.

Called by Django's admin. Never changes a row, and never shows what an event says: that may be from a private room.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from realtime import protocol
from realtime.lookups import ReadOnly
from realtime.models import Event, Lease, Presence, Topic


class _OfKind(admin.SimpleListFilter):
    """Topics of rooms, of people, …"""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The kinds that events are declared for."""
        kinds = sorted({event.topic for event in protocol.events().values() if event.topic})
        return [(kind, kind) for kind in kinds]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Topic]) -> QuerySet[Topic]:
        """Those whose key begins with the chosen kind."""
        return queryset.filter(key__startswith=f"{self.value()}:") if self.value() else queryset


class _Expired(admin.SimpleListFilter):
    """Whether the claim still holds."""

    title = "holds"
    parameter_name = "holds"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Yes and no."""
        return [("1", "Yes"), ("0", "No, it ran out")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those that hold now, or those that ran out."""
        if self.value() is None:
            return queryset
        now = timezone.now()
        return queryset.filter(until__gt=now) if self.value() == "1" else queryset.filter(until__lte=now)


@admin.register(Topic)
class TopicAdmin(ReadOnly):
    """Heads of the logs."""

    list_display = ("key", "head_seq", "min_seq")
    list_filter = (_OfKind,)
    search_fields = ("key",)
    ordering = ("key",)


@admin.register(Event)
class EventAdmin(ReadOnly):
    """Which events there were, not what they said."""

    list_display = ("topic", "seq", "type", "actor_id", "at")
    list_filter = ("type",)
    search_fields = ("topic", "type")
    fields = ("topic", "seq", "type", "actor_id", "at")
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(Lease)
class LeaseAdmin(ReadOnly):
    """Who runs which background service."""

    list_display = ("name", "holder", "until")
    list_filter = (_Expired,)
    search_fields = ("name", "holder")


@admin.register(Presence)
class PresenceAdmin(ReadOnly):
    """Who is here, by process."""

    list_display = ("user_id", "state", "process", "until")
    list_filter = ("state", _Expired)
    search_fields = ("user_id", "process")
