"""Webhooks into a room, for its owners and moderators. A key is told once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from django.conf import settings
from msgspec import Meta

from api.declared import Call, endpoint
from api.shapes import Asked, NoQuery, Told
from integrations import selectors, services
from realtime.protocol import Refused

if TYPE_CHECKING:
    from integrations.models import IncomingHook

TAG = "Webhooks"
HOOKS = "rooms/<int:room_id>/webhooks"


class NewWebhook(Asked, frozen=True, kw_only=True):
    """What the messages of the webhook are signed with."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]


class WebhookInfo(Told, frozen=True, kw_only=True):
    """A webhook into a room; `hint` are the last characters of its key."""

    id: int
    name: str
    hint: str
    enabled: bool
    created_at: datetime
    last_used_at: datetime | None
    last_error: str


class WebhookList(Told, frozen=True, kw_only=True):
    """The webhooks of a room."""

    webhooks: list[WebhookInfo]


class WebhookMade(Told, frozen=True, kw_only=True):
    """A new webhook and its secret address, which is told only now."""

    webhook: WebhookInfo
    url: str


def _info(hook: IncomingHook) -> WebhookInfo:
    return WebhookInfo(
        id=hook.pk,
        name=hook.name,
        hint=hook.hint,
        enabled=hook.enabled,
        created_at=hook.created_at,
        last_used_at=hook.last_used_at,
        last_error=hook.last_error,
    )


@endpoint("GET", HOOKS, tag=TAG, scope="rooms:write", refuses=("not_found",))
def list_webhooks(call: Call[NoQuery, None], room_id: int) -> WebhookList:
    """The webhooks into a room that you moderate."""
    return WebhookList(webhooks=[_info(one) for one in selectors.incoming_hooks(actor=call.user, room_id=room_id)])


@endpoint("POST", HOOKS, tag=TAG, scope="rooms:write", status=201, refuses=("not_found", "invalid", "too_large"))
def make_webhook(call: Call[NoQuery, NewWebhook], room_id: int) -> WebhookMade:
    """Make a webhook into a room that you moderate. Its address is secret, and told only in this answer."""
    hook, key = services.make_hook(actor=call.user, room_id=room_id, name=call.body.name)
    return WebhookMade(webhook=_info(hook), url=f"{settings.SITE_URL}/hooks/{key}")


@endpoint("DELETE", f"{HOOKS}/<int:hook_id>", tag=TAG, scope="rooms:write", status=204, refuses=("not_found",))
def delete_webhook(call: Call[NoQuery, None], room_id: int, hook_id: int) -> None:
    """End a webhook; what it said stays."""
    if hook_id not in {one.pk for one in selectors.incoming_hooks(actor=call.user, room_id=room_id)}:
        raise Refused("not_found")
    services.delete_hook(actor=call.user, hook_id=hook_id)
