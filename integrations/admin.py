"""The back office of integrations: webhooks into rooms. A key is shown once, when it is made.

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
from django.utils.decorators import method_decorator
from django.utils.html import format_html

from accounts.admin.site import ReadOnly, me
from chat import selectors as rooms
from chat.services import slash
from integrations import bridge_admin as bridge_admin  # registers its pages
from integrations import own_admin as own_admin  # registers its page
from integrations import services
from integrations.models import Delivery, IncomingHook, OutgoingHook, SlashCommand
from integrations.models.hooks import HOOK_NAME_CHARS
from realtime.protocol import Refused


class IncomingHookForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A room, by the last part of its address, and a name."""

    slug = forms.SlugField(label="Room", max_length=60, help_text="The last part of the room's address.")
    name = forms.CharField(max_length=HOOK_NAME_CHARS, help_text="What its messages are signed with.")

    class Meta:
        model = IncomingHook
        fields = ("name",)

    actor: Any = None

    def clean(self) -> dict[str, Any]:
        """Makes the webhook: whether it may be made is known when it is done."""
        given = super().clean() or {}
        if self.errors:
            return given
        try:
            room_id = rooms.room_by_slug(actor=self.actor, slug=given["slug"])
            given["made"] = services.make_hook(actor=self.actor, room_id=room_id, name=given["name"])
        except Refused as refused:
            told = "There is no such room, or you may not see it." if refused.code == "not_found" else refused.message
            raise forms.ValidationError(told) from None
        return given


@admin.register(IncomingHook)
class IncomingHookAdmin(ReadOnly):
    """Webhooks into rooms."""

    form = IncomingHookForm
    list_display = ("name", "room", "hint", "enabled", "created_by", "created_at", "last_used_at", "last_error")
    list_filter = ("enabled", "last_used_at")
    search_fields = ("name", "hint", "room__name", "room__slug")
    list_select_related = ("room", "created_by")
    fields = ("name", "room", "bot", "hint", "enabled", "created_by", "created_at", "last_used_at", "last_error")
    actions = ("switch_on", "switch_off", "renew", "end")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("integrations.add_incominghook")

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Whoever may change webhooks may switch, renew and end them."""
        return request.user.has_perm("integrations.change_incominghook")

    def get_fields(self, request: HttpRequest, obj: IncomingHook | None = None) -> Any:
        """A new one asks for its room; one that is there is only looked at."""
        return self.fields if obj is not None else ("slug", "name")

    def get_form(
        self, request: HttpRequest, obj: IncomingHook | None = None, change: bool = False, **given: Any
    ) -> Any:
        """The form, acting for whoever is signed in."""
        kind = super().get_form(request, obj, change=change, **given)
        return type(kind.__name__, (kind,), {"actor": me(request)})

    # A key is made by the person who signed in, not by whoever finds their browser open.
    @method_decorator(reauthentication_required)
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form."""
        return super().add_view(request, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: IncomingHook, form: Any, change: bool) -> None:
        """Shows the address, once."""
        made, key = form.cleaned_data["made"]
        obj.pk, obj.hint = made.pk, made.hint
        self._show(request, made, key)

    def _show(self, request: HttpRequest, hook: IncomingHook, key: str) -> None:
        words = format_html(
            "The address of {}, shown only now: <code>{}</code>", hook.name, f"{settings.SITE_URL}/hooks/{key}"
        )
        self.message_user(request, words, messages.WARNING)

    @admin.action(description="Switch on", permissions=["manage"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[IncomingHook]) -> None:
        """Lets the chosen ones speak."""
        for hook in queryset:
            services.switch_hook(actor=me(request), hook_id=hook.pk, enabled=True)
        self.message_user(request, "Switched on.", messages.SUCCESS)

    @admin.action(description="Switch off", permissions=["manage"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[IncomingHook]) -> None:
        """Keeps the chosen ones silent."""
        for hook in queryset:
            services.switch_hook(actor=me(request), hook_id=hook.pk, enabled=False)
        self.message_user(request, "Switched off.", messages.SUCCESS)

    @admin.action(description="Give a new address", permissions=["manage"])
    def renew(self, request: HttpRequest, queryset: QuerySet[IncomingHook]) -> None:
        """The old addresses open nothing any more."""
        for hook in queryset:
            self._show(request, hook, services.renew_key(actor=me(request), hook_id=hook.pk))

    @admin.action(description="End", permissions=["manage"])
    def end(self, request: HttpRequest, queryset: QuerySet[IncomingHook]) -> None:
        """What they said stays."""
        for hook in queryset:
            services.delete_hook(actor=me(request), hook_id=hook.pk)
        self.message_user(request, "Ended.", messages.SUCCESS)


class OutgoingHookForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A room, an address, and what it wants to be told."""

    slug = forms.SlugField(label="Room", max_length=60, help_text="The last part of the room's address.")
    name = forms.CharField(max_length=HOOK_NAME_CHARS, help_text="What its answers are signed with.")
    words = forms.CharField(
        label="Trigger words", required=False, help_text="A message must begin with one of them. Empty: every message."
    )

    class Meta:
        model = OutgoingHook
        fields = ("name", "url", "form", "of")

    actor: Any = None

    def clean(self) -> dict[str, Any]:
        """Makes the webhook: whether it may be made is known when it is done."""
        given = super().clean() or {}
        if self.errors:
            return given
        try:
            room_id = rooms.room_by_slug(actor=self.actor, slug=given["slug"])
            named = {name: given[name] for name in ("name", "url", "form", "of")}
            words = given["words"].replace(",", " ").split()
            given["made"] = services.make_outgoing(actor=self.actor, room_id=room_id, triggers=words, **named)
        except Refused as refused:
            told = "There is no such room, or you may not see it." if refused.code == "not_found" else refused.message
            raise forms.ValidationError(told) from None
        return given


@admin.register(OutgoingHook)
class OutgoingHookAdmin(ReadOnly):
    """Addresses that are told of messages."""

    form = OutgoingHookForm
    list_display = ("name", "room", "url", "form", "of", "enabled", "last_sent_at", "failed_in_row", "last_error")
    list_filter = ("enabled", "form", "of", "last_sent_at")
    search_fields = ("name", "url", "room__name", "room__slug")
    list_select_related = ("room",)
    fields = (*list_display, "triggers", "bot", "created_by", "created_at")
    actions = ("switch_on", "switch_off", "end")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("integrations.add_outgoinghook")

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Whoever may change webhooks may switch and end them."""
        return request.user.has_perm("integrations.change_outgoinghook")

    def get_fields(self, request: HttpRequest, obj: OutgoingHook | None = None) -> Any:
        """A new one asks for its room and address; one that is there is only looked at."""
        return self.fields if obj is not None else ("slug", "name", "url", "form", "of", "words")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **given: Any) -> Any:
        """The form, acting for whoever is signed in."""
        kind: Any = super().get_form(request, obj, change=change, **given)
        return type(kind.__name__, (kind,), {"actor": me(request)})

    @method_decorator(reauthentication_required)
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form."""
        return super().add_view(request, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: OutgoingHook, form: Any, change: bool) -> None:
        """Shows the secret, once."""
        made, secret = form.cleaned_data["made"]
        obj.pk = made.pk
        words = format_html("The secret of {}, shown only now: <code>{}</code>", made.name, secret)
        self.message_user(request, words, messages.WARNING)

    @admin.action(description="Switch on", permissions=["manage"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[OutgoingHook]) -> None:
        """Tells the chosen ones again."""
        for hook in queryset:
            services.switch_outgoing(actor=me(request), hook_id=hook.pk, enabled=True)
        self.message_user(request, "Switched on.", messages.SUCCESS)

    @admin.action(description="Switch off", permissions=["manage"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[OutgoingHook]) -> None:
        """Tells the chosen ones nothing more; what waits for them waits on."""
        for hook in queryset:
            services.switch_outgoing(actor=me(request), hook_id=hook.pk, enabled=False)
        self.message_user(request, "Switched off.", messages.SUCCESS)

    @admin.action(description="End", permissions=["manage"])
    def end(self, request: HttpRequest, queryset: QuerySet[OutgoingHook]) -> None:
        """With what waits for them."""
        for hook in queryset:
            services.delete_outgoing(actor=me(request), hook_id=hook.pk)
        self.message_user(request, "Ended.", messages.SUCCESS)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    """What was sent where, and what became of it; no text of a room."""

    list_display = ("id", "hook", "state", "attempts", "status", "error", "created_at", "due_at", "ended_at")
    list_filter = ("state", "hook", "created_at")
    list_select_related = ("hook",)
    fields = ("hook", "trigger", "state", "attempts", "status", "error", "created_at", "due_at", "ended_at")
    date_hierarchy = "created_at"
    actions = ("again",)

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


class SlashCommandForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A room, what is typed there, and the address that answers."""

    slug = forms.SlugField(label="Room", max_length=60, help_text="The last part of the room's address.")

    class Meta:
        model = SlashCommand
        fields = ("trigger", "name", "url", "usage", "help")

    actor: Any = None

    def clean(self) -> dict[str, Any]:
        """Makes the command: whether it may be made is known when it is done."""
        given = super().clean() or {}
        if self.errors:
            return given
        try:
            room_id = rooms.room_by_slug(actor=self.actor, slug=given["slug"])
            new = services.NewCommand(**{name: given[name] for name in ("trigger", "name", "url", "usage", "help")})
            taken = {*slash.commands(), "help"}
            given["made"] = services.make_command(actor=self.actor, room_id=room_id, new=new, taken=taken)
        except Refused as refused:
            told = "There is no such room, or you may not see it." if refused.code == "not_found" else refused.message
            raise forms.ValidationError(told) from None
        return given


@admin.register(SlashCommand)
class SlashCommandAdmin(ReadOnly):
    """Commands that are answered from outside."""

    form = SlashCommandForm
    list_display = ("trigger", "room", "name", "url", "enabled", "created_by", "last_called_at", "last_error")
    list_filter = ("enabled", "last_called_at")
    search_fields = ("trigger", "name", "url", "room__name", "room__slug")
    list_select_related = ("room", "created_by")
    fields = (*list_display, "usage", "help", "bot", "created_at")
    actions = ("switch_on", "switch_off", "end")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("integrations.add_slashcommand")

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Whoever may change commands may switch and end them."""
        return request.user.has_perm("integrations.change_slashcommand")

    def get_fields(self, request: HttpRequest, obj: SlashCommand | None = None) -> Any:
        """A new one asks for its room and address; one that is there is only looked at."""
        return self.fields if obj is not None else ("slug", "trigger", "name", "url", "usage", "help")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **given: Any) -> Any:
        """The form, acting for whoever is signed in."""
        kind: Any = super().get_form(request, obj, change=change, **given)
        return type(kind.__name__, (kind,), {"actor": me(request)})

    @method_decorator(reauthentication_required)
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form."""
        return super().add_view(request, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: SlashCommand, form: Any, change: bool) -> None:
        """Shows the secret, once."""
        made, secret = form.cleaned_data["made"]
        obj.pk = made.pk
        words = format_html("The secret of {}, shown only now: <code>{}</code>", made, secret)
        self.message_user(request, words, messages.WARNING)

    @admin.action(description="Switch on", permissions=["manage"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[SlashCommand]) -> None:
        """Offers the chosen ones."""
        for command in queryset:
            services.switch_command(actor=me(request), command_id=command.pk, enabled=True)
        self.message_user(request, "Switched on.", messages.SUCCESS)

    @admin.action(description="Switch off", permissions=["manage"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[SlashCommand]) -> None:
        """Offers the chosen ones no more."""
        for command in queryset:
            services.switch_command(actor=me(request), command_id=command.pk, enabled=False)
        self.message_user(request, "Switched off.", messages.SUCCESS)

    @admin.action(description="End", permissions=["manage"])
    def end(self, request: HttpRequest, queryset: QuerySet[SlashCommand]) -> None:
        """What their bots said stays."""
        for command in queryset:
            services.delete_command(actor=me(request), command_id=command.pk)
        self.message_user(request, "Ended.", messages.SUCCESS)
