"""The forms of the sign-in and account pages.

Called by allauth through ACCOUNT_FORMS and MFA_FORMS, and by accounts.views. Never writes on its own.
"""

from __future__ import annotations

import struct
from typing import Any

from allauth.account import forms as account
from allauth.account.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import forms as webauthn
from cryptography.exceptions import InvalidSignature
from django import forms
from django.contrib.auth.password_validation import UserAttributeSimilarityValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse

from accounts import invitations
from accounts.models import User
from accounts.texts import DISPLAY_NAME_CHARS, clean_display_name, clean_time_zone, time_zones
from realtime.protocol import Refused

LONG_ENOUGH = "Ten characters or more; spaces are fine."
BROKEN_CREDENTIAL = (
    KeyError, TypeError, AttributeError, ValueError, IndexError, struct.error, InvalidSignature,
)  # fmt: skip
LABELS = {
    "login": "E-mail or username",
    "remember": "Keep me signed in on this device",
    "email": "E-mail",
    "oldpassword": "Present password",
    "password2": "The same again",
}


class _Inputs:
    """Our words on the labels and our class on the fields; a placeholder that repeats the label goes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, forms.Field] = self.fields  # type: ignore[attr-defined]  # of the form beside it
        for name, field in fields.items():
            field.label = LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            if not isinstance(field.widget, forms.CheckboxInput):
                field.widget.attrs["class"] = "input"
            if name in {"password", "oldpassword", "password1", "password2"}:
                field.help_text = LONG_ENOUGH if name == "password1" else ""


class _Code(_Inputs):
    """Six digits from an authenticator, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: forms.Field = self.fields["code"]  # type: ignore[attr-defined]  # of the form beside it
        field.label = "Six digits"
        field.widget.attrs |= {
            "class": "input code-input",
            "inputmode": "numeric",
            "pattern": "[0-9]{6}",
            "maxlength": "6",
            "autocomplete": "one-time-code",
            "autofocus": True,
            "data-six-digits": "",
        }


class _Credential(_Inputs):
    """What a passkey answered. Whatever breaks in reading it is a wrong answer, which allauth leaves to us."""

    def full_clean(self) -> None:
        """Cleans, and turns down what cannot be read as a credential or is signed wrongly."""
        try:
            super().full_clean()  # type: ignore[misc]  # of the form beside it
        except BROKEN_CREDENTIAL:
            self.add_error("credential", "This passkey did not answer as it should.")  # type: ignore[attr-defined]


class SignInForm(_Inputs, account.LoginForm):  # type: ignore[misc]
    """Name or e-mail and password; an error never says which of the two was wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs |= {
            "autocomplete": "username webauthn",
            "autocapitalize": "none",
            "spellcheck": "false",
        }
        if "remember" in self.fields:
            self.fields["remember"].initial = True

    def clean(self) -> dict[str, Any]:
        """The password is asked for again, and the focus goes there."""
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            self.add_error("password", "Type your password again.")
            self.fields["password"].widget.attrs["autofocus"] = True
            raise
        return cleaned

    @property
    def must_wait(self) -> bool:
        """Whether there were too many attempts."""
        return any(error.code == "too_many_login_attempts" for error in self.non_field_errors().as_data())


class SignUpForm(_Inputs, account.SignupForm):  # type: ignore[misc]
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
        self.fields["username"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}

    def clean_display_name(self) -> str:
        try:
            return clean_display_name(self.cleaned_data["display_name"])
        except Refused as refused:
            raise ValidationError(refused.message) from refused

    def clean(self) -> dict[str, Any]:
        """The password may not resemble the shown name either, which allauth does not know of."""
        cleaned: dict[str, Any] = super().clean()
        shown = User(display_name=self.cleaned_data.get("display_name", ""))
        try:
            UserAttributeSimilarityValidator(["display_name"]).validate(self.cleaned_data.get("password1", ""), shown)
        except ValidationError as error:
            self.add_error("password1", error)
        return cleaned

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


class AddEmailForm(_Inputs, account.AddEmailForm):  # type: ignore[misc]
    """Another address, which counts once it is confirmed."""


class ChangePasswordForm(_Inputs, account.ChangePasswordForm):  # type: ignore[misc]
    """The old password and a new one."""


class SetPasswordForm(_Inputs, account.SetPasswordForm):  # type: ignore[misc]
    """A first password."""


class ResetPasswordForm(_Inputs, account.ResetPasswordForm):  # type: ignore[misc]
    """Where to send the link."""


class ResetPasswordKeyForm(_Inputs, account.ResetPasswordKeyForm):  # type: ignore[misc]
    """The new password behind a link."""


class ReauthenticateForm(_Inputs, account.ReauthenticateForm):  # type: ignore[misc]
    """The password once more, before something that matters."""


class SecondStepForm(_Code, mfa.AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""


class SecondStepAgainForm(_Code, mfa.ReauthenticateForm):  # type: ignore[misc]
    """The second step once more, before something that matters."""


class ActivateForm(_Code, ActivateTOTPForm):  # type: ignore[misc]
    """Proof that the authenticator shows the right digits."""


class AddPasskeyForm(_Credential, webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """A key and its name. Unless it is unticked, it signs in by itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = "What to call it"
        self.fields["name"].widget.attrs["maxlength"] = "60"
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].label = "Sign in with this key alone"
        self.fields["passwordless"].help_text = "It asks for your face, your finger or its PIN instead of the password."


class PasskeySignInForm(_Credential, webauthn.LoginWebAuthnForm):  # type: ignore[misc]
    """Signing in by passkey alone."""


class PasskeyStepForm(_Credential, webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey as the second step."""


class PasskeyAgainForm(_Credential, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey once more, before something that matters."""


class RenamePasskeyForm(_Inputs, webauthn.EditWebAuthnForm):  # type: ignore[misc]
    """What a key is called."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = "What to call it"
        self.fields["name"].max_length = 60


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
