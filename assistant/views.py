"""Texts of runs: how far one is, and what was answered before. Session cookie, GET only.

Called by the page's script through assistant.urls. Changes nothing, and decides nothing: selectors do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest

from assistant.selectors import runs as selectors
from chat.api import endpoint

if TYPE_CHECKING:
    from accounts.models import User


@endpoint
def run(request: HttpRequest, user: User, run_id: UUID) -> Any:
    """The text of a run so far."""
    return selectors.run_view(actor=user, run_id=run_id)


@endpoint
def answers(request: HttpRequest, user: User, message_id: UUID) -> Any:
    """All answers that stood in a message's place, newest first."""
    return selectors.answers(actor=user, message_id=message_id)
