"""What every answer of the JSON API is made with: errors in one shape, parameters of the query, nothing for caches.

Used by the other modules of chat.api and by other apps' APIs. Never decides and never asks the database.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar
from uuid import UUID

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

from realtime import protocol
from realtime.consumers import take_token
from realtime.protocol import Refused
from realtime.ratelimit import Limit

if TYPE_CHECKING:
    from accounts.models import User

P = ParamSpec("P")
T = TypeVar("T")
STATUS: Final = {
    "unauthenticated": 401,
    "not_found": 404,
    "forbidden": 403,
    "not_member": 403,
    "banned": 403,
    "muted": 403,
    "read_only": 403,
    "conflict": 409,
    "unknown_version": 409,
    "gone": 410,
    "too_large": 413,
    "quota_full": 413,
    "rate_limited": 429,
    "slow_mode": 429,
    "assistant_busy": 429,
    "assistant_quota": 429,
    "assistant_unavailable": 503,
    "internal": 500,
    "storage_full": 507,
}
"""By the code of a refusal; 400 for all others."""
SEQ_DIGITS: Final = 18
WRITES: Final = Limit(burst=30, per_second=1)
"""Of one person, over all that the addresses of one app write."""


def answer(value: Any, status: int = 200) -> HttpResponse:
    """JSON that no cache keeps."""
    response = HttpResponse(protocol.encode(value), content_type="application/json", status=status)
    patch_cache_control(response, private=True, no_store=True)
    return response


def refuse(refused: Refused, status: int | None = None) -> HttpResponse:
    """The error a client gets."""
    told = {"code": refused.code, "message": refused.message, "field": refused.field}
    return answer(told, status or STATUS.get(refused.code, 400))


def endpoint(
    view: Callable[Concatenate[HttpRequest, User, P], Any],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Makes a view of a function that answers a struct: signed in, GET, errors in one shape."""

    @wraps(view)
    def run(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return refuse(Refused("forbidden", "Sign in first."), 401)
        if request.method not in {"GET", "HEAD"}:
            response = refuse(Refused("invalid", "This address only answers GET."), 405)
            response["Allow"] = "GET, HEAD"
            return response
        try:
            return answer(view(request, request.user, *args, **kwargs))
        except Refused as refused:
            return refuse(refused)

    return run


def addresses(bucket: str) -> Callable[..., Callable[..., HttpResponse]]:
    """How an app makes its addresses: `endpoint(GET=_list, POST=_create)`, a function for each method.

    Each answers a struct, None or a response. Signed in, errors in one shape, HEAD as GET; one person writes at most
    WRITES over all addresses of a bucket.

    Args:
        bucket: of the rate limit, for example `editor.api`.
    """

    def endpoint(**views: Callable[..., Any]) -> Callable[..., HttpResponse]:
        @wraps(next(iter(views.values())))
        def run(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return refuse(Refused("forbidden", "Sign in first."), 401)
            view = views.get("GET" if request.method == "HEAD" else request.method or "")
            if view is None:
                response = refuse(Refused("invalid", f"This address answers {', '.join(views)}."), 405)
                response["Allow"] = ", ".join(views)
                return response
            try:
                if request.method not in {"GET", "HEAD"}:
                    take_token(request.user.pk, bucket, WRITES)
                result = view(request, request.user, *args, **kwargs)
            except Refused as refused:
                return refuse(refused)
            return result if isinstance(result, HttpResponse) else answer(result)

        return run

    return endpoint


def body(request: HttpRequest, kind: type[T]) -> T:
    """The request's JSON as a struct.

    Raises:
        Refused: `invalid` with the field at fault, or `too_large`.
    """
    try:
        return msgspec.json.decode(request.body, type=kind)
    except RequestDataTooBig:
        raise Refused("too_large", "This is too long for this address.") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        told = str(error)
        field = told.rpartition("`$.")[2].rstrip("`") if "`$." in told else None
        raise Refused("invalid", told[:200], field=field) from error


def number(request: HttpRequest, name: str) -> int | None:
    """A whole number of the query; None when it is absent.

    Raises:
        Refused: `invalid`.
    """
    text = request.GET.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= SEQ_DIGITS):
        raise Refused("invalid", f"{name} must be a whole number.", field=name)
    return int(text)


def text(request: HttpRequest, name: str) -> str:
    """A text of the query.

    Raises:
        Refused: `invalid` for one that no database takes.
    """
    value = request.GET.get(name, "")
    if "\x00" in value:
        raise Refused("invalid", "A text cannot hold the NUL character.", field=name)
    return value


def identifier(request: HttpRequest, name: str) -> UUID | None:
    """A UUID of the query; None when it is absent.

    Raises:
        Refused: `not_found` for anything else: there is nothing of that name.
    """
    value = request.GET.get(name, "")
    if not value:
        return None
    try:
        return UUID(value)
    except ValueError:
        raise Refused("not_found") from None
