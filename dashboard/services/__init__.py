"""What is done with numbers and boards. Called by consumers, views, the recorder and commands.

Every public function is one transaction and appends at most one event to each topic.
"""

from dashboard.services.boards import (
    change_board,
    create_board,
    delete_board,
    discard_draft,
    ensure_room_board,
    ensure_site_board,
    publish_board,
)
from dashboard.services.panels import add_panel, change_panel, remove_panel
from dashboard.services.shares import share_board, unshare_board
from dashboard.services.watches import end_watches, renew_watches

__all__ = [
    "add_panel",
    "change_board",
    "change_panel",
    "create_board",
    "delete_board",
    "discard_draft",
    "end_watches",
    "ensure_room_board",
    "ensure_site_board",
    "publish_board",
    "remove_panel",
    "renew_watches",
    "share_board",
    "unshare_board",
]
