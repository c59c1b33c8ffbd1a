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
from editor.selectors.reverting import edited_anywhere, edited_documents, revert_preview
from editor.selectors.suggestions import suggestions

__all__ = [
    "Opening",
    "blame",
    "discussions",
    "document_list",
    "document_topic",
    "document_view",
    "edited_anywhere",
    "edited_documents",
    "find_document",
    "history",
    "open_document",
    "revert_preview",
    "room_of",
    "said_then",
    "suggestions",
    "unbound",
    "updates_after",
    "view_document",
    "view_text",
]
