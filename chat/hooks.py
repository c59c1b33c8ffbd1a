"""Tells the apps above chat of each stored message.

Called by chat.services.messages. A listener writes a row and returns; one that fails is logged and changes nothing.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from chat.shapes import MessageView

logger = logging.getLogger(__name__)


def message_posted(message: MessageView) -> None:
    """Calls each path of settings.MESSAGE_POSTED_HOOKS with `message=` after the commit; never raises."""
    for path in settings.MESSAGE_POSTED_HOOKS:
        transaction.on_commit(lambda path=path: _call(path, message))  # type: ignore[misc]


def _call(path: str, message: MessageView) -> None:
    try:
        import_string(path)(message=message)
    except Exception:
        logger.exception("The hook %s failed for message %s", path, message.id)
