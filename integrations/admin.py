"""The back office of integrations: webhooks into and out of rooms, and commands that are answered outside.

Called by Django's admin. Shows no key and no hash; everything is changed through services.
"""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html, format_html_join

from accounts.admin.site import ReadOnly, me
from chat.services import slash
from integrations import bridge_admin as bridge_admin  # registers its pages
from integrations import own_admin as own_admin  # registers its page
from integrations import services
from integrations.desk import desk
from integrations.making import RoomForm, Switchable
from integrations.models import Delivery, IncomingHook, OutgoingHook, SlashCommand
from integrations.models.hooks import HOOK_NAME_CHARS
from realtime.protocol import Refused


class IncomingHookForm(RoomForm):
    """A room, by the last part of its address, and a name."""

    name = forms.CharField(max_length=HOOK_NAME_CHARS, help_text="What its messages are signed with.")

    class Meta:
        model = IncomingHook
        fields = ("name",)

    def make(self, given: dict[str, Any]) -> Any:
        """Makes the webhook."""
        return services.make_hook(actor=self.actor, room_id=self.room_of(given), name=given["name"])


def _renews(request: HttpRequest) -> bool:
    return request.method == "POST" and "renew" in request.POST.getlist("action")


@admin.register(IncomingHook)
class IncomingHookAdmin(Switchable):
    """Webhooks into rooms."""

    form = IncomingHookForm
    asked = ("slug", "name")
    list_display = ("name", "where", "hint", "enabled", "created_by", "created_at", "last_used_at", "last_error")
    list_filter = ("enabled", "last_used_at")
    search_fields = ("name", "hint", "room__name", "room__slug")
    list_select_related = ("room", "created_by")
    fields = ("name", "where", "bot", "hint", "enabled", "created_by", "created_at", "last_used_at", "last_error")
    actions = ("switch_on", "switch_off", "renew", "end")

    def get_urls(self) -> list[Any]:
        """With the page of all webhooks and tokens, which is its own."""
        own = path("desk/", self.admin_site.admin_view(desk), name="integrations_desk")
        return [own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list; before a new address is given the password is asked for."""
        view = reauthentication_required(super().changelist_view, enabled=_renews)
        answer: HttpResponse = view(request, extra_context)
        return answer

    def switch(self, request: HttpRequest, pk: int, enabled: bool) -> None:
        """Lets it speak, or keeps it silent."""
        services.switch_hook(actor=me(request), hook_id=pk, enabled=enabled)

    def close(self, request: HttpRequest, pk: int) -> None:
        """Ends it."""
        services.delete_hook(actor=me(request), hook_id=pk)

    def show(self, request: HttpRequest, made: IncomingHook, secret: str) -> None:
        """Says the address; it stands nowhere else."""
        address = f"{settings.SITE_URL}/hooks/{secret}"
        words = format_html("The address of {}, shown only now: <code>{}</code>", made.name, address)
        self.message_user(request, words, messages.WARNING)

    @admin.action(description="Give a new address", permissions=["manage"])
    def renew(self, request: HttpRequest, queryset: QuerySet[IncomingHook]) -> None:
        """The old addresses open nothing any more."""
        for hook in queryset:
            self.show(request, hook, services.renew_key(actor=me(request), hook_id=hook.pk))


class OutgoingHookForm(RoomForm):
    """A room, an address, and what it wants to be told."""

    name = forms.CharField(max_length=HOOK_NAME_CHARS, help_text="What its answers are signed with.")
    words = forms.CharField(
        label="Trigger words",
        required=False,
        help_text="With spaces between them. A message must begin with one of them. Empty: every message.",
    )
    called = {"triggers": "words"}

    class Meta:
        model = OutgoingHook
        fields = ("name", "url", "form", "of")
        labels = {"url": "Address", "form": "Sent as", "of": "Told of"}
        help_texts = {
            "url": "It is sent each message by POST, for example https://pager.example.org/told",
            "form": "Choose Mattermost's for a program that was made for Mattermost.",
        }

    def make(self, given: dict[str, Any]) -> Any:
        """Makes the webhook."""
        named = {name: given[name] for name in ("name", "url", "form", "of")}
        words = given["words"].replace(",", " ").split()
        return services.make_outgoing(actor=self.actor, room_id=self.room_of(given), triggers=words, **named)


@admin.register(OutgoingHook)
class OutgoingHookAdmin(Switchable):
    """Addresses that are told of messages; ending one ends what waits for it."""

    form = OutgoingHookForm
    asked = ("slug", "name", "url", "form", "of", "words")
    list_display = ("name", "where", "url", "form", "of", "enabled", "last_sent_at", "failed_in_row", "last_error")
    list_filter = ("enabled", "form", "of", "last_sent_at")
    search_fields = ("name", "url", "room__name", "room__slug")
    fields = (*list_display, "triggers", "bot", "created_by", "created_at")

    def switch(self, request: HttpRequest, pk: int, enabled: bool) -> None:
        """Tells it again, or nothing more."""
        services.switch_outgoing(actor=me(request), hook_id=pk, enabled=enabled)

    def close(self, request: HttpRequest, pk: int) -> None:
        """Ends it, with what waits for it."""
        services.delete_outgoing(actor=me(request), hook_id=pk)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    """What was sent where, and what became of it; no text of a room."""

    list_display = ("id", "hook", "state", "attempts", "status", "error", "created_at", "due_at", "ended_at")
    list_filter = ("state", "hook", "created_at")
    list_select_related = ("hook",)
    fields = ("hook", "trigger", "state", "attempts", "status", "error", "each_try", "created_at", "due_at", "ended_at")
    date_hierarchy = "created_at"
    actions = ("again",)

    @admin.display(description="Tries")
    def each_try(self, row: Delivery) -> str:
        """The last ones, a line each: when, what came of it, how long it took."""
        said = [(one["at"][:19].replace("T", " "), one["error"] or one["status"], one["ms"]) for one in row.tries]
        return format_html_join("", "{}: {} ({} ms)<br>", said) or "-"

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Whoever may change webhooks may send again."""
        return request.user.has_perm("integrations.change_outgoinghook")

    @admin.action(description="Send again", permissions=["manage"])
    def again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Those that were given up."""
        for row in queryset:
            try:
                services.retry_delivery(actor=me(request), delivery_id=row.pk)
            except Refused as refused:
                self.message_user(request, f"{row}: {refused.message}", messages.ERROR)
        self.message_user(request, "They are sent again in a moment.", messages.SUCCESS)


class SlashCommandForm(RoomForm):
    """A room, what is typed there, and the address that answers."""

    class Meta:
        model = SlashCommand
        fields = ("trigger", "name", "url", "usage", "help")
        labels = {"trigger": "Command", "url": "Address", "usage": "What follows it", "help": "What it does"}
        help_texts = {
            "trigger": "What is typed after the slash: small letters, dashes and underscores, for example deploy.",
            "url": "It is called by POST whenever somebody types the command, and answers it.",
            "usage": "For example: environment. Shown in the list of commands.",
            "help": "In a few words. Shown in the list of commands.",
        }

    def make(self, given: dict[str, Any]) -> Any:
        """Makes the command."""
        new = services.NewCommand(**{name: given[name] for name in ("trigger", "name", "url", "usage", "help")})
        taken = {*slash.commands(), "help"}
        return services.make_command(actor=self.actor, room_id=self.room_of(given), new=new, taken=taken)


@admin.register(SlashCommand)
class SlashCommandAdmin(Switchable):
    """Commands that are answered from outside."""

    form = SlashCommandForm
    asked = ("slug", "trigger", "name", "url", "usage", "help")
    list_display = ("trigger", "where", "name", "url", "enabled", "created_by", "last_called_at", "last_error")
    list_filter = ("enabled", "last_called_at")
    search_fields = ("trigger", "name", "url", "room__name", "room__slug")
    list_select_related = ("room", "created_by")
    fields = (*list_display, "usage", "help", "bot", "created_at")

    def switch(self, request: HttpRequest, pk: int, enabled: bool) -> None:
        """Offers it, or not any more."""
        services.switch_command(actor=me(request), command_id=pk, enabled=enabled)

    def close(self, request: HttpRequest, pk: int) -> None:
        """Ends it."""
        services.delete_command(actor=me(request), command_id=pk)
