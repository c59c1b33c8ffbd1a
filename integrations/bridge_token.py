"""The page on which the token of a bridge is replaced, without a restart: who looks after it gives the new one here.

Called by integrations.bridge_desk. The server is asked whose the token is before anything is kept; it is kept sealed,
never shown again, and never waits in a session.
"""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.admin.site import me
from integrations.bridge.runner import wake
from integrations.models import MattermostServer
from integrations.own_page import ASKING, whose
from integrations.services.bridges import setup, tending
from realtime.consumers import take_token
from realtime.protocol import Refused


class TokenForm(forms.Form):
    """Where the server is, its new token, and whether the bot may be another one."""

    url = forms.CharField(max_length=300)
    token = forms.CharField(max_length=200)
    another = forms.BooleanField(required=False)


def replace_token(request: HttpRequest, server: MattermostServer) -> HttpResponse:
    """Asks for the token, after the password; keeps what the server believes."""
    try:
        answer: HttpResponse = _replace(request, server)
    except ReauthenticationRequired:
        if request.method != "POST":
            raise
        # Asked for here, the password would let the token wait in the session, in clear.
        return HttpResponseRedirect(reverse("admin:integrations_bridge_token", args=[server.pk]))
    return answer


@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no types
def _replace(request: HttpRequest, server: MattermostServer) -> HttpResponse:
    if request.method != "POST":
        return _page(request, server, {"url": server.url})
    form = TokenForm(request.POST)
    wrong = {name: str(errors[0]) for name, errors in form.errors.items()}
    if not wrong:
        wrong = _keep(request, server, form.cleaned_data)
    if not wrong:
        return HttpResponseRedirect(reverse("admin:integrations_mattermostserver_change", args=[server.pk]))
    given = {"url": form.data.get("url", ""), "another": "another" in form.data}
    return _page(request, server, given, wrong, status=400)


def _keep(request: HttpRequest, server: MattermostServer, given: dict[str, Any]) -> dict[str, str]:
    """Keeps the token; answers what is wrong with it, by field, if anything is."""
    actor, url, token = me(request), given["url"].strip(), given["token"].strip()
    try:
        take_token(actor.pk, "mattermost account", ASKING)
        setup.check_connection(url=url, token_env="", token=token)
        account = whose(url=url, token=token)
        tending.replace_token(
            actor=actor, server_id=server.pk, url=url, token=token, account=account, another=given["another"]
        )
    except Refused as refused:
        return {refused.field or "token": refused.message or "You may not do this."}
    wake()
    words = f"The bridge goes on as @{account.username} within seconds. The old token may be deleted there now."
    messages.success(request, words)
    return {}


def _page(
    request: HttpRequest,
    server: MattermostServer,
    given: dict[str, Any],
    wrong: dict[str, str] | None = None,
    status: int = 200,
) -> TemplateResponse:
    context = {
        **admin.site.each_context(request),
        "opts": MattermostServer._meta,
        "title": f"Replace the token of {server.name}",
        "server": server,
        "given": given,
        "wrong": wrong or {},
    }
    return TemplateResponse(request, "admin/integrations/bridge_token.html", context, status=status)
