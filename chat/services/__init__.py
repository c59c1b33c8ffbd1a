"""What is done to rooms and messages. Called by the consumer, views, commands and the admin.

Every public function is one transaction and appends at most one event to each topic.
"""

from chat.services.links import create_link, revoke_link
from chat.services.members import appoint_owner, invite_person, join_room, leave_room, remove_member, set_role
from chat.services.messages import add_reaction, edit_message, remove_reaction, send_message
from chat.services.reads import set_read
from chat.services.removal import delete_message
from chat.services.rooms import RoomChange, create_room, open_direct, update_room

__all__ = [
    "RoomChange",
    "add_reaction",
    "appoint_owner",
    "create_link",
    "create_room",
    "delete_message",
    "edit_message",
    "invite_person",
    "join_room",
    "leave_room",
    "open_direct",
    "remove_member",
    "remove_reaction",
    "revoke_link",
    "send_message",
    "set_read",
    "set_role",
    "update_room",
]
