"""Hears of each message that was posted: one about lines of a document is bound to them.

Called by chat.hooks after the commit. Writes a row and returns; what it misses is made up for when somebody reads.
"""

from __future__ import annotations

from chat.shapes import MessageView
from editor import services


def bind_message(*, message: MessageView) -> None:
    """Binds a message that carries a range of a document."""
    beside = message.beside
    if beside is None or beside.start is None or message.thread_root is not None:
        return
    kind, _, document_id = beside.topic.partition(":")
    if kind == "document":
        services.bind_messages(document_id=int(document_id))
