"""What programs keep beside their messages. Called by the Mattermost-compatible API. Never writes.

Asks nobody's rights: whoever calls has the messages already.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from integrations.models import PostProps


def pending_of(ids: Collection[UUID]) -> dict[UUID, str]:
    """What those of the messages were called by the programs that sent them, in one query."""
    rows = PostProps.objects.filter(pk__in=ids).exclude(pending="") if ids else PostProps.objects.none()
    return dict(rows.values_list("pk", "pending"))


def props_of(ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The props of those messages that have some, in one query."""
    return dict(PostProps.objects.filter(pk__in=ids).values_list("pk", "props")) if ids else {}
