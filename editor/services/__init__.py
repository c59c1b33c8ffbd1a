"""What is done to documents. Called by the consumer, the line of each document, the JSON API and commands.

Every public function is one transaction. What concerns the list of documents is one event of the room; edits are the
document's own log.
"""

from editor.proposing import Edit
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
from editor.services.reverting import revert_updates
from editor.services.suggestions import decide_hunk, decide_suggestion, propose_edits, undo_hunk
from editor.services.updates import Push, submit_batch, submit_updates
from editor.services.versions import name_version, restore_version
from editor.services.writing import apply_edits, hide_caret, show_caret

__all__ = [
    "DocumentChange",
    "Edit",
    "Push",
    "apply_edits",
    "bind_messages",
    "bring_back",
    "catch_up_anchors",
    "create_document",
    "decide_hunk",
    "decide_suggestion",
    "delete_document",
    "hide_caret",
    "name_version",
    "propose_edits",
    "replace_text",
    "resolve_discussion",
    "restore_version",
    "revert_updates",
    "show_caret",
    "submit_batch",
    "submit_updates",
    "undo_hunk",
    "update_document",
]
