"""The page "Tokens and webhooks" of the back office: what other programs come in by and are called at, and how it goes.

Registered by integrations.admin. A token or secret stands in the answer to the form that made it, and nowhere else;
everything is changed through services, which decide who may.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import admin, messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import services as accounts
from accounts.admin.site import me
from accounts.scopes import SCOPES
from accounts.tokens import tokens_shown
from chat.admin.naming import shown_to
from integrations import services
from integrations.desk_forms import DeskTokenForm
from integrations.selectors.desk import HookRow, calls_of, hooks_shown
from realtime.protocol import Refused

ADDRESS: Final = "admin:integrations_desk"
TOKENS_MOST: Final = 200
REPEAT_SECONDS: Final = 3600
"""How long a form that is sent again by a reload is known."""
SOON: Final = timedelta(days=14)
PERMISSIONS: Final = (
    "accounts.view_apitoken",
    "integrations.view_incominghook",
    "integrations.view_outgoinghook",
    "integrations.view_slashcommand",
)
KINDS: Final = {"in": "incominghook", "out": "outgoinghook", "cmd": "slashcommand"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown once."""

    title: str
    secret: str
    kept: str


def may_see(request: HttpRequest) -> bool:
    """Whether there is anything on the page for this member of staff."""
    return any(request.user.has_perm(permission) for permission in PERMISSIONS)


def _shows_secret(request: HttpRequest) -> bool:
    return request.method == "POST" and request.POST.get("do") in {"make", "renew"}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(enabled=_shows_secret)  # type: ignore[untyped-decorator]  # allauth has no types
def desk(request: HttpRequest) -> HttpResponse:
    """The page; POST does what `do` names to the webhook or token that `which` names."""
    if not may_see(request):
        raise PermissionDenied
    if request.method != "POST":
        return _page(request)
    do = request.POST.get("do", "")
    if do == "make":
        return _make(request)
    try:
        answer = _DEEDS[do](request, request.POST.get("which", "")) if do in _DEEDS else None
    except Refused as refused:
        told = "It is not there any more, or you may not change it." if refused.code == "not_found" else ""
        messages.error(request, told or refused.message or "You may not do this.")
        answer = None
    return answer or redirect(ADDRESS)


# Tokens


def _make(request: HttpRequest) -> HttpResponse:
    form = DeskTokenForm(request.POST, actor=me(request))
    if not form.is_valid():
        return _page(request, form=form, status=400)
    if _is_repeat(request, str(form.cleaned_data["wish"])):
        return redirect(ADDRESS)
    actor, given = me(request), form.cleaned_data
    try:
        with transaction.atomic():
            owner = accounts.make_bot(actor=actor, username=form.wants_bot) if form.wants_bot else form.bot or actor
            row, token = accounts.make_token(
                actor=actor, user=owner, name=given["name"], scopes=given["scopes"], expires_at=form.ends_at()
            )
    except Refused as refused:
        cache.delete(_wish_key(request, str(given["wish"])))
        field = "new_bot" if refused.field == "username" else refused.field
        form.add_error(field if field in form.fields else None, refused.message or "You may not do this.")
        return _page(request, form=form, status=400)
    told = {"name": row.name, "scopes": ", ".join(row.scopes)}
    get_adapter(request).send_notification_mail("account/email/token_made", actor, told)
    return _page(request, shown=Shown(f"Token “{row.name}” is made", token, "stored as a hash"))


def _wish_key(request: HttpRequest, wish: str) -> str:
    return f"desk-wish:{me(request).pk}:{wish[:40]}"


def _is_repeat(request: HttpRequest, wish: str) -> bool:
    """Whether this form was sent before, by a reload: nothing is made a second time."""
    if cache.add(_wish_key(request, wish), 1, REPEAT_SECONDS):
        return False
    messages.info(request, "That is made already, and cannot be shown again.")
    return True


def _revoke(request: HttpRequest, which: str) -> None:
    accounts.revoke_token(actor=me(request), token_id=_number(which))
    messages.success(request, "The token is revoked. Whatever uses it is turned away from now on.")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


# Webhooks and commands


def _key(which: str) -> tuple[str, int]:
    way, _, number = which.partition(":")
    if way not in KINDS:
        raise Refused("not_found")
    return way, _number(number)


def _switch(request: HttpRequest, which: str, enabled: bool) -> None:
    way, pk = _key(which)
    actor = me(request)
    if way == "in":
        services.switch_hook(actor=actor, hook_id=pk, enabled=enabled)
    elif way == "out":
        services.switch_outgoing(actor=actor, hook_id=pk, enabled=enabled)
    else:
        services.switch_command(actor=actor, command_id=pk, enabled=enabled)
    messages.success(request, "Switched on." if enabled else "Switched off.")


def _again(request: HttpRequest, which: str) -> None:
    way, pk = _key(which)
    if way != "out":
        raise Refused("not_found")
    count = services.try_again(actor=me(request), hook_id=pk)
    messages.success(request, f"{count} sent again in a moment." if count else "It is told again of what comes.")


def _renew(request: HttpRequest, which: str) -> HttpResponse | None:
    way, pk = _key(which)
    if _is_repeat(request, request.POST.get("wish", "")):
        return None
    actor = me(request)
    if way == "in":
        key = services.renew_key(actor=actor, hook_id=pk)
        title, secret, kept = "The webhook has a new address", f"{settings.SITE_URL}/hooks/{key}", "stored as a hash"
    elif way == "out":
        title, kept = "The webhook has a new secret", "stored sealed"
        secret = services.renew_secret(actor=actor, hook_id=pk)
    else:
        title, kept = "The command has a new secret", "stored sealed"
        secret = services.renew_command(actor=actor, command_id=pk)
    return _page(request, shown=Shown(title, secret, kept))


_DEEDS: Final[dict[str, Callable[[HttpRequest, str], HttpResponse | None]]] = {
    "revoke": _revoke,
    "on": lambda request, which: _switch(request, which, True),
    "off": lambda request, which: _switch(request, which, False),
    "again": _again,
    "renew": _renew,
}


# The page


def _page(
    request: HttpRequest, *, form: DeskTokenForm | None = None, shown: Shown | None = None, status: int = 200
) -> HttpResponse:
    actor = me(request)
    rows = hooks_shown(actor=actor)
    chosen = _chosen(request, rows)
    context = {
        "title": "Tokens and webhooks",
        "shown": shown,
        "form": form or DeskTokenForm(actor=actor),
        "hooks": [_hook(request, row) for row in rows],
        "chosen": chosen,
        "calls": calls_of(key=chosen.key) if chosen is not None else [],
        "now": timezone.now(),
        **_tokens(request),
    }
    whole = admin.site.each_context(request) | context
    return TemplateResponse(request, "admin/integrations/desk.html", whole, status=status)


def _chosen(request: HttpRequest, rows: list[HookRow]) -> HookRow | None:
    """The one whose calls are shown: the wanted one, else the first that has trouble, else the first."""
    wanted = request.GET.get("calls", "")
    by_key = {row.key: row for row in rows}
    troubled = next((row for row in rows if row.tone in {"warn", "bad"}), None)
    return by_key.get(wanted) or troubled or next(iter(rows), None)


def _hook(request: HttpRequest, row: HookRow) -> dict[str, Any]:
    model = KINDS[row.way]
    return {
        "row": row,
        "room": shown_to(request, row.room),
        "model": f"admin:integrations_{model}_change",
        "pk": row.key.partition(":")[2],
        "may_change": request.user.has_perm(f"integrations.change_{model}"),
    }


def _tokens(request: HttpRequest) -> dict[str, Any]:
    if not request.user.has_perm("accounts.view_apitoken"):
        return {"tokens": None, "tokens_all": 0}
    rows, count = tokens_shown(actor=me(request), most=TOKENS_MOST)
    now, may_change = timezone.now(), request.user.has_perm("accounts.change_apitoken")
    shown = []
    for token in rows:
        end = token.expires_at
        shown.append(
            {
                "row": token,
                "may": [(scope, SCOPES.get(scope, "")) for scope in token.scopes],
                "over": end is not None and end <= now,
                "soon": _left(end, now),
                "revokable": token.user == request.user or (may_change and me(request).may_touch(token.user)),
            }
        )
    return {"tokens": shown, "tokens_all": count}


def _left(end: datetime | None, now: datetime) -> str:
    """How long there is until an end that is near, in words; "" for none and for one that is far or past."""
    if end is None or not now < end <= now + SOON:
        return ""
    days = (end - now).days
    return "within a day" if days == 0 else "in 1 day" if days == 1 else f"in {days} days"
