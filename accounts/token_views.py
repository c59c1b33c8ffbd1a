"""The page of one's own API tokens: made, shown once, revoked.

Called through accounts.urls. Never keeps a token: it stands in the answer to the form and nowhere else.
"""

from __future__ import annotations

from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.models import ApiToken, User
from accounts.scopes import SCOPES
from accounts.token_forms import TokenForm
from accounts.tokens import tokens_of
from realtime.protocol import Refused

REPEAT_SECONDS = 3600
"""How long a form that is sent again by a reload is known."""
SOON_DAYS = 14


def _makes(request: HttpRequest) -> bool:
    return request.method == "POST" and "revoke" not in request.POST


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(enabled=_makes)  # type: ignore[untyped-decorator]  # allauth has no types
def tokens(request: HttpRequest) -> HttpResponse:
    """The list; POST makes a token after the password was asked for, or revokes one."""
    user = cast("User", request.user)
    if request.method != "POST":
        return _page(request, user, TokenForm())
    if "revoke" in request.POST:
        return _revoke(request, user)
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, user, form, status=400)
    if not cache.add(f"token-wish:{user.pk}:{form.cleaned_data['wish']}", 1, REPEAT_SECONDS):
        messages.info(request, "That token is made already, and cannot be shown again.")
        return redirect("account_tokens")
    return _make(request, user, form)


def _make(request: HttpRequest, user: User, form: TokenForm) -> HttpResponse:
    given = form.cleaned_data
    try:
        row, token = services.make_token(
            actor=user, user=user, name=given["name"], scopes=given["scopes"], expires_at=form.ends_at()
        )
    except Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        return _page(request, user, form, status=400)
    told = {"name": row.name, "scopes": ", ".join(row.scopes)}
    get_adapter(request).send_notification_mail("account/email/token_made", user, told)
    return _page(request, user, TokenForm(), made={"name": row.name, "token": token})


def _revoke(request: HttpRequest, user: User) -> HttpResponse:
    token_id = request.POST["revoke"]
    try:
        services.revoke_token(actor=user, token_id=int(token_id) if token_id.isdecimal() and len(token_id) < 19 else 0)
    except Refused:
        messages.info(request, "There is no such token any more.")
    else:
        messages.success(request, "The token is revoked. Whatever uses it is turned away from now on.")
    return redirect("account_tokens")


def _page(
    request: HttpRequest, user: User, form: TokenForm, *, made: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    rows = [_shown(token) for token in tokens_of(user)]
    return render(request, "account/tokens.html", {"form": form, "tokens": rows, "made": made}, status=status)


def _shown(token: ApiToken) -> dict[str, Any]:
    now, end = timezone.now(), token.expires_at
    return {
        "row": token,
        "may": [(scope, SCOPES.get(scope, "")) for scope in token.scopes],
        "over": end is not None and end <= now,
        "soon": end is not None and 0 <= (end - now).days < SOON_DAYS,
    }
