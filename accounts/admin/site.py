"""The admin's doors lead through the ordinary ones: sign-in with its second step, sign-out, password.

Called once, when the admin is discovered. Never checks a password.
"""

from __future__ import annotations

from typing import Any, cast

from allauth.account.decorators import secure_admin_login
from allauth.account.views import logout as sign_out
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import User
from realtime.lookups import ReadOnly as ReadOnly  # base of the admin classes of every app


def me(request: HttpRequest) -> User:
    """The member of staff who is acting."""
    return cast("User", request.user)


def logout(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Signs out as everywhere else, so that the sockets close too."""
    response: HttpResponse = sign_out(request)
    return response


def password_change(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """One's own password is changed on the account page."""
    return redirect("account_change_password")


admin.site.site_header = settings.SITE_NAME
admin.site.site_title = settings.SITE_NAME
admin.site.index_title = "Back office"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.logout = logout  # type: ignore[method-assign,assignment]
admin.site.password_change = password_change  # type: ignore[method-assign,assignment]
