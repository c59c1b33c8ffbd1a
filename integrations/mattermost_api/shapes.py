"""What programs made for Mattermost read: our people, rooms and messages as its objects, complete ones.

Used by the views and the socket. Pure: never touches Django or a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from accounts.events import PersonView
from chat.shapes import AttachmentView, MessageView, RoomView
from integrations import attachments, emoji
from integrations.mattermost_api import ids

Object = dict[str, Any]

VERSION: Final = "6.7.0"
"""Whose behaviour is offered."""
BOT: Final = "bot"
TEAM_NAME: Final = "collab"
KINDS: Final = {"public": "O", "private": "P", "direct": "D", "group": "G"}


def millis(at: datetime | None) -> int:
    """A moment in milliseconds since 1970; 0 for none."""
    return 0 if at is None else int(at.timestamp() * 1000)


def user(person: PersonView) -> Object:
    """A person; never with an e-mail address."""
    made: Object = {
        "id": ids.of_user(person.id),
        "create_at": 1,
        "update_at": 1,
        "delete_at": 0,
        "username": person.name,
        "auth_data": "",
        "auth_service": "",
        "email": "",
        "email_verified": True,
        "nickname": "" if person.display_name == person.name else person.display_name,
        "first_name": "",
        "last_name": "",
        "position": "",
        "roles": "system_user",
        "props": {},
        "notify_props": {},
        "last_password_update": 0,
        "last_picture_update": 0,
        "locale": "en",
        "timezone": {"automaticTimezone": "", "manualTimezone": "", "useAutomaticTimezone": "true"},
        "disable_welcome_email": False,
    }
    if person.kind != "human":
        made |= {"is_bot": True, "bot_description": "", "bot_last_icon_update": 0}
    return made


def team(site_name: str) -> Object:
    """The site, as the one team."""
    return {
        "id": ids.TEAM_ID,
        "create_at": 1,
        "update_at": 1,
        "delete_at": 0,
        "display_name": site_name,
        "name": TEAM_NAME,
        "description": "",
        "email": "",
        "type": "O",
        "company_name": "",
        "allowed_domains": "",
        "invite_id": "",
        "allow_open_invite": False,
        "scheme_id": None,
        "group_constrained": None,
        "policy_id": None,
    }


def team_member(user_id: int) -> Object:
    """Somebody of the one team."""
    return {"team_id": ids.TEAM_ID, "user_id": ids.of_user(user_id), "roles": "team_user", "delete_at": 0}


def is_direct(room: RoomView) -> bool:
    """Whether a room is a conversation of certain people, which belongs to no team."""
    return room.kind in {"direct", "group"}


def channel_name(room: RoomView, people: list[PersonView]) -> str:
    """The part of an address; of a direct conversation the identifiers of both."""
    if room.kind == "direct":
        return "__".join(sorted(ids.of_user(person.id) for person in people))
    return room.slug


def channel(room: RoomView, people: list[PersonView], *, last_at: datetime | None = None, posts: int = 0) -> Object:
    """A room.

    Args:
        room: which.
        people: of a direct conversation all that are in it, else nobody.
        last_at: when something was said last.
        posts: how many posts it has.
    """
    shown = room.name or ", ".join(person.display_name for person in people)
    return {
        "id": ids.of_room(room.id),
        "create_at": 1,
        "update_at": max(1, millis(room.archived_at)),
        "delete_at": millis(room.archived_at),
        "team_id": "" if is_direct(room) else ids.TEAM_ID,
        "type": KINDS[room.kind],
        "display_name": shown,
        "name": channel_name(room, people),
        "header": "",
        "purpose": room.purpose,
        "last_post_at": millis(last_at),
        "total_msg_count": posts,
        "total_msg_count_root": posts,
        "last_root_post_at": millis(last_at),
        "extra_update_at": 0,
        "creator_id": "",
        "scheme_id": None,
        "props": None,
        "group_constrained": None,
        "shared": None,
        "policy_id": None,
    }


def channel_member(room_id: int, user_id: int, role: str) -> Object:
    """Somebody in a room."""
    leads = role in {"owner", "moderator"}
    return {
        "channel_id": ids.of_room(room_id),
        "user_id": ids.of_user(user_id),
        "roles": "channel_user channel_admin" if leads else "channel_user",
        "last_viewed_at": 0,
        "msg_count": 0,
        "msg_count_root": 0,
        "mention_count": 0,
        "mention_count_root": 0,
        "urgent_mention_count": 0,
        "notify_props": {},
        "last_update_at": 1,
        "scheme_guest": role == "guest",
        "scheme_user": role != "guest",
        "scheme_admin": leads,
        "explicit_roles": "",
    }


def reaction(message_id: UUID, user_id: int, symbol: str, at: int) -> Object:
    """An emoji under a post; `at` 0 for one that was taken away."""
    return {
        "user_id": ids.of_user(user_id),
        "post_id": ids.of_uuid(message_id),
        "emoji_name": emoji.name_of(symbol),
        "create_at": at,
        "update_at": at,
        "delete_at": 0,
        "remote_id": "",
    }


def reactions(view: MessageView) -> list[Object]:
    """All emoji under a message."""
    at = millis(view.created_at)
    return [reaction(view.id, person, one.emoji, at) for one in view.reactions for person in one.users]


def file_info(file: AttachmentView, *, room_id: int, owner: int | None, at: int, message_id: UUID | None) -> Object:
    """A file."""
    made: Object = {
        "id": ids.of_uuid(file.id),
        "user_id": ids.of_user(owner),
        "channel_id": ids.of_room(room_id),
        "create_at": at,
        "update_at": at,
        "delete_at": 0,
        "name": file.name,
        "extension": file.name.rpartition(".")[2] if "." in file.name else "",
        "size": file.size_bytes,
        "mime_type": file.content_type,
        "mini_preview": None,
        "remote_id": "",
        "has_preview_image": file.thumbnail is not None,
    }
    if message_id is not None:
        made["post_id"] = ids.of_uuid(message_id)
    if file.width and file.height:
        made |= {"width": file.width, "height": file.height}
    return made


def post(
    view: MessageView,
    *,
    props: Mapping[str, Any],
    updated_at: datetime,
    gone_at: datetime | None,
    pending: str = "",
) -> Object:
    """A message; one that was deleted has no text."""
    at = millis(view.created_at)
    shown = [] if gone_at else [file for file in view.attachments if not file.blocked]
    files = [file_info(one, room_id=view.room, owner=view.author, at=at, message_id=view.id) for one in shown]
    metadata: Object = {}
    if files:
        metadata["files"] = files
    if view.reactions and not gone_at:
        metadata["reactions"] = reactions(view)
    made: Object = {
        "id": ids.of_uuid(view.id),
        "create_at": at,
        "update_at": millis(updated_at),
        "edit_at": millis(view.edited_at),
        "delete_at": millis(gone_at),
        "is_pinned": view.pinned,
        "user_id": ids.of_user(view.author),
        "channel_id": ids.of_room(view.room),
        "root_id": ids.of_uuid(view.thread_root) if view.thread_root else "",
        "original_id": "",
        "message": "" if gone_at else attachments.bare(view.body, props),
        "type": "slack_attachment" if props.get("attachments") else "",
        "props": {} if gone_at else dict(props),
        "hashtags": "",
        "file_ids": [one["id"] for one in files],
        "pending_post_id": pending,
        "reply_count": view.thread.replies if view.thread else 0,
        "last_reply_at": millis(view.thread.last_at) if view.thread else 0,
        "participants": None,
        "metadata": metadata,
    }
    if "reactions" in metadata:
        made["has_reactions"] = True
    return made
