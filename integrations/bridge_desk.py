"""The page of a bridge in the back office: how it is, its connection, its rooms, what is stuck.

Registered by integrations.admin. A token is never shown; everything is changed through services. Everything but the
curves' movement works without a script.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from allauth.account.decorators import reauthentication_required
from asgiref.sync import async_to_sync
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from accounts.admin.site import me
from chat.selectors.browse import browse_rooms
from integrations.bridge.runner import wake
from integrations.bridge_forms import Making, ServerForm
from integrations.bridge_page import addresses, page_context
from integrations.bridge_token import replace_token
from integrations.mattermost.examining import Tried, channels_of, try_server
from integrations.mattermost.rest import ServerRefused
from integrations.mattermost.wire import Unreadable
from integrations.models import BridgeLink, MattermostServer
from integrations.services.bridges import setup, tending
from realtime.protocol import Refused

TEST_SECONDS: Final = 90
LIST_SECONDS: Final = 20
ROOMS_SHOWN: Final = 30
LINES: Final = "application/x-ndjson"
_encode: Final = msgspec.json.Encoder().encode


@admin.register(MattermostServer)
class MattermostServerAdmin(Making):
    """Servers of Mattermost."""

    form = ServerForm
    asked = ("name", "url", "token_env", "token")
    list_display = ("name", "url", "state", "error", "account_name", "version", "heard_at", "enabled")
    list_filter = ("state", "enabled")
    search_fields = ("name", "url")
    fields = (*list_display, "token_env", "renames", "created_by", "created_at")
    actions = ("switch_on", "switch_off")

    @admin.action(description="Switch on", permissions=["manage"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[MattermostServer]) -> None:
        """Works for the chosen ones."""
        self._switch(request, queryset, enabled=True)

    @admin.action(description="Switch off", permissions=["manage"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[MattermostServer]) -> None:
        """Works for the chosen ones no more; what happens meanwhile is caught up later."""
        self._switch(request, queryset, enabled=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[MattermostServer], *, enabled: bool) -> None:
        for server in queryset:
            tending.switch_server(actor=me(request), server_id=server.pk, enabled=enabled)
        self.message_user(request, "Switched on." if enabled else "Switched off.", messages.SUCCESS)

    # The page

    def get_urls(self) -> list[Any]:
        """What the page and its script ask."""
        view = self.admin_site.admin_view
        posts = {
            "test": self.test_view,
            "switch": self.switch_view,
            "catch_up": self.catch_up_view,
            "stuck": self.stuck_view,
            "unlink": self.unlink_view,
        }
        own = [
            path(f"<int:server_id>/{name}/", view(require_POST(one)), name=f"integrations_bridge_{name}")
            for name, one in posts.items()
        ]
        gets = {"live": self.live_view, "link": self.link_view, "save": self.save_view, "token": self.token_view}
        own += [
            path(f"<int:server_id>/{name}/", view(one), name=f"integrations_bridge_{name}")
            for name, one in gets.items()
        ]
        own.append(path("only/", view(self.only_view), name="integrations_bridge"))
        return own + list(super().get_urls())

    def only_view(self, request: HttpRequest) -> HttpResponse:
        """The page of the only bridge; of several, and of none, the list."""
        servers = list(MattermostServer.objects.values_list("pk", flat=True)[:2])
        if len(servers) == 1:
            return self._back(servers[0])
        return HttpResponseRedirect(reverse("admin:integrations_mattermostserver_changelist"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """How the bridge is."""
        server = self.get_object(request, object_id)
        if server is None or not self.has_view_permission(request, server):
            return super().change_view(request, object_id, form_url, extra_context)
        return self._page(request, server)

    def _page(self, request: HttpRequest, server: MattermostServer, **given: Any) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            **page_context(request, server),
            "opts": self.opts,
            "title": server.name,
            "to": addresses(server),
            "may_link": self.has_manage_permission(request),
            "may_change": request.user.has_perm(setup.MAY_ADD),
            "url": server.url,
            "token_env": server.token_env,
            **given,
        }
        return TemplateResponse(request, "admin/integrations/bridge.html", context)

    def live_view(self, request: HttpRequest, server_id: int) -> HttpResponse:
        """The parts that change, for the page's script."""
        server = self._found(request, server_id)
        context = page_context(request, server) | {
            "to": addresses(server),
            "may_link": self.has_manage_permission(request),
        }
        return TemplateResponse(request, "admin/integrations/bridge_live.html", context)

    def _found(self, request: HttpRequest, server_id: int, *, permission: str = "") -> MattermostServer:
        server = get_object_or_404(MattermostServer, pk=server_id)
        if not self.has_view_permission(request, server) or (permission and not request.user.has_perm(permission)):
            raise PermissionDenied
        return server

    def _back(self, server_id: int) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:integrations_mattermostserver_change", args=[server_id]))

    # Deeds

    def save_view(self, request: HttpRequest, server_id: int) -> HttpResponse:
        """Changes where the server is, or which variable holds the token."""
        return self._save(request, self._found(request, server_id, permission=setup.MAY_ADD))

    @method_decorator(reauthentication_required)
    def _save(self, request: HttpRequest, server: MattermostServer) -> HttpResponse:
        if request.method != "POST":
            # From the question for the password, which asks for what was typed no more.
            self.message_user(request, "That is you. Now change it and save.", messages.SUCCESS)
            return self._back(server.pk)
        given = {"url": request.POST.get("url", "").strip(), "token_env": request.POST.get("token_env", "").strip()}
        try:
            tending.change_server(actor=me(request), server_id=server.pk, **given)
        except Refused as refused:
            return self._page(request, server, **given, wrong={refused.field or "url": refused.message})
        self.message_user(request, "Saved: the bridge connects anew.", messages.SUCCESS)
        return self._back(server.pk)

    def token_view(self, request: HttpRequest, server_id: int) -> HttpResponse:
        """Asks for another token."""
        return replace_token(request, self._found(request, server_id, permission=setup.MAY_ADD))

    def switch_view(self, request: HttpRequest, server_id: int) -> HttpResponse:
        """Works for the server, or no more."""
        server = self._found(request, server_id, permission=setup.MAY_LINK)
        enabled = request.POST.get("enabled") == "1"
        tending.switch_server(actor=me(request), server_id=server.pk, enabled=enabled)
        words = "Switched on." if enabled else "Switched off: what is said meanwhile is caught up later."
        self.message_user(request, words, messages.SUCCESS)
        return self._back(server.pk)

    def catch_up_view(self, request: HttpRequest, server_id: int) -> HttpResponse:
        """Compares every room with its channel."""
        server = self._found(request, server_id, permission=setup.MAY_LINK)
        self._try(
            request,
            lambda: tending.catch_up_server(actor=me(request), server_id=server.pk),
            "Every room is compared with its channel now.",
        )
        return self._back(server.pk)

    def stuck_view(self, request: HttpRequest, server_id: int) -> HttpResponse:
        """Tries what is stuck once more, or skips it."""
        server = self._found(request, server_id, permission=setup.MAY_LINK)
        order_id = _number(request.POST.get("order", ""))
        if request.POST.get("do") == "skip":
            reason = request.POST.get("reason", "")
            self._try(
                request,
                lambda: tending.skip_order(actor=me(request), outbox_id=order_id, reason=reason),
                "Skipped.",
            )
        else:
            self._try(
                request,
                lambda: tending.retry_order(actor=me(request), outbox_id=order_id),
                "It is tried now, before what came later.",
            )
        return self._back(server.pk)

    def unlink_view(self, request: HttpRequest, server_id: int) -> HttpResponse:
        """Ends a link of the server; what was said stays."""
        server = self._found(request, server_id, permission=setup.MAY_LINK)
        link = BridgeLink.objects.filter(server=server, pk=_number(request.POST.get("link", ""))).first()
        if link is not None:
            words = "Ended: what was said stays on both sides."
            self._try(request, lambda: setup.unlink_room(actor=me(request), link_id=link.pk), words)
        return self._back(server.pk)

    def _try(self, request: HttpRequest, deed: Any, done: str) -> None:
        try:
            deed()
        except Refused as refused:
            self.message_user(request, refused.message or "You may not do this.", messages.ERROR)
            return
        wake()
        self.message_user(request, done, messages.SUCCESS)

    # Trying it out

    def test_view(self, request: HttpRequest, server_id: int) -> HttpResponse | StreamingHttpResponse:
        """Tries the connection step by step: line by line for the script, else on the page when all is tried."""
        server = self._found(request, server_id, permission=setup.MAY_LINK)
        tries = self._tries(request, server)
        if request.headers.get("accept") == LINES:
            return StreamingHttpResponse(_lines(tries), content_type=LINES)
        return self._page(request, server, tried=async_to_sync(_all)(tries))

    def _tries(self, request: HttpRequest, server: MattermostServer) -> AsyncIterator[Tried]:
        """With what stands in the form, for whoever may change it; else with what is saved."""
        url, token_env = server.url, server.token_env
        if request.user.has_perm(setup.MAY_ADD):
            url = request.POST.get("url", url).strip().rstrip("/")
            token_env = request.POST.get("token_env", token_env).strip()
        try:
            # A sealed token goes nowhere but where it was given for.
            if url != server.url and not token_env:
                raise Refused("invalid", "The token kept here is for the old address: replace it first.")
            kept = "" if token_env else server.token
            setup.check_connection(url=url, token_env=token_env, token=kept)
            token = setup.token_of(MattermostServer(token_env=token_env, token=kept))
        except Refused as refused:
            return _just(Tried(state="bad", words=refused.message))
        links = BridgeLink.objects.filter(server=server, enabled=True).exclude(direction=BridgeLink.Direction.IN)
        channels = [(link.channel_id, link.channel_name or link.channel_id) for link in links.order_by("pk")]
        return try_server(url=url, token=token, channels=channels)

    # Another room

    def link_view(self, request: HttpRequest, server_id: int) -> HttpResponse:
        """Asks for a channel and a room, and joins them."""
        return self._link(request, self._found(request, server_id, permission=setup.MAY_LINK))

    @method_decorator(reauthentication_required)
    def _link(self, request: HttpRequest, server: MattermostServer) -> HttpResponse:
        given = request.POST if request.method == "POST" else request.GET
        query = given.get("q", "").strip()
        context: dict[str, Any] = {"q": query, "rooms": browse_rooms(actor=me(request), q=query)[:ROOMS_SHOWN]}
        if given.get("part") == "rooms":
            return TemplateResponse(request, "admin/integrations/bridge_rooms.html", context)
        teams, wrong = _teams(server)
        if request.method == "POST" and not wrong:
            wrong = self._join(request, server, teams)
            if not wrong:
                return self._back(server.pk)
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Link a room with {server.name}",
            "server": server,
            "teams": teams,
            "wrong": wrong,
            "chosen": {name: given.get(name, "") for name in ("channel", "room", "direction")},
            "directions": BridgeLink.Direction.choices,
        }
        return TemplateResponse(request, "admin/integrations/bridge_link.html", context)

    def _join(self, request: HttpRequest, server: MattermostServer, teams: dict[str, list[dict[str, Any]]]) -> str:
        """Joins what was chosen; answers what is wrong with it, if anything is."""
        channel_id, room_id = request.POST.get("channel", ""), _number(request.POST.get("room", ""))
        names = {one["id"]: one["name"] for channels in teams.values() for one in channels}
        if channel_id not in names:
            return "Choose a channel."
        if not room_id:
            return "Choose a room."
        try:
            setup.link_room(
                actor=me(request),
                server_id=server.pk,
                room_id=room_id,
                channel_id=channel_id,
                channel_name=names[channel_id],
                direction=request.POST.get("direction", BridgeLink.Direction.BOTH),
            )
        except Refused as refused:
            told = "There is no such room, or you may not see it." if refused.code == "not_found" else ""
            return told or refused.message or "You may not do this."
        wake()
        self.message_user(request, f"Linked with ~{names[channel_id]}.", messages.SUCCESS)
        return ""


def _number(text: str) -> int:
    """An id that a form sent; 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _teams(server: MattermostServer) -> tuple[dict[str, list[dict[str, Any]]], str]:
    """The channels of a server by team, those that are taken marked; or why they cannot be listed."""

    async def ask() -> Any:
        async with asyncio.timeout(LIST_SECONDS):
            return await channels_of(url=server.url, token=token)

    try:
        token = setup.token_of(server)
        reachable = async_to_sync(ask)()
    except Refused as refused:
        return {}, refused.message
    except ServerRefused as refused:
        return {}, refused.words
    except Unreadable as unreadable:
        return {}, f"This is no Mattermost server: {unreadable}"
    except TimeoutError:
        return {}, "The server does not list its channels in time."
    taken = set(BridgeLink.objects.filter(server=server).values_list("channel_id", flat=True))
    teams: dict[str, list[dict[str, Any]]] = {}
    for one in sorted(reachable, key=lambda one: (one.team.display_name, one.channel.display_name)):
        shown = one.channel.display_name or one.channel.name
        entry = {"id": one.channel.id, "name": one.channel.name, "shown": shown, "taken": one.channel.id in taken}
        teams.setdefault(one.team.display_name or one.team.name, []).append(entry)
    return teams, ""


async def _lines(tries: AsyncIterator[Tried]) -> AsyncIterator[bytes]:
    async for one in _in_time(tries):
        yield _encode(one) + b"\n"


async def _all(tries: AsyncIterator[Tried]) -> list[Tried]:
    return [one async for one in _in_time(tries)]


async def _in_time(tries: AsyncIterator[Tried]) -> AsyncIterator[Tried]:
    """A server that lets us wait ends the trial, not the worker."""
    end = asyncio.get_running_loop().time() + TEST_SECONDS
    while True:
        try:
            async with asyncio.timeout_at(end):
                one = await anext(tries)
        except StopAsyncIteration:
            return
        except TimeoutError:
            yield Tried(state="bad", words=f"The server took more than {TEST_SECONDS} seconds.")
            return
        yield one


async def _just(one: Tried) -> AsyncIterator[Tried]:
    yield one
