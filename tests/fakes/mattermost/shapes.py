"""What the imitated server says: ids, refusals, and the JSON of posts, people, teams, channels and files.

Called by every module of this fake. Never decides who may do what.
"""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass, field
from typing import Any, Final

ALPHABET: Final = "ybndrfg8ejkmcpqxot1uwisza345h769"
ID_CHARS: Final = 26
MESSAGE_CHARS_MOST: Final = 16_383
PROPS_CHARS_MOST: Final = 800_000
FILE_IDS_CHARS_MOST: Final = 300
FILE_BYTES_MOST: Final = 100 * 1024 * 1024


class Clock:
    """The server's time: the machine's, and whatever a test added to it."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def advance(self, seconds: float) -> None:
        """Lets time pass for the server alone."""
        self._ahead += seconds

    def seconds(self) -> float:
        """Now, as seconds since 1970."""
        return time.time() + self._ahead

    def ms(self) -> int:
        """Now, as the milliseconds in which the server tells every time."""
        return int(self.seconds() * 1000)


class Ids:
    """Ids of 26 characters, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def new(self) -> str:
        """An id that was not given before."""
        return "".join(self._random.choices(ALPHABET, k=ID_CHARS))


def looks_like_id(text: str) -> bool:
    """Whether the server would take this for an id at all."""
    return len(text) == ID_CHARS and text.isascii() and text.isalnum()


class Refusal(Exception):
    """An answer that is an error, in the server's shape."""

    def __init__(self, status: int, code: str, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.detail = status, code, message, detail


def forbidden(code: str = "api.context.permissions.app_error") -> Refusal:
    """What is not allowed, unknown channels among it."""
    return Refusal(403, code, "You may not do this.")


def not_found(code: str, what: str) -> Refusal:
    """What is not there."""
    return Refusal(404, code, f"There is no such {what}.")


def invalid(code: str, what: str) -> Refusal:
    """What the server cannot make sense of."""
    return Refusal(400, code, f"Invalid {what}.")


def compact(value: Any) -> str:
    """JSON as a Go program writes it: no blanks, and nothing that HTML could take for a tag."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@dataclass(slots=True)
class User:
    """A person or a bot."""

    id: str
    username: str
    email: str
    password: str
    create_at: int
    roles: str = "system_user"
    nickname: str = ""
    first_name: str = ""
    last_name: str = ""
    update_at: int = 0
    delete_at: int = 0
    is_bot: bool = False
    status: str = "offline"

    @property
    def is_admin(self) -> bool:
        """Whether this is an administrator of the whole server."""
        return "system_admin" in self.roles.split()

    def json(self) -> dict[str, Any]:
        """As REST and events tell of it; `is_bot` is there only where it is true."""
        told: dict[str, Any] = {
            "id": self.id,
            "create_at": self.create_at,
            "update_at": self.update_at or self.create_at,
            "delete_at": self.delete_at,
            "username": self.username,
            "auth_data": "",
            "auth_service": "",
            "email": self.email,
            "nickname": self.nickname,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "position": "",
            "roles": self.roles,
            "locale": "en",
            "timezone": {"automaticTimezone": "", "manualTimezone": "", "useAutomaticTimezone": "true"},
            "disable_welcome_email": False,
        }
        return told | ({"is_bot": True, "bot_description": ""} if self.is_bot else {})


@dataclass(slots=True)
class Team:
    """A team and who is in it."""

    id: str
    name: str
    display_name: str
    create_at: int
    members: set[str] = field(default_factory=set)

    def json(self) -> dict[str, Any]:
        """As REST tells of it."""
        return {
            "id": self.id,
            "create_at": self.create_at,
            "update_at": self.create_at,
            "delete_at": 0,
            "display_name": self.display_name,
            "name": self.name,
            "description": "",
            "email": "",
            "type": "O",
            "allow_open_invite": True,
        }


@dataclass(slots=True)
class Channel:
    """A channel and who is in it. Direct ones have no team."""

    id: str
    team_id: str
    name: str
    display_name: str
    type: str
    create_at: int
    creator_id: str = ""
    header: str = ""
    update_at: int = 0
    delete_at: int = 0
    last_post_at: int = 0
    total_msg_count: int = 0
    members: set[str] = field(default_factory=set)

    def json(self) -> dict[str, Any]:
        """As REST and events tell of it."""
        return {
            "id": self.id,
            "create_at": self.create_at,
            "update_at": self.update_at or self.create_at,
            "delete_at": self.delete_at,
            "team_id": self.team_id,
            "type": self.type,
            "display_name": self.display_name,
            "name": self.name,
            "header": self.header,
            "purpose": "",
            "last_post_at": self.last_post_at,
            "total_msg_count": self.total_msg_count,
            "extra_update_at": 0,
            "creator_id": self.creator_id,
            "props": None,
            "shared": None,
        }


@dataclass(slots=True)
class File:
    """An uploaded file; it belongs to a post once one named it."""

    id: str
    user_id: str
    channel_id: str
    name: str
    data: bytes
    mime_type: str
    create_at: int
    post_id: str = ""
    width: int = 0
    height: int = 0

    def json(self) -> dict[str, Any]:
        """As REST and the metadata of posts tell of it."""
        told: dict[str, Any] = {"id": self.id, "user_id": self.user_id}
        if self.post_id:
            told["post_id"] = self.post_id
        told |= {
            "channel_id": "",
            "create_at": self.create_at,
            "update_at": self.create_at,
            "delete_at": 0,
            "name": self.name,
            "extension": self.name.rpartition(".")[2] if "." in self.name else "",
            "size": len(self.data),
            "mime_type": self.mime_type,
        }
        if self.width:
            told |= {"width": self.width, "height": self.height, "has_preview_image": True}
        return told | {"mini_preview": None, "remote_id": ""}


@dataclass(slots=True)
class Reaction:
    """One person's emoji on one post."""

    user_id: str
    post_id: str
    emoji_name: str
    create_at: int
    update_at: int

    def json(self) -> dict[str, Any]:
        """As REST and events tell of it."""
        return {
            "user_id": self.user_id,
            "post_id": self.post_id,
            "emoji_name": self.emoji_name,
            "create_at": self.create_at,
            "update_at": self.update_at,
            "delete_at": 0,
            "remote_id": "",
        }


@dataclass(slots=True)
class Post:
    """A row of the posts' table: a live post, a deleted one, or (with `original_id`) an earlier text of one."""

    id: str
    user_id: str
    channel_id: str
    create_at: int
    update_at: int
    message: str = ""
    type: str = ""
    root_id: str = ""
    original_id: str = ""
    edit_at: int = 0
    delete_at: int = 0
    is_pinned: bool = False
    props: dict[str, Any] = field(default_factory=dict)
    file_ids: list[str] = field(default_factory=list)
    reactions: dict[tuple[str, str], Reaction] = field(default_factory=dict)


def post_json(
    post: Post, *, files: dict[str, File], always_file_ids: bool, reply_count: int = 0, pending: str = ""
) -> dict[str, Any]:
    """A post as REST and events tell of it, in the server's order of keys."""
    told: dict[str, Any] = {
        "id": post.id,
        "create_at": post.create_at,
        "update_at": post.update_at,
        "edit_at": post.edit_at,
        "delete_at": post.delete_at,
        "is_pinned": post.is_pinned,
        "user_id": post.user_id,
        "channel_id": post.channel_id,
        "root_id": post.root_id,
        "original_id": post.original_id,
        "message": "" if post.delete_at else post.message,
        "type": post.type,
        "props": post.props,
        "hashtags": "",
    }
    if post.file_ids or always_file_ids:
        told["file_ids"] = list(post.file_ids)
    told["pending_post_id"] = pending
    if post.reactions:
        told["has_reactions"] = True
    told |= {"reply_count": reply_count, "last_reply_at": 0, "participants": None}
    metadata: dict[str, Any] = {}
    if post.file_ids:
        metadata["files"] = [files[one].json() for one in post.file_ids if one in files]
    if post.reactions:
        metadata["reactions"] = [one.json() for one in post.reactions.values()]
    return told | {"metadata": metadata}
