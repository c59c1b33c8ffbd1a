"""Tells the apps above chat of each stored message, and of those that go.

Called by chat.services. Who hears of a stored one writes a row and returns; if that fails it is logged and changes
nothing. Who hears of one that goes takes part in its end: if that fails, nothing is deleted. Who knows another system
is asked whether what was written there may be changed here.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from chat.shapes import MessageView
from realtime.committed import after_commit

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)


def message_posted(message: MessageView) -> None:
    """Calls each path of settings.MESSAGE_POSTED_HOOKS with `message=` after the commit; never raises."""
    # One callback for all: to register each cost as much as a query.
    after_commit(partial(_tell, settings.MESSAGE_POSTED_HOOKS, message))


def messages_gone(ids: Collection[UUID]) -> None:
    """Calls each path of settings.MESSAGES_GONE_HOOKS with `ids=`, inside the transaction that deletes the messages."""
    for path in settings.MESSAGES_GONE_HOOKS:
        import_string(path)(ids=ids)


def check_bridged_edit(*, actor: User, message_id: UUID) -> None:
    """Asks settings.BRIDGED_EDIT_HOOK whether somebody may change here what they wrote elsewhere.

    Raises:
        Refused: they may not, with the reason in words.
    """
    if settings.BRIDGED_EDIT_HOOK:
        import_string(settings.BRIDGED_EDIT_HOOK)(actor=actor, message_id=message_id)


def _tell(paths: Sequence[str], message: MessageView) -> None:
    for path in paths:
        try:
            import_string(path)(message=message)
        except Exception:
            logger.exception("The hook %s failed for message %s", path, message.id)
