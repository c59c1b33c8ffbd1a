"""What is done to rooms and messages. Called by the consumer, views, commands and the admin.

Every public function is one transaction and appends at most one event to each topic.
"""

from chat.services.answers import begin_answer, change_answer, say_instead, write_down
from chat.services.attachments import discard_upload, store_upload
from chat.services.attention import mark_unread, set_notify
from chat.services.blocking import block_attachment, block_files
from chat.services.bookmarks import add_bookmark, remove_bookmark
from chat.services.bridged import delete_bridged, edit_bridged, keep_bridged_file, react_bridged, say_bridged
from chat.services.cards import change_card, edit_card, post_card
from chat.services.drafts import choose_version, discard_draft, keep_copy, save_draft
from chat.services.follows import follow_thread, set_thread_read
from chat.services.links import create_link, revoke_link
from chat.services.members import appoint_owner, invite_person, join_room, leave_room, remove_member, set_role
from chat.services.messages import add_reaction, edit_message, remove_reaction, send_message
from chat.services.moderation.cases import claim_case, release_case, undo_decision
from chat.services.moderation.reports import report_message, settle_report
from chat.services.moderation.rules import delete_rule, save_rule
from chat.services.moderation.sanctions import lift_member_sanction, sanction_member
from chat.services.pins import pin_message, unpin_message
from chat.services.reads import set_read
from chat.services.reminders import dismiss_reminder
from chat.services.removal import delete_message
from chat.services.rooms import RoomChange, create_room, open_direct, update_room

__all__ = [
    "RoomChange",
    "add_bookmark",
    "add_reaction",
    "appoint_owner",
    "begin_answer",
    "block_attachment",
    "block_files",
    "change_answer",
    "change_card",
    "choose_version",
    "claim_case",
    "create_link",
    "create_room",
    "delete_bridged",
    "delete_message",
    "delete_rule",
    "discard_draft",
    "discard_upload",
    "dismiss_reminder",
    "edit_bridged",
    "edit_card",
    "edit_message",
    "follow_thread",
    "invite_person",
    "join_room",
    "keep_bridged_file",
    "keep_copy",
    "leave_room",
    "lift_member_sanction",
    "mark_unread",
    "open_direct",
    "pin_message",
    "post_card",
    "react_bridged",
    "release_case",
    "remove_bookmark",
    "remove_member",
    "remove_reaction",
    "report_message",
    "revoke_link",
    "sanction_member",
    "save_draft",
    "save_rule",
    "say_bridged",
    "say_instead",
    "send_message",
    "set_notify",
    "set_read",
    "set_role",
    "set_thread_read",
    "settle_report",
    "store_upload",
    "undo_decision",
    "unpin_message",
    "update_room",
    "write_down",
]
