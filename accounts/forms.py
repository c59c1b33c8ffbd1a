"""The forms of the sign-in and account pages.

Called by allauth through ACCOUNT_FORMS and MFA_FORMS, and by accounts.views. Never writes on its own.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm, SignupForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse

from accounts import invitations
from accounts.models import User
from accounts.texts import DISPLAY_NAME_CHARS, clean_display_name, clean_time_zone, time_zones
from realtime.protocol import Refused


class SignInForm(LoginForm):  # type: ignore[misc]
    """Name or e-mail and password; an error never says which of the two was wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "E-mail or username"
        self.fields["login"].widget.attrs["autocomplete"] = "username webauthn"
        self.fields["login"].widget.attrs["autocapitalize"] = "none"
        self.fields["login"].widget.attrs["spellcheck"] = "false"
        self.fields["password"].help_text = ""
        if "remember" in self.fields:
            self.fields["remember"].label = "Keep me signed in on this device"
            self.fields["remember"].initial = True

    @property
    def failed(self) -> bool:
        """Whether the password has to be typed again."""
        return self.is_bound and bool(self.errors)


class SignUpForm(SignupForm):  # type: ignore[misc]
    """A new account: how to be shown, how to be mentioned, where to be written to."""

    display_name = forms.CharField(
        label="Name",
        max_length=DISPLAY_NAME_CHARS,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    time_zone = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"data-time-zone": ""}))
    field_order = ("display_name", "username", "email", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail"
        self.fields["username"].help_text = ""
        self.fields["username"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}
        self.fields["password1"].help_text = "Ten characters or more; spaces are fine."

    def clean_display_name(self) -> str:
        try:
            return clean_display_name(self.cleaned_data["display_name"])
        except Refused as refused:
            raise ValidationError(refused.message) from refused

    def clean_time_zone(self) -> str:
        """The browser's own zone; one that is not known here is no reason to refuse somebody."""
        try:
            return clean_time_zone(self.cleaned_data["time_zone"])
        except Refused:
            return "UTC"

    def clean_email(self) -> str:
        email: str = super().clean_email()
        try:
            invitations.check(get_adapter().request.session, email=email)
        except Refused as refused:
            raise ValidationError(refused.message) from refused
        return email

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Two sign-ups at once with one name, or one last use of an invitation: the later is sent to try again."""
        try:
            saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        except (IntegrityError, Refused):
            return None, get_adapter().respond_sign_up_again(request)
        return saved


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A key added here signs in by itself, so it must know its owner and keep the account's name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = "What to call it"
        self.fields["name"].widget.attrs |= {"class": "input", "maxlength": 60}
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].label = "Sign in with this key alone"
        self.fields["passwordless"].help_text = "It asks for your face, your finger or its PIN instead of the password."


class ProfileForm(forms.Form):
    """What others see, and in which zone times are shown."""

    display_name = forms.CharField(
        label="Name",
        max_length=DISPLAY_NAME_CHARS,
        widget=forms.TextInput(attrs={"autocomplete": "name", "class": "input"}),
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=lambda: [(zone, zone.replace("_", " ")) for zone in time_zones()],
        widget=forms.Select(attrs={"class": "input"}),
    )

    def clean_display_name(self) -> str:
        try:
            return clean_display_name(self.cleaned_data["display_name"])
        except Refused as refused:
            raise ValidationError(refused.message) from refused
