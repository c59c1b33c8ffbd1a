"""Forms that make servers and links, and lists of rows that only forms make.

Called by the other modules of the bridge's back office. A token is never shown; everything is made through services.
"""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator

from accounts.admin.site import ReadOnly, me
from chat import selectors as rooms
from integrations.models import BridgeLink, MattermostServer
from integrations.services.bridges import setup
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
