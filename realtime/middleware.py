"""What stands before every consumer: the origin check and the session check.

Used in collab/asgi.py. A foreign origin is refused in the handshake; every other refusal is accepted first and then
closed with a code, because a browser sees no code of a refused handshake. Never reads a frame.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.cookie import parse_cookie
from django.http.request import split_domain_port, validate_host

from realtime import metrics, sessions, threads
from realtime.hub import hub
from realtime.protocol import Refused, error_frame

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def header(scope: Scope, name: bytes) -> str:
    """The value of a header, "" when it is absent or sent twice (which no browser does)."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else ""


def site_origin(scope: Scope) -> str:
    """scheme://host[:port] under which the client reached us, "" when the host is not one of ours."""
    host = header(scope, b"host").lower()
    allowed = settings.ALLOWED_HOSTS or (["localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else [])
    if not _is_served(host, tuple(allowed)):
        return ""
    # daphne gives no scheme; behind proxies the first hop tells it, and each may add its own.
    scheme = scope.get("scheme") or ("wss" if settings.HTTPS else "ws")
    if settings.TRUSTED_PROXIES and (forwarded := header(scope, b"x-forwarded-proto")):
        scheme = forwarded.partition(",")[0].strip().lower()
    return f"{'https' if scheme in {'wss', 'https'} else 'http'}://{host}"


@lru_cache(maxsize=256)
def _is_served(host: str, allowed: tuple[str, ...]) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)


@lru_cache(maxsize=256)
def normal_origin(origin: str) -> str:
    """An origin in small letters without the default port, "" for `null` and whatever is no origin."""
    try:
        parts = urlsplit(origin.lower())
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query or parts.username:
        return ""
    default = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, default} else "")


class OriginCheck:
    """Refuses the handshake of a page that is not ours (scheme, host and port must be equal)."""

    def __init__(self, app: App) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Lets the connection through or answers 403; not a coroutine itself, for that would wait in every socket."""
        origin = normal_origin(header(scope, b"origin"))
        ours = {normal_origin(known) for known in (*settings.ALLOWED_ORIGINS, site_origin(scope)) if known}
        if origin and origin in ours:
            return self.app(scope, receive, send)
        return self._refuse(receive, send)

    async def _refuse(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.close", "code": 4403})


class SessionAuthentication:
    """Puts the identity of a signed-in person into the scope; everybody else is told why and closed."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One thread hop at most, none for a session seen a moment ago."""
        key = session_key(scope)
        hub.start()
        answer: sessions.Identity | Refused | None = sessions.cached(key, hub.feeds)
        if answer is None:
            answer = await threads.read(sessions.authenticate, key)
        if isinstance(answer, sessions.Identity):
            scope["identity"] = answer
            scope["user"] = answer.user
            await self.app(scope, receive, send)
            return
        await refuse(receive, send, answer, 4403 if answer.code == "banned" else 4401)


async def refuse(receive: Receive, send: Send, refused: Refused, code: int) -> None:
    """Accepts, says why and closes with a code that the page can read."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": error_frame(None, refused).decode()})
    await send({"type": "websocket.close", "code": code, "reason": refused.message[:120]})
    metrics.closes.labels(code).inc()


def session_key(scope: Scope) -> str:
    """The key of the session that the cookie names, "" without one."""
    return parse_cookie(header(scope, b"cookie")).get(settings.SESSION_COOKIE_NAME, "")
