"""The page on which people say that an account on a joined server is theirs: /account/mattermost/.

Called through integrations.urls. The server is asked whose a token is before anything is kept; a token is never shown.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from asgiref.sync import async_to_sync
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from integrations.mattermost.rest import Kind, Server, ServerRefused
from integrations.mattermost.wire import Unreadable
from integrations.mattermost.wire import User as RemoteUser
from integrations.models import MattermostServer
from integrations.services.bridges import own
from outbound.client import Client
from realtime.consumers import take_token
from realtime.protocol import Refused
from realtime.ratelimit import Limit

if TYPE_CHECKING:
    from accounts.models import User

ASKING: Final = Limit(burst=5, per_second=0.1)
"""Each wish asks the server once."""
ANSWER_SECONDS: Final = 20.0
NOT_BELIEVED: Final = "The server does not know this token. Copy it once more, whole."


class OwnForm(forms.Form):
    """Which server, and the token."""

    server = forms.ModelChoiceField(
        MattermostServer.objects.none(), empty_label=None, widget=forms.Select(attrs={"class": "input"})
    )
    token = forms.CharField(
        max_length=200,
        widget=forms.PasswordInput(attrs={"class": "input", "autocomplete": "off"}),
        help_text="There: Profile, Security, Personal access tokens. It is kept sealed and never shown again.",
    )

    def __init__(self, user: User, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        field = cast("forms.ModelChoiceField[MattermostServer]", self.fields["server"])
        field.queryset = own.servers_for(user=user)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_accounts(request: HttpRequest) -> HttpResponse:
    """The accounts; `?give` shows the form after the password was asked for, POST sends it, or takes a token away."""
    user = cast("User", request.user)
    if request.method != "POST":
        asked: HttpResponse = _ask(request, user) if "give" in request.GET else _page(request, user, None)
        return asked
    if "remove" in request.POST:
        return _remove(request, user)
    try:
        sent: HttpResponse = _send(request, user)
    except ReauthenticationRequired:
        # Asked for here, the password would let the token wait in the session, in clear.
        return redirect(f"{reverse('own_accounts')}?give=1")
    return sent


@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no types
def _ask(request: HttpRequest, user: User) -> HttpResponse:
    return _page(request, user, OwnForm(user))


@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no types
def _send(request: HttpRequest, user: User) -> HttpResponse:
    form = OwnForm(user, request.POST)
    if not form.is_valid():
        return _page(request, user, form, status=400)
    return _give(request, user, form)


def _give(request: HttpRequest, user: User, form: OwnForm) -> HttpResponse:
    server, token = form.cleaned_data["server"], form.cleaned_data["token"].strip()
    try:
        take_token(user.pk, "mattermost account", ASKING)
        account = give(actor=user, user=user, server=server, token=token)
    except Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
    else:
        messages.success(request, f"On {server.name} you are @{account.username} now, in both directions.")
        return redirect("own_accounts")
    return _page(request, user, form, status=400)


def give(*, actor: User, user: User, server: MattermostServer, token: str) -> RemoteUser:
    """Keeps a token after the server said whose it is; answers that.

    Raises:
        Refused: as own.set_account and whose.
    """
    account = whose(url=server.url, token=token)
    own.set_account(actor=actor, user=user, server_id=server.pk, token=token, account=account)
    return account


def whose(*, url: str, token: str) -> RemoteUser:
    """Whom a server says a token belongs to.

    Raises:
        Refused: `invalid`, in words: with field token where it does not believe it, with field url where it does not
            say.
    """
    try:
        return async_to_sync(_ask_server)(url, token)
    except ServerRefused as refused:
        believed = refused.kind is not Kind.TOKEN
        words = refused.words if believed else NOT_BELIEVED
        raise Refused("invalid", words, field="url" if believed else "token") from refused
    except Unreadable as unreadable:
        raise Refused("invalid", f"This is no Mattermost server: {unreadable}", field="url") from unreadable
    except TimeoutError as error:
        raise Refused("invalid", "The server does not say in time whose the token is.", field="url") from error


async def _ask_server(url: str, token: str) -> RemoteUser:
    async with asyncio.timeout(ANSWER_SECONDS), Client() as client:
        return await Server(url=url, token=token, client=client).me()


def _remove(request: HttpRequest, user: User) -> HttpResponse:
    given = request.POST["remove"]
    try:
        own.remove_account(actor=user, account_id=int(given) if given.isdecimal() and len(given) < 19 else 0)
    except Refused:
        messages.info(request, "There is no such account any more.")
    else:
        messages.success(request, "The token is forgotten. The bridge speaks for you there, under your name.")
    return redirect("own_accounts")


def _page(request: HttpRequest, user: User, form: OwnForm | None, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "accounts": own.accounts_of(user=user), "servers": own.any_server()}
    return render(request, "integrations/own_accounts.html", context, status=status)
