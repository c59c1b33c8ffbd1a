"""POST /hooks/<key>: what other programs send into a room, as Mattermost and Slack take it.

Called through integrations.urls. The key alone says who comes; decides nothing: services do.
"""

from __future__ import annotations

import logging
import math
from typing import Any, Final

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from integrations import services
from integrations.mattermost_api.dispatch import NO_FORM, refuse
from integrations.mattermost_api.refusing import LIMITED, Failed, failed_of
from integrations.models import IncomingHook
from integrations.payloads import answers_of
from integrations.selectors.hooks import hook_of
from realtime.consumers import take_token
from realtime.protocol import Refused
from realtime.ratelimit import Limit

logger = logging.getLogger(__name__)
CALLS: Final = Limit(burst=60, per_second=2)
"""Of one webhook."""
PARSE: Final = "model.incoming_hook.parse_data.app_error"
EMPTY: Final = "web.incoming_webhook.text.app_error"
UNKNOWN: Final = "web.incoming_webhook.invalid.app_error"
CHANNEL: Final = "web.incoming_webhook.channel.app_error"


class Payload(msgspec.Struct):
    """What is sent; keys that are not here are left alone."""

    text: str | None = ""
    username: str | None = ""
    channel: str | None = ""
    type: str | None = ""
    props: dict[str, Any] | None = None
    attachments: list[Any] | None = None


@csrf_exempt
def incoming(request: HttpRequest, key: str) -> HttpResponse:
    """Says it, and answers ok in plain text."""
    if request.method != "POST":
        return refuse(Failed(405, "api.context.405.app_error", "A webhook takes POST."))
    hook = hook_of(key)
    if hook is None or not hook.enabled:
        return refuse(Failed(400, UNKNOWN, "There is no webhook with this key, or it is switched off."))
    try:
        take_token(hook.bot_id, "webhook", CALLS)
        _speak(hook, _payload(request))
    except Failed as failed:
        return _refuse(hook, failed)
    except Refused as refused:
        if refused.code not in LIMITED:
            return _refuse(hook, failed_of(refused))
        response = HttpResponse("limit exceeded", content_type="text/plain; charset=utf-8", status=429)
        response["Retry-After"] = str(math.ceil(refused.retry_after or 1))
        return response
    services.note_call(hook_id=hook.pk)
    return HttpResponse("ok", content_type="text/plain")


def _refuse(hook: IncomingHook, failed: Failed) -> HttpResponse:
    """Tells the sender, and whoever looks after the webhook."""
    logger.info("Webhook %d was refused: %s", hook.pk, failed.message)
    services.note_call(hook_id=hook.pk, error=failed.message)
    return refuse(failed)


@csrf_exempt
def late_answer(request: HttpRequest, key: str) -> HttpResponse:
    """What a command answers after its call: in the form of the answer to the call itself."""
    if request.method != "POST":
        return refuse(Failed(405, "api.context.405.app_error", "An answer takes POST."))
    try:
        replies = answers_of(content_type=request.headers.get("Content-Type", ""), body=request.body)
        if not replies:
            raise Failed(400, PARSE, "Send JSON with a text, or plain text.")
        services.answer_late(key=key, replies=replies)
    except RequestDataTooBig:
        return refuse(Failed(413, PARSE, "This is too long for an answer."))
    except Failed as failed:
        return refuse(failed)
    except Refused:
        told = "This address is not known, or takes no more answers."
        return refuse(Failed(404, "web.command_webhook.command.app_error", told))
    return HttpResponse("ok", content_type="text/plain")


def _speak(hook: IncomingHook, payload: Payload) -> None:
    _check_channel(hook, payload.channel or "")
    services.speak(
        hook=hook,
        text=payload.text or "",
        username=payload.username or "",
        raw_attachments=payload.attachments,
        props=payload.props or {},
    )


def _check_channel(hook: IncomingHook, channel: str) -> None:
    """A webhook speaks in its own room; naming that one is no error.

    Raises:
        Failed: it names another, whether there is one or not.
    """
    if channel and channel.removeprefix("#") not in {hook.room.slug, hook.room.name}:
        raise Failed(404, CHANNEL, "This webhook speaks in its own room only.")


def _payload(request: HttpRequest) -> Payload:
    kind = request.content_type
    try:
        if kind == "application/json":
            raw: bytes | str = request.body
        elif kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
            raw = request.POST.get("payload", "")
        else:
            raw = ""
        if not raw:
            raise Failed(400, PARSE, "Send JSON, or a form with the JSON in its field payload.")
        payload = msgspec.json.decode(raw, type=Payload)
    except RequestDataTooBig:
        raise Failed(413, PARSE, "This is too long for a webhook.") from None
    except NO_FORM:
        raise Failed(400, PARSE, "This form cannot be read.") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Failed(400, PARSE, f"Unable to parse incoming data: {error}"[:300]) from None
    if not (payload.text or "").strip() and not payload.attachments:
        raise Failed(400, EMPTY, "No text specified.")
    if payload.type and not payload.type.startswith("custom_"):
        raise Failed(400, "model.post.is_valid.type.app_error", "A type begins with custom_.")
    return payload
