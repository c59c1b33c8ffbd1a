"""Who is behind a socket: the login session read in one hop, with a short cache that revocation empties.

Called by middleware.py at the handshake and by the hub's sweep. Never writes a session and never shows its key.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user, get_user_model
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.module_loading import import_string

from realtime.protocol import Refused

CACHE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in person and the session that says so."""

    user: Any
    session_key: str
    session: str
    """The session's digest: the name it has in events."""


_cache: dict[str, tuple[Identity, float]] = {}


def session_digest(session_key: str) -> str:
    """The name of a session in events and logs: 32 hexadecimal digits from which the key cannot be found."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:32]


def authenticate(session_key: str) -> Identity | Refused:
    """Reads the session and its person, and asks every gate in SOCKET_GATES, in one call on a reader thread.

    Args:
        session_key: from the cookie; "" when there was none.
    """
    if not session_key:
        return Refused("forbidden", "Sign in to go on.")
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
    if not user.is_authenticated or not user.is_active:
        return Refused("forbidden", "Sign in to go on.")
    for path in settings.SOCKET_GATES:
        refused: Refused | None = import_string(path)(user=user, session=store)
        if refused is not None:
            return refused
    identity = Identity(user, session_key, session_digest(session_key))
    _cache[session_key] = (identity, time.monotonic() + CACHE_SECONDS)
    return identity


def cached(session_key: str, followed: Iterable[str]) -> Identity | None:
    """The identity read a moment ago, if this process heard every revocation since (it follows the person's topic)."""
    found = _cache.get(session_key)
    if found is None:
        return None
    identity, until = found
    if time.monotonic() > until or f"user:{identity.user.pk}" not in followed:
        del _cache[session_key]
        return None
    return identity


def forget(user_id: int) -> None:
    """Empties the cache of one person; the hub calls it when something on `user:<id>` touches sockets."""
    for key in [key for key, (identity, _) in _cache.items() if identity.user.pk == user_id]:
        del _cache[key]


def forget_all() -> None:
    """Empties the cache."""
    _cache.clear()


def forget_stale() -> None:
    """Drops what has expired."""
    now = time.monotonic()
    for key in [key for key, (_, until) in _cache.items() if until < now]:
        del _cache[key]


def ended(claims: dict[str, int]) -> set[str]:
    """Which of these sessions (key -> user id) no longer stand: deleted or expired, or the person is not active."""
    keys = list(claims)
    alive: set[str] = set()
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        alive.update(
            Session.objects.filter(session_key__in=part, expire_date__gt=timezone.now()).values_list(
                "session_key", flat=True
            )
        )
    people = set(claims.values())
    active = set(get_user_model().objects.filter(pk__in=people, is_active=True).values_list("pk", flat=True))
    return {key for key, user_id in claims.items() if key not in alive or user_id not in active}
