"""The back office's list of the accounts that our people have on servers: given for somebody, and forgotten.

Registered by integrations.admin. A token is never shown; everything is changed through services.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.site import me
from integrations.bridge_forms import Making
from integrations.models import BridgedAccount, MattermostServer
from integrations.own_page import give
from integrations.services.bridges import own, setup
from realtime.protocol import Refused


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Whose account it is, where, and its token."""

    actor: Any = None
    server = forms.ModelChoiceField(MattermostServer.objects.order_by("name"))
    username = forms.CharField(max_length=60, label="Person", help_text="What stands after @ here.")
    token = forms.CharField(
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="A personal access token of theirs there. It is kept sealed and never shown.",
    )

    class Meta:
        model = BridgedAccount
        fields = ("server",)

    def clean_username(self) -> Any:
        """The person."""
        wanted = self.cleaned_data["username"].strip().removeprefix("@").lower()
        found = get_user_model().objects.filter(username=wanted).first()
        if found is None:
            raise forms.ValidationError("There is nobody of this name.")
        return found

    def clean(self) -> dict[str, Any]:
        """Asks the server whose the token is, and keeps it, or says in words why not."""
        given = super().clean() or {}
        if not self.errors:
            try:
                person, server = given["username"], given["server"]
                give(actor=self.actor, user=person, server=server, token=given["token"].strip())
                self.instance = own.accounts_of(user=person).get(server=server)
            except Refused as refused:
                raise forms.ValidationError(refused.message or "You may not do this.") from None
        return given

    def _post_clean(self) -> None:
        """The row was made by the service."""


@admin.register(BridgedAccount)
class BridgedAccountAdmin(Making):
    """Accounts of our people on servers of Mattermost."""

    form = AccountForm
    list_display = ("user", "server", "username", "problem", "created_at")
    list_filter = ("server",)
    list_select_related = ("user", "server")
    search_fields = ("username", "user__username", "user__display_name")
    fields = (*list_display, "remote_id")
    asked = ("server", "username", "token")
    actions = ("forget",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(setup.MAY_LINK)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Of a new one nothing is."""
        return super().get_readonly_fields(request, obj) if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """It was made when the form was checked."""
        obj.pk = form.instance.pk

    @admin.action(description="Forget the token", permissions=["manage"])
    def forget(self, request: HttpRequest, queryset: QuerySet[BridgedAccount]) -> None:
        """The bridge's account speaks for them again."""
        for row in queryset:
            try:
                own.remove_account(actor=me(request), account_id=row.pk)
            except Refused:
                self.message_user(request, f"{row} stays: it belongs to somebody above you.", messages.ERROR)
        self.message_user(request, "Done.", messages.SUCCESS)
