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
from integrations import services
from integrations.models import IncomingHook
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
