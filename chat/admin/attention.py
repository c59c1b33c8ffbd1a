"""What people keep at hand and follow, as far as staff may see it.

Called by Django's admin. Only reads: people pin, follow and save in the page. Bookmarks and reminders are private, so
only superusers see them.
"""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from accounts.admin.site import ReadOnly, me
from chat.admin.messages import InReadableRooms
from chat.models import Bookmark, Pin, Reminder, ThreadFollow


class _Private(ReadOnly):
    """What is nobody's business but its owner's, and that of whoever looks after the whole site."""

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Superusers only."""
        return me(request).is_superuser

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Superusers only."""
        return me(request).is_superuser


@admin.register(Pin)
class PinAdmin(InReadableRooms):
    """Messages that rooms keep at hand."""

    room_path = "room"
    list_display = ("pinned_at", "room", "message", "pinned_by")
    list_filter = ("pinned_at",)
    search_fields = ("=room__slug", "=message__id", "pinned_by__username")
    list_select_related = ("room", "message", "pinned_by")
    ordering = ("-pinned_at",)


@admin.register(ThreadFollow)
class ThreadFollowAdmin(InReadableRooms):
    """Who follows which thread."""

    room_path = "room"
    list_display = ("id", "user", "room", "root", "following", "last_read_seq")
    list_filter = ("following",)
    search_fields = ("user__username", "=room__slug", "=root__id")
    list_select_related = ("user", "room", "root")
    ordering = ("-pk",)


@admin.register(Bookmark)
class BookmarkAdmin(_Private):
    """Messages that people keep at hand for themselves."""

    list_display = ("created_at", "user", "message")
    list_filter = ("created_at",)
    search_fields = ("user__username", "=message__id")
    list_select_related = ("user", "message")
    ordering = ("-pk",)


@admin.register(Reminder)
class ReminderAdmin(_Private):
    """What people want to be told, and when."""

    list_display = ("due_at", "user", "room", "told_at")
    list_filter = ("due_at", ("told_at", admin.EmptyFieldListFilter))
    search_fields = ("user__username", "=room__slug")
    list_select_related = ("user", "room")
    ordering = ("-pk",)
