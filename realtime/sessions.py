"""Who is behind a socket: the login session read in one hop, with a short cache that a revocation makes void.

Called by middleware.py at the handshake and by the hub's sweep. Never writes a session and never shows its key.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.auth import get_user, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone
from django.utils.module_loading import import_string

from realtime.protocol import Refused
from realtime.rows import marks, sql_time

if TYPE_CHECKING:
    from realtime.feed import Feed

CACHE_SECONDS: Final = 10.0
_DATA: Final = f"SELECT session_data FROM {Session._meta.db_table} WHERE session_key = %s AND expire_date > %s"
_LIVE: Final = f"SELECT session_key FROM {Session._meta.db_table} WHERE expire_date > %s AND session_key IN "


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in person and the session that says so."""

    user: Any
    session_key: str
    session: str
    """The session's digest: the name it has in events."""
    read_at: float
    """On the monotonic clock, a moment before the database was asked."""


_cache: dict[str, Identity] = {}


class _Store(SessionStore):
    """Django's session, read as text of SQL: through the ORM this was a quarter of a handshake."""

    # Django signs a session with the name of its class; ours must read what Django's wrote.
    key_salt = f"django.contrib.sessions.{SessionStore.__qualname__}"

    def load(self) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute(_DATA, [self.session_key, sql_time(timezone.now())])
            row = cursor.fetchone()
        found: dict[str, Any] = self.decode(row[0]) if row else {}
        return found

    def flush(self) -> None:
        """Nothing: what no longer holds is refused here and deleted by the next page."""


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
    read_at = time.monotonic()
    store = _Store(session_key)
    user = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
    if not user.is_authenticated or not user.is_active:
        return Refused("forbidden", "Sign in to go on.")
    for path in settings.SOCKET_GATES:
        refused: Refused | None = import_string(path)(user=user, session=store)
        if refused is not None:
            return refused
    identity = Identity(user, session_key, session_digest(session_key), read_at)
    _cache[session_key] = identity
    return identity


def cached(session_key: str, feeds: Mapping[str, Feed]) -> Identity | None:
    """The identity read a moment ago, if this process heard every revocation since (see `stands`)."""
    identity = _cache.get(session_key)
    if identity is None:
        return None
    feed = feeds.get(f"user:{identity.user.pk}")
    if feed is None or not stands(identity, feed) or _is_old(identity):
        _cache.pop(session_key, None)
        return None
    return identity


def stands(identity: Identity, own: Feed) -> bool:
    """Whether what was read then still holds: the person's topic was followed all the time and revoked nothing."""
    return own.ready and own.quiet_since < identity.read_at


def _is_old(identity: Identity) -> bool:
    return time.monotonic() > identity.read_at + CACHE_SECONDS


def forget_all() -> None:
    """Empties the cache."""
    _cache.clear()


def forget_stale() -> None:
    """Drops what has expired."""
    for key in list(_cache):  # handshakes on other threads add to it meanwhile
        identity = _cache.get(key)
        if identity is not None and _is_old(identity):
            _cache.pop(key, None)


def ended(claims: dict[str, int]) -> set[str]:
    """Which of these sessions (key -> user id) no longer stand: deleted or expired, or the person is not active."""
    keys = list(claims)
    standing: set[str] = set()
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        people = [claims[key] for key in part]
        table = get_user_model()._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM {table} WHERE is_active AND id IN {marks(people)}", people)
            active = {user_id for (user_id,) in cursor.fetchall()}
            cursor.execute(_LIVE + marks(part), [sql_time(timezone.now()), *part])
            standing.update(key for (key,) in cursor.fetchall() if claims[key] in active)
    return set(keys) - standing
