"""The back office of the bridge: links, what could not be told, who is who, what happened. Servers are in bridge_desk.

Registered by integrations.admin. Everything is changed through services.
"""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.admin.asking import ReasonForm, ask
from accounts.admin.site import ReadOnly, me
from integrations import bridge_desk as bridge_desk  # registers its page
from integrations.bridge_forms import LinkForm, Making
from integrations.making import OfRooms
from integrations.models import BridgedPerson, BridgeLink, BridgeOutbox, BridgeStep
from integrations.selectors.bridges import stuck
from integrations.services.bridges import setup, tending
from realtime.protocol import Refused


@admin.register(BridgeLink)
class BridgeLinkAdmin(OfRooms, Making):
    """Rooms that are one conversation with channels."""

    form = LinkForm
    asked = ("server", "slug", "channel_id", "channel_name", "direction")
    list_display = ("where", "channel_name", "server", "direction", "state", "problem", "notice", "enabled")
    list_filter = ("state", "direction", "enabled")
    list_select_related = ("room", "server")
    search_fields = ("channel_name", "channel_id", "room__name", "room__slug")
    fields = (*list_display, "channel_id", "relay_bots", "everybody", "created_by", "created_at")
    actions = ("end",)

    @admin.action(description="End the link", permissions=["manage"])
    def end(self, request: HttpRequest, queryset: QuerySet[BridgeLink]) -> None:
        """Ends the chosen ones; what was said stays."""
        for link in queryset:
            setup.unlink_room(actor=me(request), link_id=link.pk)
        self.message_user(request, "Ended.", messages.SUCCESS)


@admin.register(BridgeOutbox)
class BridgeOutboxAdmin(ReadOnly):
    """What waits to be told, and what was refused."""

    list_display = ("link", "op", "local_id", "state", "attempts", "problem", "next_at", "created_at")
    list_filter = ("state", "op")
    list_select_related = ("link",)
    fields = list_display
    actions = ("retry", "drop")

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Whoever may set links up."""
        return request.user.has_perm(setup.MAY_LINK)

    @admin.action(description="Try again", permissions=["manage"])
    def retry(self, request: HttpRequest, queryset: QuerySet[BridgeOutbox]) -> None:
        """Lets those that failed be tried once more."""
        for order in queryset.filter(stuck()):
            try:
                tending.retry_order(actor=me(request), outbox_id=order.pk)
            except Refused as refused:
                self.message_user(request, f"{order}: {refused.message}", messages.ERROR)
        self.message_user(request, "They are tried again.", messages.SUCCESS)

    @admin.action(description="Skip…", permissions=["manage"])
    def drop(self, request: HttpRequest, queryset: QuerySet[BridgeOutbox]) -> HttpResponse | None:
        """Asks for the reason, then tells the chosen ones no more."""
        form = ask(request, ReasonForm)
        if form.is_valid():
            # The audit log keeps a line.
            reason = " ".join(form.cleaned_data["reason"].split())
            try:
                for order in queryset:
                    tending.skip_order(actor=me(request), outbox_id=order.pk, reason=reason)
            except Refused as refused:
                form.add_error("reason", refused.message)
        if form.errors or not form.is_bound:
            return form.page(request, self, queryset, title="Skip what waits", action="drop")
        self.message_user(request, "Skipped.", messages.SUCCESS)
        return None


@admin.register(BridgedPerson)
class BridgedPersonAdmin(ReadOnly):
    """Who people of a server are here."""

    list_display = ("username", "server", "user", "is_bot", "remote_id")
    list_filter = ("is_bot",)
    list_select_related = ("server", "user")
    search_fields = ("username", "user__username", "user__display_name")
    fields = list_display


@admin.register(BridgeStep)
class BridgeStepAdmin(ReadOnly):
    """What bridges did last, the newest first; about a thousand of each server are kept."""

    list_display = ("at", "server", "way", "what", "link", "by", "count", "lag_ms", "words")
    list_filter = ("way", "what", "server")
    list_select_related = ("server", "link", "by")
    search_fields = ("words", "by__username", "by__display_name")
    ordering = ("-pk",)
    fields = list_display
