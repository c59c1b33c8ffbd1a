"""Sign-ins and how they end: every end goes into the log, whose effect closes the sockets within a second.

Called by views, allauth's adapter, the admin and the other services. Never leaves a session key in an event.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from accounts.events import SessionRevoked
from accounts.models import User
from accounts.services.audit import record_audit
from realtime import log
from realtime.protocol import Effect, Refused
from realtime.sessions import session_digest

SIGNED_OUT: Final = 4401
RECONNECT: Final = 1012


def delete_sessions(user: User, *, keep: str = "", only: str = "") -> int:
    """Deletes sign-ins and their place in the device list; returns how many there were."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    devices = UserSession.objects.filter(user=user)
    devices = devices.filter(session_key=only) if only else devices.exclude(session_key=keep)
    keys = list(devices.values_list("session_key", flat=True))
    for key in keys:
        store().delete(key)
    devices.delete()
    return len(keys)


@transaction.atomic
def revoke_sessions(*, actor: User, user: User, reason: str, keep: str = "", only: str = "") -> int:
    """Ends sign-ins of `user` and closes their sockets with 4401: all, all but `keep`, or `only` one.

    Args:
        reason: a word for the log, for example `password`.
        keep: key of the session that goes on.
        only: key of the one session that ends.

    Returns:
        How many sign-ins ended.

    Raises:
        Refused: `forbidden` when the actor is neither that person nor somebody above them who may change people.
    """
    if actor.pk != user.pk and not (actor.has_perm("accounts.change_user") and actor.may_touch(user)):
        raise Refused("forbidden")
    seq = log.reserve(user.topic)
    ended = delete_sessions(user, keep=keep, only=only)
    effect = Effect(
        close_code=SIGNED_OUT,
        session=session_digest(only) if only else "",
        except_session=session_digest(keep) if keep else "",
    )
    log.append(topic=user.topic, seq=seq, event=SessionRevoked(reason=reason), actor_id=actor.pk, effect=effect)
    return ended


@transaction.atomic
def replace_session(*, actor: User, old_key: str) -> None:
    """Tells sockets that were opened with `old_key` to come again with the cookie that replaced it."""
    UserSession.objects.filter(user=actor, session_key=old_key).delete()
    effect = Effect(close_code=RECONNECT, session=session_digest(old_key))
    log.append(topic=actor.topic, event=SessionRevoked(reason="renewed"), actor_id=actor.pk, effect=effect)


@transaction.atomic
def set_password(*, actor: User, user: User, password: str, keep: str = "") -> None:
    """Sets a checked password and ends every sign-in but `keep`, together.

    Raises:
        Refused: `forbidden`.
    """
    user.set_password(password)
    user.save(update_fields=["password"])
    revoke_sessions(actor=actor, user=user, reason="password", keep=keep)
    if actor.pk != user.pk:
        record_audit(actor=actor, action="person.set_password", target=user.topic)


def note_device(request: HttpRequest) -> None:
    """Keeps the device list: address, browser and time of the last visit of this session."""
    UserSession.objects.create_from_request(request)
