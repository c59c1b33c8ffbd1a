"""Our word in allauth's flows: who may sign up, what a name may be, and how a sign-in ends.

Called by allauth through the settings ACCOUNT_ADAPTER, MFA_ADAPTER and USERSESSIONS_ADAPTER. Never decides on its own:
it checks with accounts.texts, asks accounts.selectors and acts through accounts.services.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from accounts import invitations, selectors, services, vault
from accounts.models import Profile, User
from accounts.texts import RESERVED, clean_username
from realtime.protocol import Refused

NO_MATCH = "The name or e-mail and the password do not match."
"""The same words for a wrong password and for somebody unknown."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Signing in, signing up, passwords and mail."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": NO_MATCH,
        "username_password_mismatch": NO_MATCH,
        "invalid_login": NO_MATCH,
        "too_many_login_attempts": "Too many attempts. Wait 5 minutes, then try again.",
        "email_taken": "This address already has an account. Sign in, or reset the password.",
        "username_taken": "This name is taken.",
        "incorrect_password": "This is not your password.",
        "enter_current_password": "This is not your password.",
        "incorrect_code": "This code is not right. Type the one shown now.",
        "rate_limited": "Too many attempts. Wait a moment, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Everybody, or only whoever came by a live invitation."""
        return settings.SIGNUP == "open" or invitations.is_invited(request.session)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """The name in small letters; ValidationError when it is malformed, reserved or taken."""
        try:
            name = clean_username(username)
        except Refused as refused:
            raise ValidationError(refused.message) from refused
        if name in RESERVED:
            raise self.validation_error("username_taken")
        return str(super().clean_username(name, shallow=shallow))

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """The person, their profile and the use of their invitation in one transaction."""
        with transaction.atomic():
            if settings.SIGNUP == "invite":
                invitations.take(request.session, email=form.cleaned_data.get("email", ""))
            user.display_name = form.cleaned_data.get("display_name", "")
            saved: User = super().save_user(request, user, form, commit)
            Profile.objects.create(user=saved, time_zone=form.cleaned_data.get("time_zone") or "UTC")
        invitations.forget(request.session)
        return saved

    def respond_sign_up_again(self, request: HttpRequest) -> HttpResponse:
        """Somebody was faster with the name, the address or the last use of an invitation."""
        messages.error(request, "Somebody was faster. Choose another name, or ask for a new invitation.")
        return HttpResponseRedirect(reverse("account_signup"))

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Somebody suspended gets the reason instead of a session, once the password was right."""
        reason = selectors.ban_reason(user)
        if reason is not None:
            return render(request, "account/suspended.html", {"reason": reason}, status=403)
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def logout(self, request: HttpRequest) -> None:
        """Ends the session and closes its sockets, together."""
        user, key = request.user, request.session.session_key
        with transaction.atomic():
            if isinstance(user, User) and key:
                services.revoke_sessions(actor=user, user=user, reason="sign_out", only=key)
            super().logout(request)

    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        """Makes the address the person's own, unless another account claimed it meanwhile."""
        if selectors.is_address_of_another(address=email_address.email, user_id=email_address.user_id):
            messages.error(request, "This address belongs to another account. Take another one, or reset its password.")
            return False
        with transaction.atomic():
            return bool(super().confirm_email(request, email_address))

    def set_password(self, user: User, password: str) -> None:
        """Every other sign-in ends with the old password; a reset ends all of them."""
        request = self.request
        mine = request is not None and request.user.is_authenticated and request.user.pk == user.pk
        keep = request.session.session_key or "" if mine else ""
        services.set_password(actor=user, user=user, password=password, keep=keep)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sends after the commit: no transaction waits for a mail server; a failure is logged and undoes nothing."""
        ctx = {"request": self.request, "email": email, "site_name": settings.SITE_NAME} | context
        message = self.render_mail(template_prefix, email, ctx)
        transaction.on_commit(message.send, robust=True)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The second step of signing in."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code is not right. Type the one shown now.",
        "rate_limited": "Too many attempts. Wait a moment, then try again.",
    }

    def encrypt(self, text: str) -> str:
        """How secrets of authenticator apps and recovery codes are stored."""
        return vault.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The secret again; one that was stored before they were sealed is read as well."""
        return vault.unseal(encrypted_text)

    def generate_authenticator_name(self, user: User, type: Any) -> str:
        """A name to start from; people rename their passkeys."""
        count = selectors.count_passkeys(user)
        return f"Passkey {count + 1}" if count else "Passkey"


class DeviceAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]
    """Sign-ins that allauth itself ends go the same way as all others."""

    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        """Ends each and closes its sockets."""
        for session in sessions:
            user: User = session.user
            services.revoke_sessions(actor=user, user=user, reason="sign_out", only=session.session_key)
