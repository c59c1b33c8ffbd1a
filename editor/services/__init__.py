"""What is done to documents. Called by the consumer, the line of each document, the JSON API and commands.

Every public function is one transaction. What concerns the list of documents is one event of the room; edits are the
document's own log.
"""

from editor.services.anchors import catch_up_anchors
from editor.services.discussions import bind_messages, resolve_discussion
from editor.services.documents import (
    DocumentChange,
    bring_back,
    create_document,
    delete_document,
    update_document,
)
from editor.services.replacing import replace_text
from editor.services.updates import Push, submit_batch, submit_updates
from editor.services.versions import name_version, restore_version

__all__ = [
    "DocumentChange",
    "Push",
    "bind_messages",
    "bring_back",
    "catch_up_anchors",
    "create_document",
    "delete_document",
    "name_version",
    "replace_text",
    "resolve_discussion",
    "restore_version",
    "submit_batch",
    "submit_updates",
    "update_document",
]
