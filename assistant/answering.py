"""What the JSON addresses of the assistant are made with: a function for each method, errors in one shape.

Called by the modules with views. Session cookie, and Django's CSRF token for everything but GET. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec

from django.http import HttpRequest, HttpResponse

from chat.api import answer, refuse
from realtime.consumers import take_token
from realtime.protocol import Refused
from realtime.ratelimit import Limit

if TYPE_CHECKING:
    from accounts.models import User

P = ParamSpec("P")
WRITES: Final = Limit(burst=30, per_second=1)
"""Of one person, over all that these addresses write."""


def endpoint(**views: Callable[Concatenate[HttpRequest, User, P], Any]) -> Callable[Concatenate[HttpRequest, P], Any]:
    """One address: a function for each method, which answers a struct, None or a response."""

    @wraps(next(iter(views.values())))
    def run(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return refuse(Refused("forbidden", "Sign in first."), 401)
        view = views.get("GET" if request.method == "HEAD" else request.method or "")
        if view is None:
            response = refuse(Refused("invalid", f"This address answers {', '.join(views)}."), 405)
            response["Allow"] = ", ".join(views)
            return response
        try:
            if request.method not in {"GET", "HEAD"}:
                take_token(request.user.pk, "assistant.api", WRITES)
            result = view(request, request.user, *args, **kwargs)
        except Refused as refused:
            return refuse(refused)
        return result if isinstance(result, HttpResponse) else answer(result)

    return run
