"""A person's browser without a page: HTTP requests to one real process, with cookies and the CSRF token.

Used by the fault tests where something must happen through a page of another process. Never follows a redirect.
"""

import http.client
import json
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from tests.cluster import Process


class Browser:
    """One signed-in browser at one process; the session may change under it, as with a new password."""

    def __init__(self, process: Process, session_key: str) -> None:
        self._port = process.port
        self._cookies = {settings.SESSION_COOKIE_NAME: session_key}
        # A first page puts the browser on the person's device list and brings the CSRF token.
        assert self._ask("GET", "/account/profile/")[0] == 200

    @property
    def session_key(self) -> str:
        """Of the session that the browser has now."""
        return self._cookies.get(settings.SESSION_COOKIE_NAME, "")

    def read(self, path: str) -> Any:
        """The JSON of an address of the API."""
        status, body = self._ask("GET", path)
        assert status == 200, (status, body)
        return json.loads(body)

    def submit(self, path: str, **fields: Any) -> None:
        """Sends a form that the site accepts, which it says with a redirect."""
        status, body = self._ask("POST", path, urlencode(fields))
        assert status == 302, (status, body)

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request(method, path, body, self._headers(body))
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie", []):
                self._cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def _headers(self, body: str | None) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["X-CSRFToken"] = self._cookies[settings.CSRF_COOKIE_NAME]
        return headers
