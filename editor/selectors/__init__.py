"""Questions about documents: which there are, what they say and said, who wrote it.

Called by services, the consumer, the JSON API and commands. Never writes, and shows nobody a room they may not see.
"""

from editor.selectors.discussions import discussions, unbound
from editor.selectors.documents import (
    Opening,
    document_list,
    document_topic,
    document_view,
    find_document,
    open_document,
    room_of,
    view_document,
    view_text,
)
from editor.selectors.history import blame, history, said_then, updates_after

__all__ = [
    "Opening",
    "blame",
    "discussions",
    "document_list",
    "document_topic",
    "document_view",
    "find_document",
    "history",
    "open_document",
    "room_of",
    "said_then",
    "unbound",
    "updates_after",
    "view_document",
    "view_text",
]
