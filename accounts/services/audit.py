"""The trail of what people with power did.

Called by the other services inside their transaction. Never changes or removes a row.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.models import AuditEntry, User


@transaction.atomic
def record_audit(
    *, actor: User | None, action: str, target: str, reason: str = "", detail: dict[str, Any] | None = None
) -> None:
    """Adds a row to the trail, inside the transaction of what it tells of.

    The actor's name is kept beside the actor: the row outlives their account and is never changed.

    Args:
        action: for example `sanction.ban`.
        target: for example `user:7`.
    """
    AuditEntry.objects.create(
        actor=actor,
        actor_name=actor.username if actor is not None else "",
        action=action,
        target=target,
        reason=reason[:500],
        detail=detail or {},
    )
