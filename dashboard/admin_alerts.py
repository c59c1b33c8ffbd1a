"""The back office of rules, alerts, charts and calls: which there are, how each is, what did not work.

Called by Django's admin through dashboard.admin. Only reads: rules are changed in their room. Staff who are not
superusers see those of public rooms; addresses of rules may hold keys, and are shown to superusers alone.
"""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q

from dashboard.admin import OfSiteAndOpenRooms
from dashboard.models import Alert, Call, Chart, Rule


@admin.register(Rule)
class RuleAdmin(OfSiteAndOpenRooms):
    """Rules, the newest first."""

    readable = Q(room__kind="public")
    list_display = ("title", "series", "room", "level", "enabled", "since", "quiet_until", "made_by", "problem")
    list_filter = ("enabled", "level", ("problem", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("title", "series__key", "=room__slug", "made_by__username", "=id")
    search_help_text = "A title, a series, a room's address, who made it, or a rule's number."
    list_select_related = ("series", "room", "made_by")
    ordering = ("-created_at", "-pk")
    exclude = ("url",)


@admin.register(Alert)
class AlertAdmin(OfSiteAndOpenRooms):
    """Alerts, the newest first."""

    readable = Q(rule__room__kind="public")
    list_display = ("rule", "state", "fired_at", "resolved_at", "value", "peak", "times", "acknowledged_by")
    list_filter = ("state", "fired_at", ("acknowledged_by", admin.EmptyFieldListFilter))
    search_fields = ("rule__title", "rule__series__key", "=rule__room__slug")
    search_help_text = "A rule's title, a series, or a room's address."
    list_select_related = ("rule", "acknowledged_by")
    ordering = ("-fired_at", "-pk")


@admin.register(Chart)
class ChartAdmin(OfSiteAndOpenRooms):
    """Charts in the conversations of rooms."""

    readable = Q(room__kind="public")
    list_display = ("message", "series", "room", "seconds", "live_until", "told_at")
    list_filter = (("live_until", admin.EmptyFieldListFilter),)
    search_fields = ("series__key", "=room__slug")
    search_help_text = "A series, or a room's address."
    list_select_related = ("series", "room")
    ordering = ("-told_at",)


@admin.register(Call)
class CallAdmin(OfSiteAndOpenRooms):
    """What addresses of rules were told: for superusers."""

    readable = Q(pk__in=[])
    list_display = ("rule", "url", "created_at", "sent_at", "failures", "next_at", "problem")
    list_filter = (("sent_at", admin.EmptyFieldListFilter), ("problem", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("rule__title", "url")
    search_help_text = "A rule's title, or an address."
    list_select_related = ("rule",)
    ordering = ("-created_at", "-pk")
