"""Questions about documents: which there are, what they say and said, who wrote it.

Called by services, the consumer, the JSON API and commands. Never writes, and shows nobody a room they may not see.
"""

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

__all__ = [
    "Opening",
    "document_list",
    "document_topic",
    "document_view",
    "find_document",
    "open_document",
    "room_of",
    "view_document",
    "view_text",
]
