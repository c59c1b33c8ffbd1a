"""The shapes of rooms, messages and people that snapshots (HTTP) and events (WebSocket) share.

A module for each matter. Made by chat.selectors, sent by chat.events and chat.views; generated into TypeScript.
Pure: never touches Django, a database or a socket.
"""

from chat.shapes.messages import (
    BesideView,
    MessagePage,
    MessageView,
    QuoteView,
    ReactionView,
    RevisionView,
    Seq,
    ThreadSnapshot,
    ThreadView,
)
from chat.shapes.rooms import (
    BrowseRoom,
    HomeSnapshot,
    LinkView,
    MemberView,
    PresenceView,
    RoomSnapshot,
    RoomSummary,
    RoomView,
)

__all__ = [
    "BesideView",
    "BrowseRoom",
    "HomeSnapshot",
    "LinkView",
    "MemberView",
    "MessagePage",
    "MessageView",
    "PresenceView",
    "QuoteView",
    "ReactionView",
    "RevisionView",
    "RoomSnapshot",
    "RoomSummary",
    "RoomView",
    "Seq",
    "ThreadSnapshot",
    "ThreadView",
]
