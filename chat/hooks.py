"""Tells the apps above chat of each stored message, and of those that go.

Called by chat.services. Who hears of a stored one writes a row and returns; if that fails it is logged and changes
nothing. Who hears of one that goes takes part in its end: if that fails, nothing is deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from functools import partial
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from chat.shapes import MessageView
from realtime.committed import after_commit

logger = logging.getLogger(__name__)


def message_posted(message: MessageView) -> None:
    """Calls each path of settings.MESSAGE_POSTED_HOOKS with `message=` after the commit; never raises."""
    for path in settings.MESSAGE_POSTED_HOOKS:
        after_commit(partial(_call, path, message))


def messages_gone(ids: Collection[UUID]) -> None:
    """Calls each path of settings.MESSAGES_GONE_HOOKS with `ids=`, inside the transaction that deletes the messages."""
    for path in settings.MESSAGES_GONE_HOOKS:
        import_string(path)(ids=ids)


def _call(path: str, message: MessageView) -> None:
    try:
        import_string(path)(message=message)
    except Exception:
        logger.exception("The hook %s failed for message %s", path, message.id)
