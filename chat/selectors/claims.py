"""Who is deciding about which reported message.

Called by the back office. Shown to moderators only, who may all decide.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from accounts import selectors as accounts
from chat.models import CaseClaim

if TYPE_CHECKING:
    from accounts.events import PersonView


def deciders(message_ids: Collection[UUID], *, without: int) -> dict[UUID, PersonView]:
    """Who is deciding about each of these messages now; oneself is not told of."""
    held = CaseClaim.objects.filter(message__in=message_ids, until__gt=timezone.now()).exclude(by=without)
    by = dict(held.values_list("message", "by"))
    people = accounts.people_views(set(by.values())) if by else {}
    return {message: people[user] for message, user in by.items() if user in people}
