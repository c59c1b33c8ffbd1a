"""Keys of scripts: who has which, and the bots that staff makes for them. A token itself is shown once.

Called by Django's admin. Never shows a token or its hash, and never makes one for a person.
"""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html

from accounts import services
from accounts.admin.site import ReadOnly, me
from accounts.models import ApiToken, User
from accounts.scopes import SCOPES
from accounts.texts import USERNAME_CHARS
from realtime.protocol import Refused


class BotTokenForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A bot that is there, or the name of a new one; and its token."""

    bot = forms.ModelChoiceField(User.objects.filter(kind=User.Kind.BOT, is_active=True), required=False)
    new_bot = forms.CharField(max_length=USERNAME_CHARS, required=False, help_text="Or the username of a new one.")
    scopes = forms.MultipleChoiceField(choices=tuple(SCOPES.items()), widget=forms.CheckboxSelectMultiple)
    expires_at = forms.SplitDateTimeField(
        label="Ends", required=False, widget=AdminSplitDateTime(), help_text="Empty: until it is revoked."
    )

    class Meta:
        model = ApiToken
        fields = ("name",)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if bool(given.get("bot")) == bool(given.get("new_bot")):
            raise forms.ValidationError("Choose a bot, or name a new one.")
        return given

    def clean_expires_at(self) -> Any:
        end = self.cleaned_data["expires_at"]
        if end is not None and end <= timezone.now():
            raise forms.ValidationError("The end lies in the past.")
        return end


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly):
    """Tokens of people and bots; revoked here, made here for bots only."""

    form = BotTokenForm
    list_display = ("name", "user", "hint", "may", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "user__kind", "expires_at", "last_used_at")
    search_fields = ("name", "hint", "user__username", "user__display_name")
    list_select_related = ("user",)
    date_hierarchy = "created_at"
    actions = ("revoke",)
    fields = ("name", "user", "hint", "may", "made_by", "created_at", "last_used_at", "expires_at", "revoked_at")

    @admin.display(description="May")
    def may(self, token: ApiToken) -> str:
        """How far it reaches."""
        return ", ".join(token.scopes)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.add_apitoken")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change tokens may end them."""
        return request.user.has_perm("accounts.change_apitoken")

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        """A new token asks for its bot; one that is there is only looked at."""
        return self.fields if obj is not None else ("bot", "new_bot", "name", "scopes", "expires_at")

    # A key is made by the person who signed in, not by whoever finds their browser open.
    @method_decorator(reauthentication_required)
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form."""
        return super().add_view(request, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Makes the bot, if it is new, and its token, which is shown once."""
        given = form.cleaned_data
        with transaction.atomic():
            bot = given["bot"] or services.make_bot(actor=me(request), username=given["new_bot"])
            made, token = services.make_token(
                actor=me(request), user=bot, name=given["name"], scopes=given["scopes"], expires_at=given["expires_at"]
            )
        obj.pk, obj.user, obj.hint = made.pk, bot, made.hint
        words = format_html("The token of {}, shown only now: <code>{}</code>", bot.username, token)
        self.message_user(request, words, messages.WARNING)

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """Ends the chosen tokens now."""
        for token in queryset:
            try:
                services.revoke_token(actor=me(request), token_id=token.pk)
            except Refused as refused:
                self.message_user(request, f"{token}: {refused.message}", messages.ERROR)
            else:
                self.message_user(request, f"Revoked: {token}.", messages.SUCCESS)
