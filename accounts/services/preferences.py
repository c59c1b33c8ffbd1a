"""What people choose for themselves. Called by views and other apps; each change is told to the person's tabs."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.db import transaction
from django.utils import timezone
from msgspec import UNSET, UnsetType

from accounts import selectors
from accounts.events import PreferencesChanged, PreferencesView
from accounts.models import Profile, User
from accounts.texts import clean_time_zone
from realtime import log
from realtime.protocol import Refused


@transaction.atomic
def update_preferences(
    *,
    actor: User,
    theme: str | None = None,
    time_zone: str | None = None,
    enter_sends: bool | None = None,
    letter_shortcuts: bool | None = None,
    desktop_notifications: bool | None = None,
    notification_sound: bool | None = None,
    email_mentions: bool | None = None,
    quiet_until: datetime | UnsetType | None = UNSET,
    quiet_from: str | UnsetType | None = UNSET,
    quiet_to: str | UnsetType | None = UNSET,
) -> PreferencesView:
    """Changes what is given, leaves the rest, and tells the person's other tabs.

    Raises:
        Refused: `invalid` with the field at fault.
    """
    if theme is not None and theme not in Profile.Theme.values:
        raise Refused("invalid", "The theme is system, light or dark.", field="theme")
    given: dict[str, Any] = {
        "theme": theme,
        "time_zone": None if time_zone is None else clean_time_zone(time_zone),
        "enter_sends": enter_sends,
        "letter_shortcuts": letter_shortcuts,
        "desktop_notifications": desktop_notifications,
        "notification_sound": notification_sound,
        "email_mentions": email_mentions,
    }
    wanted = {key: value for key, value in given.items() if value is not None}
    profile, _ = Profile.objects.get_or_create(user=actor)
    wanted |= _quiet(profile, quiet_until, quiet_from, quiet_to)
    changed = {key: value for key, value in wanted.items() if value != getattr(profile, key)}
    if changed:
        change_preferences(actor=actor, profile=profile, changed=changed)
    return selectors.preferences_view(actor)


def _quiet(
    profile: Profile,
    until: datetime | UnsetType | None,
    begins: str | UnsetType | None,
    ends: str | UnsetType | None,
) -> dict[str, Any]:
    """The quiet times that are wanted, of those that were given."""
    wanted: dict[str, Any] = {}
    if not isinstance(until, UnsetType):
        if until is not None and until.tzinfo is None:
            raise Refused("invalid", "The time needs its zone.", field="quiet_until")
        wanted["quiet_until"] = None if until is None or until <= timezone.now() else until
    for field, value in (("quiet_from", begins), ("quiet_to", ends)):
        if not isinstance(value, UnsetType):
            wanted[field] = None if value is None else _time(value, field)
    first, last = (wanted.get(field, getattr(profile, field)) for field in ("quiet_from", "quiet_to"))
    if (first is None) != (last is None) or (first is not None and first == last):
        raise Refused("invalid", "Quiet hours need a beginning and another end.", field="quiet_to")
    return wanted


def _time(value: str, field: str) -> time:
    try:
        found = time.fromisoformat(value)
    except ValueError:
        raise Refused("invalid", "Give a time as 22:00.", field=field) from None
    if found.tzinfo is not None or found.second or found.microsecond:
        raise Refused("invalid", "Give a time as 22:00.", field=field)
    return found


def change_preferences(*, actor: User, profile: Profile, changed: dict[str, Any]) -> None:
    """Writes checked values in the caller's transaction and tells the person's other tabs."""
    seq = log.reserve(actor.topic)
    for key, value in changed.items():
        setattr(profile, key, value)
    profile.save(update_fields=list(changed))
    event = PreferencesChanged(preferences=selectors.preferences_view(actor))
    log.append(topic=actor.topic, seq=seq, event=event, actor_id=actor.pk)
