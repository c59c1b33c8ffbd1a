"""The back office of boards and series: what there is, whose it is, when it was heard of.

Called by Django's admin. Only reads: boards are changed in the page. Staff who are not superusers see what is the
site's and what is of public rooms; what people measure for themselves is theirs.
"""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.admin.site import ReadOnly, me
from dashboard.models import Board, Feed, Process, Series, Share
from dashboard.services.feeds import switch_off_feed


class OfSiteAndOpenRooms(ReadOnly):
    """Rows that belong to the site, to a room or to a person.

    Attributes:
        readable: of these rows, those for all staff.
    """

    readable: ClassVar[Q]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """All rows for superusers."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if me(request).is_superuser else rows.filter(self.readable)


@admin.register(Board)
class BoardAdmin(OfSiteAndOpenRooms):
    """Boards, those published last first."""

    readable = Q(kind="site") | Q(room__kind="public")
    list_display = ("name", "kind", "room", "owner", "version", "published_at", "published_by", "changed_at")
    list_filter = ("kind", "published_at", ("changed_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "=room__slug", "owner__username", "=id")
    search_help_text = "A name, a room's address, whose it is, or a board's number."
    list_select_related = ("room", "owner", "published_by")
    ordering = ("-published_at", "-pk")
    fields = (
        "id", "name", "kind", "room", "owner", "range_seconds", "version", "published_at", "published_by",
        "changed_at", "changed_by", "created_at",
    )  # fmt: skip


@admin.register(Share)
class ShareAdmin(OfSiteAndOpenRooms):
    """Own boards that the members of rooms see: for superusers."""

    readable = Q(pk__in=[])
    list_display = ("board", "room", "may_edit")
    list_filter = ("may_edit",)
    search_fields = ("board__name", "=room__slug", "board__owner__username")
    list_select_related = ("board", "room")
    ordering = ("-pk",)


@admin.register(Series)
class SeriesAdmin(OfSiteAndOpenRooms):
    """Series, those heard of last first."""

    readable = Q(scope="site") | Q(room__kind="public")
    list_display = ("key", "title", "sort", "unit", "scope", "owner", "counted", "last_at", "last_value")
    list_filter = ("scope", "kind", "outside", "last_at")
    search_fields = ("key", "title", "owner__username", "=room__slug", "=id")
    search_help_text = "A name, whose it is, a room's address, or a series' number."
    list_select_related = ("owner",)
    ordering = ("-last_at", "-pk")

    @admin.display(description="Kind", ordering="kind")
    def sort(self, series: Series) -> str:
        """Counter or gauge, in a word; what that means stands in the filter."""
        return series.kind.capitalize()

    @admin.display(description="Counted", ordering="outside")
    def counted(self, series: Series) -> str:
        """By whom: what comes from outside is no fault, so it is no red cross."""
        return "Outside" if series.outside else "Here"


@admin.register(Process)
class ProcessAdmin(ReadOnly):
    """Processes that handed numbers over, as the recorder heard of them last."""

    list_display = ("label", "name", "number", "at")
    list_filter = ("at",)
    search_fields = ("label", "name")
    ordering = ("-at",)


@admin.register(Feed)
class FeedAdmin(OfSiteAndOpenRooms):
    """Feeds, those that fail most first: for superusers. Of an address only the server is shown: it may hold a key."""

    readable = Q(pk__in=[])
    list_display = ("series", "owner", "server", "enabled", "problem", "failures", "answered_at")
    list_filter = ("enabled", ("problem", admin.EmptyFieldListFilter), "asked_at")
    search_fields = ("series__name", "owner__username", "=id")
    search_help_text = "A name, whose it is, or a feed's number."
    list_select_related = ("series", "owner")
    ordering = ("-failures", "-pk")
    fields = (
        "id", "series", "owner", "server", "secret_env", "interval_seconds", "enabled", "next_at", "asked_at",
        "answered_at", "failures", "problem",
    )  # fmt: skip
    readonly_fields = ("server",)
    actions = ("switch_off",)

    @admin.display(description="Server")
    def server(self, feed: Feed) -> str:
        """Where it leads, without path and query."""
        return urlsplit(feed.url).hostname or ""

    def has_switch_permission(self, request: HttpRequest) -> bool:
        """Whoever has Django's permission to change feeds."""
        return request.user.has_perm("dashboard.change_feed")

    @admin.action(description="Switch off", permissions=["switch"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Feed]) -> None:
        """Asks them no more; their owners may switch them on again."""
        for feed in queryset:
            switch_off_feed(actor=me(request), feed_id=feed.pk)
        self.message_user(request, f"Switched off: {len(queryset)}.", messages.SUCCESS)


from dashboard import admin_alerts  # noqa: E402, F401 - rules and alerts; it needs what is declared above
