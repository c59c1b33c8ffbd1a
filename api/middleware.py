"""No cookie reaches the API: who asks is said by the token alone, so that no other site can ask in a person's name.

Named in MIDDLEWARE before the session. Never looks at what is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

BELOW: Final = ("/api/v1/", "/api/metrics")


class NoCookies:
    """Takes the cookies off requests to the API."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Passes it on without them."""
        if request.path_info.startswith(BELOW):
            request.META.pop("HTTP_COOKIE", None)
            request.COOKIES.clear()
        return self.get_response(request)
