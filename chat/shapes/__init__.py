"""The shapes of rooms, messages and people that snapshots (HTTP) and events (WebSocket) share.

A module for each matter. Made by chat.selectors, sent by chat.events and chat.views; generated into TypeScript.
Pure: never touches Django, a database or a socket.
"""

from chat.shapes.attachments import AttachmentView, UploadLimits, UploadList
from chat.shapes.attention import (
    AttentionView,
    FollowedThread,
    MentionsPage,
    MentionView,
    PinsPage,
    PinView,
    SavedMark,
    SavedPage,
    SavedView,
    ThreadMark,
    ThreadsPage,
)
from chat.shapes.cards import AlertCard, CardView, ChartCard, FieldView, WebhookAttachment
from chat.shapes.commands import ReminderView, SlashView
from chat.shapes.drafts import DraftCopyView, DraftView
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
from chat.shapes.moderation import CaseView, ReportView, SanctionView
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
from chat.shapes.runs import RunView, SourceView
from chat.shapes.search import (
    DocumentFound,
    FileFound,
    MessageFound,
    SearchAnswer,
    SearchCounts,
    SearchFacet,
    SearchPiece,
    SearchProblem,
)

__all__ = [
    "AlertCard",
    "AttachmentView",
    "AttentionView",
    "BesideView",
    "BrowseRoom",
    "CardView",
    "CaseView",
    "ChartCard",
    "DocumentFound",
    "DraftCopyView",
    "DraftView",
    "FieldView",
    "FileFound",
    "FollowedThread",
    "HomeSnapshot",
    "LinkView",
    "MemberView",
    "MentionView",
    "MentionsPage",
    "MessageFound",
    "MessagePage",
    "MessageView",
    "PinView",
    "PinsPage",
    "PresenceView",
    "QuoteView",
    "ReactionView",
    "ReminderView",
    "ReportView",
    "RevisionView",
    "RoomSnapshot",
    "RoomSummary",
    "RoomView",
    "RunView",
    "SanctionView",
    "SavedMark",
    "SavedPage",
    "SavedView",
    "SearchAnswer",
    "SearchCounts",
    "SearchFacet",
    "SearchPiece",
    "SearchProblem",
    "Seq",
    "SlashView",
    "SourceView",
    "ThreadMark",
    "ThreadSnapshot",
    "ThreadView",
    "ThreadsPage",
    "UploadLimits",
    "UploadList",
    "WebhookAttachment",
]
