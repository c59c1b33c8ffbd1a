"""That people have drafts, never what stands in them: unfinished words are nobody's business but their author's.

Called by Django's admin. Only reads; superusers see where and when, for looking after the site.
"""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.site import ReadOnly, me
from chat.models import Draft, DraftCopy


class _WithoutText(ReadOnly):
    """Superusers only, and for them without the text."""

    def has_view_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """Superusers only."""
        return me(request).is_superuser

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Superusers only."""
        return me(request).is_superuser


@admin.register(Draft)
class DraftAdmin(_WithoutText):
    """Who has begun to write where."""

    list_display = ("updated_at", "user", "room", "rev")
    list_filter = ("updated_at",)
    search_fields = ("user__username", "=room__slug")
    list_select_related = ("user", "room")
    ordering = ("-updated_at",)
    fields = ("user", "room", "thread_root", "rev", "updated_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Draft]:
        """The text is not even read."""
        return super().get_queryset(request).defer("body")


@admin.register(DraftCopy)
class DraftCopyAdmin(_WithoutText):
    """Other versions that are kept beside drafts."""

    list_display = ("kept_at", "draft")
    list_filter = ("kept_at",)
    search_fields = ("draft__user__username", "=draft__room__slug")
    list_select_related = ("draft",)
    ordering = ("-pk",)
    fields = ("draft", "kept_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DraftCopy]:
        """The text is not even read."""
        return super().get_queryset(request).defer("body")
