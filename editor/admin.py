"""The back office of documents: lists, searches, filters. Everything is read-only.

Called by Django's admin. Never writes; staff who are not superusers see documents of public rooms only, here and in
every search, as with messages.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path

from accounts.admin.site import ReadOnly, me
from editor.models import Anchor, Document, Hunk, Reversal, SearchText, Snapshot, Suggestion, Update
from editor.office import take_back_page

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

    def get_urls(self) -> list[URLPattern]:
        """With the page that takes back what somebody wrote."""
        page = self.admin_site.admin_view(take_back_page)
        return [path("take-back/", page, name="editor_take_back"), *super().get_urls()]


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


@admin.register(Reversal)
class ReversalAdmin(_InReadableRooms):
    """Edits that were taken back, newest first."""

    list_display = ("at", "document", "actor", "author", "run", "since", "updates", "skipped", "version", "reason")
    list_filter = ("at", ("run", admin.EmptyFieldListFilter), ("author", admin.EmptyFieldListFilter))
    search_fields = ("actor__username", "author__username", "=run", "=document__name", "=document__id", "reason")
    search_help_text = "Who did it, whose edits or which run it was, a document by name or number, or a reason."
    list_select_related = ("document", "actor", "author")
    ordering = ("-pk",)


@admin.register(Suggestion)
class SuggestionAdmin(_InReadableRooms):
    """Proposed changes, newest first."""

    list_display = ("created_at", "document", "title", "author", "asked_by", "run", "base_version", "left")
    list_filter = ("created_at", "hunks__state", ("run", admin.EmptyFieldListFilter), "document__room__kind")
    search_fields = ("title", "asked_by__username", "author__username", "=run", "=document__name", "=document__id")
    search_help_text = "A title, a person, a run, or a document by name or number."
    list_select_related = ("document", "author", "asked_by")
    ordering = ("-pk",)

    @admin.display(description="Open changes")
    def left(self, suggestion: Suggestion) -> int:
        """How many wait for somebody."""
        return sum(hunk.state == Hunk.State.OPEN for hunk in suggestion.hunks.all())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Suggestion]:
        """With their changes, for the list."""
        rows: QuerySet[Suggestion] = super().get_queryset(request)
        return rows.prefetch_related("hunks")


@admin.register(Hunk)
class HunkAdmin(_InReadableRooms):
    """Proposed changes one by one, with what became of each."""

    room_path = "suggestion__document__room"
    list_display = ("suggestion", "position", "beginning", "state", "decided_by", "decided_at", "accepted_version")
    list_filter = ("state", "decided_at", "suggestion__document__room__kind")
    search_fields = ("quote", "text", "note", "=suggestion__document__name", "decided_by__username", "=suggestion__id")
    search_help_text = "A text, who decided, or the document's name."
    list_select_related = ("suggestion", "decided_by")
    ordering = ("-suggestion_id", "position")

    @admin.display(description="Text")
    def beginning(self, hunk: Hunk) -> str:
        """The first characters of what it puts there."""
        return hunk.text[:BEGINNING_CHARS]


@admin.register(SearchText)
class SearchTextAdmin(_InReadableRooms):
    """Which version of each document the search knows; without the words."""

    list_display = ("document", "name", "version")
    list_filter = ("document__room__kind",)
    search_fields = ("name", "=document__id", "=document__room__slug", "document__created_by__username")
    list_select_related = ("document",)
    ordering = ("-document_id",)
    fields = ("document", "name", "version")
