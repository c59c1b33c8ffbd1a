"""Events for programs that are none for people: a reaction given twice, a post changed in nothing but its props.

Called by the views of posts, from any thread. They reach the sockets of this process only: whoever misses one
misses nothing that reading the post would not tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from realtime.hub import hub

Listener = Callable[[int, str, dict[str, Any]], None]
_listeners: Final[dict[Listener, None]] = {}


def listen(listener: Listener) -> None:
    """Calls somebody on the loop with room id, name and data of each such event, until `forget`."""
    _listeners[listener] = None


def forget(listener: Listener) -> None:
    """Calls them no more."""
    _listeners.pop(listener, None)


def tell_again(room_id: int, name: str, **objects: Any) -> None:
    """Tells the sockets that hear a room; each object goes as a JSON string, as in all such events."""
    data = {key: msgspec.json.encode(value).decode() for key, value in objects.items()}

    def tell() -> None:
        for listener in list(_listeners):
            listener(room_id, name, data)

    hub.on_loop(tell)
