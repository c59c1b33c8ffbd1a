"""Sign-ins that an operator ends: of a person, of everybody, or those made long ago.

Called by `manage.py close_sessions`, and by restore. Sign-ins are found by their sessions, because the device list
lacks those that no browser made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction

from accounts.events import SessionRevoked
from accounts.models import User
from accounts.services.audit import record_audit
from accounts.services.sessions import SIGNED_OUT
from realtime import log
from realtime.protocol import Effect
from realtime.sessions import session_digest


@dataclass(frozen=True, slots=True)
class SignIn:
    """A session and whose it is; `made_at` is None when no browser made it."""

    key: str
    user_id: int
    made_at: datetime | None


def find_sign_ins(*, users: Iterable[int] | None = None, made_before: datetime | None = None) -> Iterator[SignIn]:
    """Sign-ins of these people (None: of everybody), made before a moment (None: whenever).

    One whose age nobody knows counts as made before any moment.
    """
    wanted = None if users is None else set(users)
    made = dict(UserSession.objects.values_list("session_key", "created_at"))
    for session in Session.objects.order_by("session_key").iterator(2_000):
        user_id = _person_in(session)
        at = made.get(session.session_key)
        young = made_before is not None and at is not None and at >= made_before
        if user_id is not None and not young and (wanted is None or user_id in wanted):
            yield SignIn(session.session_key, user_id, at)


def _person_in(session: Session) -> int | None:
    data: dict[str, Any] = session.get_decoded()
    named = str(data.get(SESSION_KEY, ""))
    return int(named) if named.isdecimal() else None


@transaction.atomic
def close_sign_in(*, sign_in: SignIn, reason: str) -> None:
    """Deletes a sign-in and closes its sockets with 4401; a second time changes nothing but the log."""
    topic = User(pk=sign_in.user_id).topic
    seq = log.reserve(topic)
    import_module(settings.SESSION_ENGINE).SessionStore().delete(sign_in.key)
    UserSession.objects.filter(session_key=sign_in.key).delete()
    effect = Effect(close_code=SIGNED_OUT, session=session_digest(sign_in.key))
    log.append(topic=topic, seq=seq, event=SessionRevoked(reason=reason), effect=effect)


@transaction.atomic
def note_closing(*, targets: Iterable[int]) -> None:
    """Adds to the audit trail that an operator ended sign-ins of these people."""
    for user_id in sorted(set(targets)):
        record_audit(actor=None, action="session.close", target=User(pk=user_id).topic, reason="By command.")


@transaction.atomic
def forget_sessions() -> int:
    """Deletes every session without a word, on a site that nobody can be connected to; returns how many."""
    UserSession.objects.all().delete()
    return Session.objects.all().delete()[0]
