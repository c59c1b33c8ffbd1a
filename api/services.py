"""A wish is fulfilled once, however often it is sent. Called by the dispatcher and the command that prunes.

Never decides whether a wish may be fulfilled: that is the service behind it, which runs inside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from api.models import IdempotencyKey
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

KEPT: Final = timedelta(hours=24)
"""How long the repeat of a wish is known."""
USED: Final = "This Idempotency-Key was used for another request."


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer: its status, its JSON, and whether it was given before."""

    status: int
    body: str
    replayed: bool = False


def perform_once(*, actor: User, key: str, request_hash: str, deed: Callable[[], Outcome]) -> Outcome:
    """Does it, or answers what was answered to the same wish in the last day.

    Key, deed and answer are one transaction: either all of them are stored or nothing. A repeat that comes meanwhile
    waits for the first. What was refused is not kept, for nothing was done.

    Args:
        actor: whose wish it is; others may use the same key.
        key: the client's name of the wish.
        request_hash: of all that was asked.
        deed: does it; its services join the transaction.

    Raises:
        Refused: `conflict` when the key was used for something else; whatever the deed raises.
    """
    try:
        return _perform(actor, key, request_hash, deed)
    except IntegrityError:
        kept = IdempotencyKey.objects.filter(user=actor, key=key).first()
        if kept is None:
            raise
        return _again(kept, request_hash)


@transaction.atomic
def _perform(actor: User, key: str, request_hash: str, deed: Callable[[], Outcome]) -> Outcome:
    now = timezone.now()
    kept = IdempotencyKey.objects.filter(user=actor, key=key).first()
    if kept is not None and kept.created_at > now - KEPT:
        return _again(kept, request_hash)
    if kept is not None:
        kept.delete()
    # The unique constraint lets one of several in, and the others wait here for its end.
    row = IdempotencyKey.objects.create(user=actor, key=key, request_hash=request_hash, created_at=now)
    outcome = deed()
    IdempotencyKey.objects.filter(pk=row.pk).update(status=outcome.status, body=outcome.body)
    return outcome


def _again(kept: IdempotencyKey, request_hash: str) -> Outcome:
    if kept.request_hash != request_hash:
        raise Refused("conflict", USED, field="Idempotency-Key")
    return Outcome(kept.status, kept.body, replayed=True)


@transaction.atomic
def prune_keys(*, dry_run: bool = False) -> int:
    """Forgets wishes of more than a day ago; returns how many."""
    old = IdempotencyKey.objects.filter(created_at__lte=timezone.now() - KEPT)
    return old.count() if dry_run else old.delete()[0]
