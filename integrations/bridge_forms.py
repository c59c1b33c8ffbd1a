"""Forms that make servers and links, and lists of rows that only forms make.

Called by the other modules of the bridge's back office. A token is never shown; everything is made through services.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest

from integrations import making
from integrations.making import ActingForm, RoomForm
from integrations.models import BridgeLink, MattermostServer
from integrations.services.bridges import setup


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


class LinkForm(RoomForm):
    """A room and a channel."""

    channel_id = forms.CharField(max_length=26, label="Channel", help_text="Its id: in its menu, View Info.")
    channel_name = forms.CharField(max_length=120, required=False, label="Name", help_text="What it is called there.")

    class Meta:
        model = BridgeLink
        fields = ("server", "direction", "channel_id", "channel_name")

    def make(self, given: dict[str, Any]) -> BridgeLink:
        """Joins the two."""
        return setup.link_room(
            actor=self.actor,
            server_id=given["server"].pk,
            room_id=self.room_of(given),
            channel_id=given["channel_id"].strip(),
            channel_name=given["channel_name"],
            direction=given["direction"],
        )


class Making(making.Making):
    """Rows of the bridge that a form makes and nobody changes by hand."""

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Whoever may set links up may switch and end them."""
        return request.user.has_perm(setup.MAY_LINK)
