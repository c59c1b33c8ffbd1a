"""Who is here, on every page: suspended people are shown out, times are shown in the person's zone.

Called by Django for each request. Never touches sockets: accounts.gates asks the same questions there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

from csp.constants import SELF
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts import selectors, services
from accounts.models import User
from realtime.sessions import session_digest

DEVICE_NOTED_SECONDS: Final = 60
"""How exact "last seen" in the device list is; the list costs one write in this time, not one for each request."""

ADMIN_POLICY: Final[dict[str, Any]] = {
    "require-trusted-types-for": None,
    "trusted-types": None,
    "img-src": [SELF, "data:"],
}
"""Django's admin scripts write innerHTML, so Trusted Types stay off there; inline script and style stay refused."""


class PersonMiddleware:
    """Reads the visit of a signed-in person in one query and acts on it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answers, after the gates, in the person's time zone."""
        user = request.user
        response = self._visit(request, user) if isinstance(user, User) else self.get_response(request)
        if request.path_info.startswith(reverse("admin:index")):
            response._csp_replace = ADMIN_POLICY  # type: ignore[attr-defined]  # django-csp's own mark
        return response

    def _visit(self, request: HttpRequest, user: User) -> HttpResponse:
        visit = selectors.visit_of(user)
        request.visit = visit  # type: ignore[attr-defined]  # read by accounts.context_processors
        if visit.ban is not None:
            return self._show_out(request, user, visit.ban)
        self._note_device(request)
        if not self._is_way_out(request) and not selectors.may_connect(user):
            return self._ask_for_second_factor(request)
        with timezone.override(ZoneInfo(visit.time_zone)):
            return self.get_response(request)

    def _show_out(self, request: HttpRequest, user: User, reason: str) -> HttpResponse:
        key = request.session.session_key
        if key:
            services.revoke_sessions(actor=user, user=user, reason="banned", only=key)
        request.session.flush()
        if request.path_info.startswith("/api/"):
            return JsonResponse({"code": "banned", "message": reason, "field": None}, status=403)
        return render(request, "account/suspended.html", {"reason": reason}, status=403)

    def _note_device(self, request: HttpRequest) -> None:
        key = request.session.session_key
        if key and cache.add(f"device:{session_digest(key)}", 1, DEVICE_NOTED_SECONDS):
            services.note_device(request)

    def _is_way_out(self, request: HttpRequest) -> bool:
        return not settings.MFA_REQUIRED or request.path_info.startswith(reverse("account_home"))

    def _ask_for_second_factor(self, request: HttpRequest) -> HttpResponse:
        text = "Set up a second step of signing in to go on."
        if request.path_info.startswith("/api/"):
            return JsonResponse({"code": "forbidden", "message": text, "field": None}, status=403)
        messages.warning(request, text)
        return HttpResponseRedirect(reverse("mfa_index"))
