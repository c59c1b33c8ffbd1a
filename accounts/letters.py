"""Who may be written to and where, and the link with which they stop it without signing in.

Called by apps that send letters and by the page behind the link. Never sends anything itself.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.events import PreferencesView
from accounts.models import Profile, Sanction, User
from accounts.selectors import preferences_of

_SALT: Final = "collab.unsubscribe"


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who gets letters about mentions."""

    id: int
    name: str
    address: str
    preferences: PreferencesView


def readers(ids: Collection[int]) -> dict[int, Reader]:
    """Those of the people who want such letters, can sign in and have a confirmed address, by id."""
    banned = Sanction.objects.active().bans().values("user_id")
    rows = Profile.objects.filter(user__in=ids, email_mentions=True, user__is_active=True)
    able = rows.exclude(user__kind=User.Kind.ASSISTANT).exclude(user__in=banned)
    wanted = {profile.user_id: profile for profile in able}
    found = EmailAddress.objects.filter(user__in=wanted, verified=True).select_related("user").order_by("primary", "pk")
    # The primary address comes last and stays.
    return {
        row.user_id: Reader(row.user_id, str(row.user), row.email, preferences_of(wanted[row.user_id])) for row in found
    }


def unsubscribe_url(user_id: int) -> str:
    """The address that stops letters about mentions; it works without signing in and does not expire."""
    return settings.SITE_URL + reverse("account_unsubscribe", args=[signing.dumps(user_id, salt=_SALT)])


def reader_of(token: str) -> User | None:
    """Whose link this is; None for one that was not made here, or whose account is gone."""
    try:
        user_id = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    return User.objects.filter(pk=user_id).first()
