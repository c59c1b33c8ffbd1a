"""Pages and requests about one's own account, beside those of allauth.

Called through accounts.urls. Never writes: each form and request becomes one service call.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import msgspec
from allauth.account.decorators import reauthentication_required
from allauth.account.views import PasswordChangeView, PasswordSetView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from msgspec import UNSET, UnsetType

from accounts import invitations, selectors, services
from accounts.agents import describe
from accounts.avatars import UPLOAD_BYTES
from accounts.forms import ProfileForm
from accounts.models import User
from realtime.protocol import Refused, encode

STATUS = {"forbidden": 403, "not_found": 404, "gone": 410, "conflict": 409, "too_large": 413}


class PreferencesChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /account/preferences/`: what is given is changed."""

    theme: str | None = None
    time_zone: str | None = None
    enter_sends: bool | None = None
    letter_shortcuts: bool | None = None
    desktop_notifications: bool | None = None
    notification_sound: bool | None = None
    email_mentions: bool | None = None
    quiet_until: datetime | UnsetType | None = UNSET
    quiet_from: str | UnsetType | None = UNSET
    quiet_to: str | UnsetType | None = UNSET


def _me(request: HttpRequest) -> User:
    return cast("User", request.user)


def _refused(refused: Refused) -> JsonResponse:
    body = {"code": refused.code, "message": refused.message, "field": refused.field}
    return JsonResponse(body, status=STATUS.get(refused.code, 400))


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The account's own address leads to the profile."""
    return redirect("account_profile")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Everything about one's own account on one page; POST saves name and time zone."""
    user = _me(request)
    view = selectors.people_views([user.pk])[user.pk]
    preferences = selectors.preferences_view(user)
    form = ProfileForm(
        request.POST or None, initial={"display_name": view.display_name, "time_zone": preferences.time_zone}
    )
    if request.method == "POST" and form.is_valid():
        services.update_profile(actor=user, **form.cleaned_data)
        messages.success(request, "Your profile is saved.")
        return redirect("account_profile")
    page = {"form": form, "me": view, "preferences": preferences}
    return render(request, "account/profile.html", page | _sign_in_cards(request), status=400 if form.errors else 200)


def _sign_in_cards(request: HttpRequest) -> dict[str, Any]:
    user = _me(request)
    devices = [
        {
            "id": row.pk,
            "here": row.is_current(),
            "ip": row.ip,
            "seen_at": row.last_seen_at,
            **describe(row.user_agent)._asdict(),
        }
        for row in selectors.devices_of(user)
    ]
    devices.sort(key=lambda device: not device["here"])
    return {
        "factors": selectors.factors_of(user),
        "two_factor": selectors.has_second_factor(user),
        "address": selectors.primary_address(user),
        "devices": devices,
        "others": len([device for device in devices if not device["here"]]),
    }


@login_required
@require_POST
def picture(request: HttpRequest) -> HttpResponse:
    """Takes a new picture, or goes back to letters when `remove` is given."""
    user = _me(request)
    if "remove" in request.POST:
        services.remove_avatar(actor=user)
        messages.success(request, "Your picture is removed.")
        return redirect("account_profile")
    upload = request.FILES.get("picture")
    try:
        if upload is None:
            raise Refused("invalid", "Choose a picture first.", field="picture")
        if (upload.size or 0) > UPLOAD_BYTES:
            raise Refused("too_large", "Choose a picture of at most 5 MB.", field="picture")
        services.set_avatar(actor=user, data=upload.read())
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "Your picture is saved.")
    return redirect("account_profile")


@require_GET
def avatar(request: HttpRequest, user_id: int, digest: str) -> HttpResponse:
    """A person's picture, for the signed-in; its address changes with it, so it may be kept for ever.

    Whoever was given its sealed address may see it from outside, in pages of another site.
    """
    inside = request.user.is_authenticated
    if not inside and not selectors.may_see_avatar(user_id=user_id, digest=digest, seal=request.GET.get("for", "")):
        raise Http404
    name = selectors.avatar_file(user_id=user_id, digest=digest)
    if name is None or not default_storage.exists(name):
        raise Http404
    with default_storage.open(name) as file:
        response = HttpResponse(file.read(), content_type="image/webp")
    response["Cache-Control"] = f"{'private' if inside else 'public'}, max-age=31536000, immutable"
    response["Content-Disposition"] = "inline"
    if not inside:
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """`POST /account/preferences/` with JSON changes what is given and answers all of them."""
    if not request.user.is_authenticated:
        return JsonResponse({"code": "forbidden", "message": "Sign in to go on.", "field": None}, status=401)
    try:
        wanted = msgspec.json.decode(request.body, type=PreferencesChange)
        chosen = services.update_preferences(actor=_me(request), **msgspec.structs.asdict(wanted))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return _refused(Refused("invalid", str(error)[:200]))
    except Refused as refused:
        return _refused(refused)
    return HttpResponse(encode(chosen), content_type="application/json")


def _ends_all_others(request: HttpRequest) -> bool:
    return request.method == "POST" and "others" in request.POST


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(enabled=_ends_all_others)  # type: ignore[untyped-decorator]  # allauth has no types
def devices(request: HttpRequest) -> HttpResponse:
    """Signs out one device by the id of its row, or all others after the password was asked for."""
    user, here = _me(request), reverse("account_profile") + "#devices"
    if request.method != "POST":
        return redirect(here)
    if "others" in request.POST:
        ended = services.revoke_sessions(
            actor=user, user=user, reason="sign_out", keep=request.session.session_key or ""
        )
        messages.success(request, f"Signed out {ended} other device{'' if ended == 1 else 's'}.")
        return redirect(here)
    device_id = request.POST.get("device", "")
    key = selectors.device_key(user, int(device_id)) if device_id.isdecimal() and len(device_id) < 19 else None
    if key is None:
        messages.info(request, "That device was signed out already.")
    else:
        services.revoke_sessions(actor=user, user=user, reason="sign_out", only=key)
        messages.success(request, "That device is signed out.")
    return redirect(here)


@never_cache
@require_GET
def invite(request: HttpRequest, token: str) -> HttpResponse:
    """An invitation to sign up: remembered until the account stands."""
    if selectors.invite_for(token) is None:
        page = {"reason": "This invitation is over or was used up. Ask for a new one."}
        return render(request, "account/signup_closed.html", page, status=410)
    invitations.remember(request.session, token=token)
    return redirect("account_signup")


class _KeepsDevice:
    """Changing the password changes the session's key: open sockets of this device must come again with the new one."""

    request: HttpRequest

    def form_valid(self, form: Any) -> HttpResponseBase:
        """Saves, then lets this device's sockets reconnect."""
        old_key = self.request.session.session_key
        # Together: whoever finds the old session gone must find in the log what became of it.
        with transaction.atomic():
            response: HttpResponseBase = super().form_valid(form)  # type: ignore[misc]  # from the view beside it
            if old_key and old_key != self.request.session.session_key:
                services.replace_session(actor=_me(self.request), old_key=old_key)
        return response

    def get_default_success_url(self) -> str:
        """Back to the account."""
        return reverse("account_profile")


class ChangePassword(_KeepsDevice, PasswordChangeView):  # type: ignore[misc]
    """The old password and a new one."""


class SetPassword(_KeepsDevice, PasswordSetView):  # type: ignore[misc]
    """A password for somebody who came through a provider or by passkey."""


@require_GET
def sign_in_card(request: HttpRequest) -> HttpResponseRedirect:
    """What allauth shows as overviews of second factors is a card of the account page."""
    return redirect(reverse("account_profile") + "#security")
