"""What every answer of the API is made with: JSON, problems in one shape, ETag, links to related pages.

Called by the dispatcher. Never decides who may come.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags

from api.shapes import Problem
from chat.api.answers import STATUS
from realtime import protocol
from realtime.protocol import Refused

JSON: Final = "application/json"
CHALLENGE: Final = 'Bearer realm="api"'


def status_of(code: str) -> int:
    """The HTTP status of an error code."""
    return STATUS.get(code, 400)


def json_answer(request: HttpRequest, body: bytes, status: int) -> HttpResponse:
    """Ready JSON; a reader who has it already gets 304."""
    response = HttpResponse(body, content_type=JSON, status=status)
    if request.method in {"GET", "HEAD"}:
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        known = parse_etags(request.headers.get("If-None-Match", ""))
        if tag in known or known == ["*"]:
            response = HttpResponse(status=304)
        response["ETag"] = tag
    # It belongs to the owner of the token, and must be asked for again each time.
    patch_cache_control(response, private=True, no_cache=True)
    response["Vary"] = "Authorization"
    return response


def nothing() -> HttpResponse:
    """204."""
    response = HttpResponse(status=204)
    del response["Content-Type"]
    return response


def problem(request_id: str, refused: Refused, *, status: int = 0, scope: str = "") -> HttpResponse:
    """A refusal.

    Args:
        request_id: of this request.
        refused: why.
        status: instead of the one that belongs to the code.
        scope: the one that the token lacks.
    """
    told = Problem(
        code=refused.code,
        message=refused.message,
        field=refused.field,
        retry_after=refused.retry_after,
        request_id=request_id,
        lines=getattr(refused, "lines", None),
    )
    response = HttpResponse(protocol.encode(told), content_type=JSON, status=status or status_of(refused.code))
    if refused.retry_after is not None:
        response["Retry-After"] = str(math.ceil(refused.retry_after))
    if response.status_code == 401:
        response["WWW-Authenticate"] = CHALLENGE
    if scope:
        response["WWW-Authenticate"] = f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'
    patch_cache_control(response, private=True, no_store=True)
    return response


def links(request: HttpRequest, pages: dict[str, dict[str, int]]) -> str:
    """The Link header for related pages (RFC 8288), with the other parameters as they were asked."""
    kept = {name: value for name, value in request.GET.items() if name not in {"before", "after"}}
    here = request.build_absolute_uri(request.path)
    return ", ".join(f'<{here}?{urlencode({**kept, **given})}>; rel="{rel}"' for rel, given in pages.items())


def encode(value: Any) -> bytes:
    """JSON of a struct."""
    return protocol.encode(value)
