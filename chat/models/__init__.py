"""Chat's tables. Private to the app: others use foreign keys by string, `chat.selectors` and `chat.services`."""

from chat.models.answers import Answer
from chat.models.attachments import Attachment
from chat.models.attention import Bookmark, Pin, Reminder, ThreadFollow
from chat.models.cards import Card
from chat.models.drafts import Draft, DraftCopy
from chat.models.imports import ImportedLine
from chat.models.messages import Beside, Mention, Message, MessageRevision, Reaction
from chat.models.moderation import CaseClaim, Report, WordRule
from chat.models.rooms import Membership, Room, RoomInvite
from chat.models.search import SearchEntry

__all__ = [
    "Answer",
    "Attachment",
    "Beside",
    "Bookmark",
    "Card",
    "CaseClaim",
    "Draft",
    "DraftCopy",
    "ImportedLine",
    "Membership",
    "Mention",
    "Message",
    "MessageRevision",
    "Pin",
    "Reaction",
    "Reminder",
    "Report",
    "Room",
    "RoomInvite",
    "SearchEntry",
    "ThreadFollow",
    "WordRule",
]
