"""The boards of the demo: what happens in its rooms, how fast the site is, and one that a room draws on together.

Called by seed_demo, in its transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from dashboard import services
from dashboard.services.history import count_again

if TYPE_CHECKING:
    from accounts.models import User

COUNTED: Final = timedelta(hours=26)
ROOM: Final = "realtime-core"
OWNER: Final = "mina"
"""Of that room."""


def make_boards(*, people: Mapping[str, User], staff: Sequence[str], rooms: Mapping[str, int], now: datetime) -> None:
    """Makes the platform's board, one of each member of staff, and that of a room, with what was counted since."""
    count_again(since=now - COUNTED, now=now)
    services.ensure_site_board()
    for name in staff:
        services.create_board(actor=people[name], name="Realtime health", template="health")
    if ROOM in rooms:
        services.ensure_room_board(actor=people[OWNER], room_id=rooms[ROOM])
