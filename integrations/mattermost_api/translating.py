"""Our events in Mattermost's words: what a socket of a program is told of rooms.

Used by connections. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from accounts.events import PersonView
from chat.shapes import RoomView
from integrations.mattermost_api import ids, shapes

Object = dict[str, Any]
_NAMED: Final = frozenset({"message.edited", "message.deleted", "message.pinned", "message.unpinned"})
RUN_ENDED: Final = frozenset({"done", "stopped", "failed", "interrupted"})


@dataclass(frozen=True, slots=True)
class Told:
    """An event for a program, without its place in the order of its socket."""

    event: str
    data: Object
    room: int | None = None
    user: int | None = None
    omit: int | None = None

    def broadcast(self) -> Object:
        """For whom it is."""
        return {
            "omit_users": {ids.of_user(self.omit): True} if self.omit else None,
            "user_id": ids.of_user(self.user),
            "channel_id": ids.of_room(self.room) if self.room else "",
            "team_id": "",
            "connection_id": "",
        }


@dataclass(slots=True)
class Known:
    """A room that a socket hears, and who is in it if that is its name."""

    room: RoomView
    people: list[PersonView] = field(default_factory=list)


def packed(value: Any) -> str:
    """An object as the string of JSON that events carry."""
    return msgspec.json.encode(value).decode()


def message_named(frame: Mapping[str, Any]) -> UUID | None:
    """The message that must be read before an event can be told; None for an event that tells all itself."""
    kind, data = frame["type"], frame["data"]
    if kind == "message.created":
        return UUID(data["message"]["id"])
    if kind in _NAMED:
        return UUID(data["id"])
    if kind == "card.changed" or (kind == "run.changed" and data["run"]["state"] in RUN_ENDED):
        return UUID(data["message"])
    return None


def translate(frame: Mapping[str, Any], *, me: int, rooms: Mapping[int, Known], post: Object | None) -> list[Told]:
    """What a program is told of an event; nothing for what it would not understand.

    Args:
        frame: ours, as it goes to pages.
        me: whose socket it is.
        rooms: those that the socket hears.
        post: the message of `message_named`; None when there is none any more.
    """
    kind, _, number = frame["topic"].partition(":")
    tell = _TOLD.get(frame["type"])
    if tell is None:
        return []
    if kind == "user":
        return tell(frame, 0, me, None, post)
    room_id = int(number)
    known = rooms.get(room_id)
    return tell(frame, room_id, me, known, post) if known is not None else []


def _posted(frame: Mapping[str, Any], room_id: int, me: int, known: Known | None, post: Object | None) -> list[Told]:
    if post is None or post["delete_at"] or known is None:
        return []
    data: Object = {
        "channel_display_name": shapes.channel(known.room, known.people)["display_name"],
        "channel_name": shapes.channel_name(known.room, known.people),
        "channel_type": shapes.KINDS[known.room.kind],
        "post": packed(post),
        "sender_name": _sender(frame["data"].get("person"), post),
        "set_online": True,
        "team_id": "" if shapes.is_direct(known.room) else ids.TEAM_ID,
    }
    mentioned = frame["data"]["message"].get("mentions") or []
    if mentioned:
        data["mentions"] = packed([ids.of_user(one) for one in mentioned])
    files = post["metadata"].get("files", [])
    if files:
        data["otherFile"] = "true"
        if any(one["mime_type"].startswith("image/") for one in files):
            data["image"] = "true"
    return [Told("posted", data, room=room_id)]


def _sender(person: Mapping[str, Any] | None, post: Object) -> str:
    if post["props"].get("from_webhook") == "true" and post["props"].get("override_username"):
        return str(post["props"]["override_username"])
    return f"@{person['name']}" if person else ""


def _edited(frame: Mapping[str, Any], room_id: int, me: int, known: Known | None, post: Object | None) -> list[Told]:
    if post is None or post["delete_at"]:
        return []
    return [Told("post_edited", {"post": packed(post)}, room=room_id)]


def _deleted(frame: Mapping[str, Any], room_id: int, me: int, known: Known | None, post: Object | None) -> list[Told]:
    if post is None:
        return []
    # The event says by its name that it is gone; the moment stands in what is read later.
    return [Told("post_deleted", {"post": packed(post | {"delete_at": 0})}, room=room_id)]


def _reacted(frame: Mapping[str, Any], room_id: int, me: int, known: Known | None, post: Object | None) -> list[Told]:
    added = frame["type"] == "reaction.added"
    data = frame["data"]
    at = shapes.millis(msgspec.convert(frame["at"], datetime)) if added else 0
    made = shapes.reaction(UUID(data["message"]), data["user"], data["emoji"], at)
    return [Told("reaction_added" if added else "reaction_removed", {"reaction": packed(made)}, room=room_id)]


def _typing(frame: Mapping[str, Any], room_id: int, me: int, known: Known | None, post: Object | None) -> list[Told]:
    data = frame["data"]
    if data["user"] == me:
        return []
    parent = ids.of_uuid(UUID(data["thread"])) if data.get("thread") else ""
    told = {"parent_id": parent, "user_id": ids.of_user(data["user"])}
    return [Told("typing", told, room=room_id, omit=data["user"])]


def _joined(frame: Mapping[str, Any], room_id: int, me: int, known: Known | None, post: Object | None) -> list[Told]:
    data = {"team_id": ids.TEAM_ID, "user_id": ids.of_user(frame["data"]["member"]["person"]["id"])}
    return [Told("user_added", data, room=room_id)]


def _left(frame: Mapping[str, Any], room_id: int, me: int, known: Known | None, post: Object | None) -> list[Told]:
    gone = frame["data"]["user"]
    if gone == me:
        return []  # told on one's own topic
    return [Told("user_removed", {"user_id": ids.of_user(gone), "remover_id": ""}, room=room_id)]


def _changed(frame: Mapping[str, Any], room_id: int, me: int, known: Known | None, post: Object | None) -> list[Told]:
    room = msgspec.convert(frame["data"]["room"], RoomView)
    was = known.room.archived_at if known is not None else None
    if room.archived_at is not None and was is None:
        data = {"channel_id": ids.of_room(room_id), "delete_at": shapes.millis(room.archived_at)}
        return [Told("channel_deleted", data)]
    if room.archived_at is None and was is not None:
        return [Told("channel_restored", {"channel_id": ids.of_room(room_id)})]
    shown = shapes.channel(room, known.people if known is not None else [])
    return [Told("channel_updated", {"channel": packed(shown)}, room=room_id)]


def _added(frame: Mapping[str, Any], room_id: int, me: int, known: Known | None, post: Object | None) -> list[Told]:
    room = frame["data"]["summary"]["room"]
    if room["kind"] in {"direct", "group"}:
        return [Told("direct_added", {"creator_id": "", "teammate_id": ids.of_user(me)}, room=room["id"])]
    return [Told("user_added", {"team_id": ids.TEAM_ID, "user_id": ids.of_user(me)}, room=room["id"])]


def _removed(frame: Mapping[str, Any], room_id: int, me: int, known: Known | None, post: Object | None) -> list[Told]:
    data = {"channel_id": ids.of_room(frame["data"]["room"]), "remover_id": ""}
    return [Told("user_removed", data, user=me)]


_TOLD: Final = {
    "message.created": _posted,
    "message.edited": _edited,
    "message.pinned": _edited,
    "message.unpinned": _edited,
    "run.changed": _edited,
    "card.changed": _edited,
    "message.deleted": _deleted,
    "reaction.added": _reacted,
    "reaction.removed": _reacted,
    "typing": _typing,
    "member.joined": _joined,
    "member.left": _left,
    "member.removed": _left,
    "room.updated": _changed,
    "room.added": _added,
    "room.removed": _removed,
}
