"""Chat's tables. Private to the app: others use foreign keys by string, `chat.selectors` and `chat.services`."""

from chat.models.imports import ImportedLine
from chat.models.messages import Beside, Mention, Message, MessageRevision, Reaction
from chat.models.rooms import Membership, Room, RoomInvite

__all__ = [
    "Beside",
    "ImportedLine",
    "Membership",
    "Mention",
    "Message",
    "MessageRevision",
    "Reaction",
    "Room",
    "RoomInvite",
]
