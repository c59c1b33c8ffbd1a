"""Questions about rooms and messages. Called by services, views, consumers and commands.

Never writes, and shows nobody a room that they may not see: unknown and forbidden are both `not_found`.
"""

from chat.selectors.answers import Asked, asked_in, called_lately, companion_in, is_deleted, is_with
from chat.selectors.attachments import StoredFile, check_upload, find_file, upload_list
from chat.selectors.attention import attention_view, mentions_page, pins_page, saved_page, threads_page
from chat.selectors.beside import Said, messages_about
from chat.selectors.browse import browse_rooms, invite_links, link_page, visible_topics
from chat.selectors.drafts import draft_copies, drafts_of
from chat.selectors.home import home_snapshot, summary_of
from chat.selectors.messages import message_page, message_place, revisions, thread_snapshot
from chat.selectors.moderation import room_cases, room_sanctions
from chat.selectors.moment import one_moment
from chat.selectors.people import find_people, may_type
from chat.selectors.rights import Rights, refuse_to_write, rights_in, rights_of
from chat.selectors.rooms import room_by_slug, room_snapshot
from chat.selectors.search import search
from chat.selectors.then import Uttered, newest_at, said_then

__all__ = [
    "Asked",
    "Rights",
    "Said",
    "StoredFile",
    "Uttered",
    "asked_in",
    "attention_view",
    "browse_rooms",
    "called_lately",
    "check_upload",
    "companion_in",
    "draft_copies",
    "drafts_of",
    "find_file",
    "find_people",
    "home_snapshot",
    "invite_links",
    "is_deleted",
    "is_with",
    "link_page",
    "may_type",
    "mentions_page",
    "message_page",
    "message_place",
    "messages_about",
    "newest_at",
    "one_moment",
    "pins_page",
    "refuse_to_write",
    "revisions",
    "rights_in",
    "rights_of",
    "room_by_slug",
    "room_cases",
    "room_sanctions",
    "room_snapshot",
    "said_then",
    "saved_page",
    "search",
    "summary_of",
    "thread_snapshot",
    "threads_page",
    "upload_list",
    "visible_topics",
]
