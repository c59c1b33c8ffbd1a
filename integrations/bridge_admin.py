"""The back office of the bridge: servers, links, how they are, and what could not be told.

Registered by integrations.admin. A token is never shown; everything is changed through services.
"""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator

from accounts.admin.asking import ReasonForm, ask
from accounts.admin.site import ReadOnly, me
from chat import selectors as rooms
from integrations.models import BridgedPerson, BridgeLink, BridgeOutbox, BridgeStep, MattermostServer
from integrations.selectors.bridges import stuck
from integrations.services.bridges import setup, tending
from realtime.protocol import Refused


class ActingForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A form that makes its row through a service: whether it may be made is known when it is done."""

    actor: Any = None

    def make(self, given: dict[str, Any]) -> Any:
        """Makes the row."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """Makes it, or says in words why not."""
        given = super().clean() or {}
        if not self.errors:
            try:
                given["made"] = self.make(given)
            except Refused as refused:
                told = "There is no such room, or you may not see it." if refused.code == "not_found" else ""
                raise forms.ValidationError(told or refused.message or "You may not do this.") from None
        return given


class ServerForm(ActingForm):
    """Where a server is, and with which token."""

    name = forms.CharField(max_length=60, help_text="What it is called here.")
    url = forms.CharField(
        max_length=300, label="Address", help_text="Of its site, for example https://chat.example.org"
    )
    token_env = forms.CharField(
        max_length=60, required=False, label="Variable", help_text="Of the environment, which holds the bot's token."
    )
    token = forms.CharField(
        max_length=200,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Or the token itself: it is kept sealed and never shown again.",
    )

    class Meta:
        model = MattermostServer
        fields = ("name", "url", "token_env", "token")

    def make(self, given: dict[str, Any]) -> MattermostServer:
        """Adds the server."""
        wanted = {name: given[name] for name in ("name", "url", "token_env", "token")}
        return setup.make_server(actor=self.actor, **wanted)


class LinkForm(ActingForm):
    """A room and a channel."""

    slug = forms.SlugField(label="Room", max_length=60, help_text="The last part of the room's address.")
    channel_id = forms.CharField(max_length=26, label="Channel", help_text="Its id: in its menu, View Info.")
    channel_name = forms.CharField(max_length=120, required=False, label="Name", help_text="What it is called there.")

    class Meta:
        model = BridgeLink
        fields = ("server", "direction", "channel_id", "channel_name")

    def make(self, given: dict[str, Any]) -> BridgeLink:
        """Joins the two."""
        room_id = rooms.room_by_slug(actor=self.actor, slug=given["slug"])
        return setup.link_room(
            actor=self.actor,
            server_id=given["server"].pk,
            room_id=room_id,
            channel_id=given["channel_id"].strip(),
            channel_name=given["channel_name"],
            direction=given["direction"],
        )


class Making(ReadOnly):
    """Rows that a form makes and nobody changes by hand."""

    asked: tuple[str, ...] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"integrations.add_{self.opts.model_name}")

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Whoever may set links up may switch and end them."""
        return request.user.has_perm(setup.MAY_LINK)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new one is asked for; one that is there is only looked at."""
        return self.fields if obj is not None else self.asked

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **given: Any) -> Any:
        """The form, acting for whoever is signed in."""
        kind = super().get_form(request, obj, change=change, **given)
        return type(kind.__name__, (kind,), {"actor": me(request)})

    # A bridge is set up by the person who signed in, not by whoever finds their browser open.
    @method_decorator(reauthentication_required)
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form."""
        return super().add_view(request, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """It was made when the form was checked."""
        obj.pk = form.cleaned_data["made"].pk


@admin.register(MattermostServer)
class MattermostServerAdmin(Making):
    """Servers of Mattermost."""

    form = ServerForm
    asked = ("name", "url", "token_env", "token")
    list_display = ("name", "url", "state", "error", "account_name", "version", "heard_at", "enabled")
    list_filter = ("state", "enabled")
    search_fields = ("name", "url")
    fields = (*list_display, "token_env", "renames", "created_by", "created_at")
    actions = ("switch_on", "switch_off")

    @admin.action(description="Switch on", permissions=["manage"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[MattermostServer]) -> None:
        """Works for the chosen ones."""
        self._switch(request, queryset, enabled=True)

    @admin.action(description="Switch off", permissions=["manage"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[MattermostServer]) -> None:
        """Works for the chosen ones no more; what happens meanwhile is caught up later."""
        self._switch(request, queryset, enabled=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[MattermostServer], *, enabled: bool) -> None:
        for server in queryset:
            tending.switch_server(actor=me(request), server_id=server.pk, enabled=enabled)
        self.message_user(request, "Switched on." if enabled else "Switched off.", messages.SUCCESS)


@admin.register(BridgeLink)
class BridgeLinkAdmin(Making):
    """Rooms that are one conversation with channels."""

    form = LinkForm
    asked = ("server", "slug", "channel_id", "channel_name", "direction")
    list_display = ("room", "channel_name", "server", "direction", "state", "problem", "notice", "enabled")
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
            tending.retry_order(actor=me(request), outbox_id=order.pk)
        self.message_user(request, "They are tried again.", messages.SUCCESS)

    @admin.action(description="Skip…", permissions=["manage"])
    def drop(self, request: HttpRequest, queryset: QuerySet[BridgeOutbox]) -> HttpResponse | None:
        """Asks for the reason, then tells the chosen ones no more."""
        form = ask(request, ReasonForm)
        if not form.is_valid():
            return form.page(request, self, queryset, title="Skip what waits", action="drop")
        for order in queryset:
            tending.skip_order(actor=me(request), outbox_id=order.pk, reason=form.cleaned_data["reason"])
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
