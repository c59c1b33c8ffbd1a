"""The back office of documents: lists, searches, filters. Everything is read-only.

Called by Django's admin. Never writes; staff who are not superusers see documents of public rooms only, here and in
every search, as with messages.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.site import ReadOnly, me
from editor.models import Anchor, Document, SearchText, Snapshot, Update

BEGINNING_CHARS = 140


class _InReadableRooms(ReadOnly):
    """Rows of rooms whose documents this member of staff may read."""

    room_path = "document__room"
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Public rooms only, unless a superuser asks."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if me(request).is_superuser else rows.filter(**{f"{self.room_path}__kind": "public"})


@admin.register(Document)
class DocumentAdmin(_InReadableRooms):
    """Documents, those edited last first."""

    room_path = "room"
    list_display = (
        "name", "room", "language", "version", "length", "read_only", "created_by", "edited_at", "deleted_at"
    )  # fmt: skip
    list_filter = (
        "read_only",
        ("deleted_at", admin.EmptyFieldListFilter),
        "room__kind",
        "language",
        "created_at",
        "edited_at",
    )
    search_fields = ("name", "=language", "=room__slug", "created_by__username", "created_by__display_name", "=id")
    search_help_text = "A name, a language, a room's address, a person or a document's number."
    list_select_related = ("room", "created_by")
    date_hierarchy = "created_at"
    ordering = ("-edited_at", "-pk")
    fields = (
        "id", "room", "name", "language", "version", "length", "log_start", "read_only", "position", "created_by",
        "created_at", "edited_at", "deleted_at", "deleted_by",
    )  # fmt: skip


@admin.register(Update)
class UpdateAdmin(_InReadableRooms):
    """Accepted edits, newest first."""

    list_display = ("at", "document", "version", "author", "client_id", "run", "beginning")
    list_filter = ("at", ("run", admin.EmptyFieldListFilter), "document__room__kind")
    search_fields = (
        "author__username",
        "author__display_name",
        "=client_id",
        "=run",
        "=document__name",
        "=document__id",
    )
    search_help_text = "A person, a client id, a run, or a document by name or number."
    list_select_related = ("document", "author")
    ordering = ("-pk",)

    @admin.display(description="Changes")
    def beginning(self, update: Update) -> str:
        """The first characters of the change set."""
        return update.changes[:BEGINNING_CHARS]


@admin.register(Snapshot)
class SnapshotAdmin(_InReadableRooms):
    """Stored texts, and the versions that have a name."""

    list_display = ("at", "document", "version", "name", "author")
    list_filter = (("name", admin.EmptyFieldListFilter), "at")
    search_fields = ("name", "author__username", "=document__name", "=document__id", "=document__room__slug")
    search_help_text = "The name of a version, a person, or a document by name, number or room."
    list_select_related = ("document", "author")
    ordering = ("-pk",)


@admin.register(Anchor)
class AnchorAdmin(_InReadableRooms):
    """Messages bound to places in documents."""

    list_display = ("id", "document", "message", "said_version", "beginning", "resolved_at", "resolved_by")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "document__room__kind")
    search_fields = ("quote", "=message__id", "=document__name", "=document__id", "resolved_by__username")
    list_select_related = ("document", "message", "resolved_by")
    ordering = ("-pk",)

    @admin.display(description="Quote")
    def beginning(self, anchor: Anchor) -> str:
        """The first characters of what it is about."""
        return anchor.quote[:BEGINNING_CHARS]


@admin.register(SearchText)
class SearchTextAdmin(_InReadableRooms):
    """Which version of each document the search knows; without the words."""

    list_display = ("document", "name", "version")
    list_filter = ("document__room__kind",)
    search_fields = ("name", "=document__id", "=document__room__slug", "document__created_by__username")
    list_select_related = ("document",)
    ordering = ("-document_id",)
    fields = ("document", "name", "version")
