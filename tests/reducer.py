"""What a client makes of a snapshot and an event: the reducer of the snapshot law, on plain JSON values.

The page's own reducer (frontend/src/reducers) is held to the same transcripts; this one shows that they follow from
the protocol alone. Pure: never asks the database.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from chat.permissions import Standing, names_of

Json = dict[str, Any]
UNREAD_MOST = 100
PEOPLE_MOST = 8
SPACE = re.compile(r"[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")


def excerpt(body: str) -> str:
    return SPACE.sub(" ", body).strip(" ")[:140]


def shown(message: Json) -> bool:
    return message["thread_root"] is None or bool(message["also_in_room"])


# Counts


def _adds(event: Json, me: int, read: int) -> tuple[int, int]:
    data = event["data"]
    if event["type"] == "message.created":
        message = data["message"]
        if message["seq"] <= read or message["kind"] == "system" or message["author"] == me:
            return 0, 0
        return int(shown(message)), int(me in message["mentions"])
    if event["type"] == "message.edited" and data["message_seq"] > read:
        return 0, (me in data["mentions"]) - (me in data["mentioned_before"])
    if event["type"] == "message.deleted" and data["message_seq"] > read:
        return -int(data["in_room"] and data["author"] != me), -int(me in data["mentions"])
    return 0, 0


def _count(state: Json, event: Json, me: int) -> Json:
    unread, mentions = _adds(event, me, state["last_read_seq"])
    return state | {
        "unread": max(0, min(UNREAD_MOST, state["unread"] + unread)),
        "mentions": max(0, min(UNREAD_MOST, state["mentions"] + mentions)),
    }


# Messages


def _reacted(message: Json, data: Json, added: bool) -> Json:
    chosen = {one["emoji"]: list(one["users"]) for one in message["reactions"]}
    users = chosen.setdefault(data["emoji"], [])
    if added and data["user"] not in users:
        users.append(data["user"])
    if not added and data["user"] in users:
        users.remove(data["user"])
    return message | {"reactions": [{"emoji": emoji, "users": users} for emoji, users in chosen.items() if users]}


def _tombstone(message: Json, data: Json) -> Json:
    empty: Json = {"body": "", "html": "", "reactions": [], "mentions": [], "reply_to": None, "beside": None}
    empty |= {"attachments": [], "pinned": False, "run": None, "card": None}
    return message | empty | {"deleted_at": data["deleted_at"], "deleted_by": data["by"]}


def _quoting(message: Json, identity: str, **change: Any) -> Json:
    quote = message["reply_to"]
    return message | {"reply_to": quote | change} if quote and quote["id"] == identity else message


def _edited(message: Json, data: Json) -> Json:
    if message["id"] != data["id"]:
        return _quoting(message, data["id"], excerpt=excerpt(data["body"]))
    if message["deleted_at"] is not None:
        return message
    return message | {name: data[name] for name in ("body", "html", "edited_at", "mentions")}


def _deleted(message: Json, data: Json) -> Json:
    if message["id"] == data["id"]:
        return _tombstone(message, data)
    if message["id"] == data["thread_root"]:
        message = message | {"thread": data["thread"]}
    return _quoting(message, data["id"], excerpt="", deleted=True)


def _blocked(message: Json, identity: str) -> Json:
    nothing = {"name": "", "url": "", "size_bytes": 0, "content_type": "application/octet-stream", "blocked": True}
    nothing |= dict.fromkeys(("width", "height", "duration_ms", "thumbnail"))
    files = [one | nothing if one["id"] == identity else one for one in message["attachments"]]
    return message | {"attachments": files}


def reduce_message(message: Json, event: Json) -> Json:
    data, kind = event["data"], event["type"]
    if kind == "message.created":
        under = data["message"]["thread_root"] == message["id"]
        return message | {"thread": data["thread"]} if under else message
    if kind == "message.edited":
        return _edited(message, data)
    if kind in {"run.changed", "card.changed"}:
        return _retold(message, data, kind.removesuffix(".changed"))
    if kind == "message.deleted":
        return _deleted(message, data)
    if kind in {"message.pinned", "message.unpinned"} and data["id"] == message["id"]:
        return message | {"pinned": kind == "message.pinned"}
    if kind == "attachment.blocked" and data["message"] == message["id"]:
        return _blocked(message, data["attachment"])
    if kind in {"reaction.added", "reaction.removed"} and data["message"] == message["id"]:
        return _reacted(message, data, kind == "reaction.added")
    return message


def _retold(message: Json, data: Json, what: str) -> Json:
    if message["id"] == data["message"]:
        return message if message["deleted_at"] else message | {name: data[name] for name in (what, "body", "html")}
    return _quoting(message, data["message"], excerpt=excerpt(data["body"]))


def _insert(messages: list[Json], message: Json) -> list[Json]:
    if any(other["id"] == message["id"] for other in messages):
        return messages
    return sorted([*messages, message], key=lambda one: int(one["seq"]))


# The room


def _rank(member: Json) -> tuple[bool, str, int]:
    person = member["person"]
    return member["role"] != "owner", person["display_name"].lower(), person["id"]


def _with_message(state: Json, message: Json | None) -> Json:
    if message is None or state["has_after"] or not shown(message):
        return state
    return state | {"messages": _insert(state["messages"], message)}


def _with_person(state: Json, person: Json | None) -> Json:
    if person is None or any(member["person"]["id"] == person["id"] for member in state["members"]):
        return state
    others = [other for other in state["people"] if other["id"] != person["id"]]
    return state | {"people": sorted([*others, person], key=lambda one: int(one["id"]))}


def _created(state: Json, data: Json, me: int) -> Json:
    if shown(data["message"]) and not state["has_after"]:
        state = _with_person(state, data["person"])
    return _with_message(state, data["message"])


def _joined(state: Json, data: Json, me: int) -> Json:
    user = data["member"]["person"]["id"]
    others = [member for member in state["members"] if member["person"]["id"] != user]
    known = len(others) < len(state["members"])
    changed = {
        "members": sorted([*others, data["member"]], key=_rank),
        "member_count": state["member_count"] + (not known),
        "people": [person for person in state["people"] if person["id"] != user],
    }
    return _with_message(state | changed, data["message"])


def _left(state: Json, data: Json, me: int) -> Json:
    user = data["user"]
    gone = [member for member in state["members"] if member["person"]["id"] == user]
    if not gone:
        return _with_message(state, data["message"])
    changed = {
        "members": [member for member in state["members"] if member["person"]["id"] != user],
        "member_count": state["member_count"] - 1,
        "presence": [one for one in state["presence"] if one["user"] != user],
    }
    state = state | changed
    if any(message["author"] == user for message in state["messages"]):
        state = _with_person(state, gone[0]["person"])
    return _with_message(state, data["message"])


def _permissions(role: str, room: Json) -> list[str]:
    archived = room["archived_at"] is not None
    return names_of(Standing(role=role, kind=room["kind"], read_only=room["read_only"], archived=archived))


def _role_changed(state: Json, data: Json, me: int) -> Json:
    members = [
        member | {"role": data["role"]} if member["person"]["id"] == data["user"] else member
        for member in state["members"]
    ]
    role = data["role"] if data["user"] == me else state["role"]
    changed = {"members": sorted(members, key=_rank), "role": role, "permissions": _permissions(role, state["room"])}
    return _with_message(state | changed, data["message"])


def _updated(state: Json, data: Json, me: int) -> Json:
    changed = {"room": data["room"], "permissions": _permissions(state["role"], data["room"])}
    return _with_message(state | changed, data["message"])


def _replaced(people: list[Json], person: Json) -> list[Json]:
    return [person if other["id"] == person["id"] else other for other in people]


def _person_changed(state: Json, data: Json, me: int) -> Json:
    person = data["person"]
    members = [
        member | {"person": person} if member["person"]["id"] == person["id"] else member for member in state["members"]
    ]
    return state | {"members": sorted(members, key=_rank), "people": _replaced(state["people"], person)}


_ROOM: dict[str, Callable[[Json, Json, int], Json]] = {
    "message.created": _created,
    "member.joined": _joined,
    "member.left": _left,
    "member.removed": _left,
    "member.role_changed": _role_changed,
    "person.changed": _person_changed,
    "room.updated": _updated,
    "discussion.changed": lambda state, data, me: _with_message(state, data["message"]),
}


def reduce_room(state: Json, event: Json, me: int) -> Json:
    data = event["data"]
    if event["type"] == "read.changed":
        counts = {name: data[name] for name in ("last_read_seq", "unread", "mentions")}
        return state | counts if data["room"] == state["room"]["id"] else state
    if event["topic"] != f"room:{state['room']['id']}" or event["seq"] <= state["as_of_seq"]:
        return state
    state = state | {"messages": [reduce_message(message, event) for message in state["messages"]]}
    state = _count(state, event, me)
    if event["type"] in _ROOM:
        state = _ROOM[event["type"]](state, data, me)
    return state | {"as_of_seq": event["seq"]}


# A thread


def reduce_thread(state: Json, event: Json, me: int) -> Json:
    if event["topic"] != f"room:{state['root']['room']}" or event["seq"] <= state["as_of_seq"]:
        return state
    state = state | {
        "as_of_seq": event["seq"],
        "root": reduce_message(state["root"], event),
        "replies": [reduce_message(message, event) for message in state["replies"]],
    }
    data = event["data"]
    if event["type"] == "person.changed":
        return state | {"people": _replaced(state["people"], data["person"])}
    if event["type"] != "message.created" or data["message"]["thread_root"] != state["root"]["id"]:
        return state
    known = data["person"] is None or any(person["id"] == data["person"]["id"] for person in state["people"])
    people = state["people"] if known else [*state["people"], data["person"]]
    return state | {"replies": _insert(state["replies"], data["message"]), "people": people}


# Home


def _quote(message: Json) -> Json:
    deleted = message["deleted_at"] is not None
    same = {name: message[name] for name in ("id", "seq", "author")}
    return same | {"excerpt": excerpt(message["body"]), "deleted": deleted, "kind": message["kind"]}


def _summary_created(summary: Json, data: Json, me: int) -> Json:
    message = data["message"]
    if not shown(message) or message["kind"] == "system":
        return summary
    return summary | {"last_message": _quote(message), "last_at": message["created_at"]}


def _summary_message(summary: Json, identity: str, **change: Any) -> Json:
    last = summary["last_message"]
    return summary | {"last_message": last | change} if last and last["id"] == identity else summary


_SUMMARY: dict[str, Callable[[Json, Json, int], Json]] = {
    "message.created": _summary_created,
    "message.edited": lambda s, data, me: _summary_message(s, data["id"], excerpt=excerpt(data["body"])),
    "run.changed": lambda s, data, me: _summary_message(s, data["message"], excerpt=excerpt(data["body"])),
    "card.changed": lambda s, data, me: _summary_message(s, data["message"], excerpt=excerpt(data["body"])),
    "message.deleted": lambda s, data, me: _summary_message(s, data["id"], excerpt="", deleted=True),
    "person.changed": lambda s, data, me: s | {"people": _replaced(s["people"], data["person"])},
    "room.updated": lambda s, data, me: s | {"room": data["room"]},
    "member.role_changed": lambda s, data, me: s | {"role": data["role"]} if data["user"] == me else s,
}


def _reduce_summary(summary: Json, event: Json, me: int) -> Json:
    if event["topic"] != f"room:{summary['room']['id']}" or event["seq"] <= summary["head_seq"]:
        return summary
    summary = _count(summary, event, me)
    if event["type"] in _SUMMARY:
        summary = _SUMMARY[event["type"]](summary, event["data"], me)
    return summary | {"head_seq": event["seq"]}


def _with_draft(drafts: list[Json], draft: Json) -> list[Json]:
    others = [one for one in drafts if (one["room"], one["thread"]) != (draft["room"], draft["thread"])]
    return [draft, *others] if draft["body"] or draft["copies"] else others


def _end(mute: Json) -> datetime:
    """When it ends; one until it is lifted ends last."""
    return datetime.fromisoformat(mute["until"]) if mute["until"] else datetime.max.replace(tzinfo=UTC)


def _with_mute(mutes: list[Json], event: Json) -> list[Json]:
    data = event["data"]
    if not event["type"].startswith("sanction.") or data["kind"] != "mute":
        return mutes
    given = {name: data.get(name) for name in ("room", "reason", "until")}
    held = [one for one in mutes if one["room"] == data.get("room")]
    left = max([*held, given], key=_end) if event["type"] == "sanction.applied" else data["left"]
    others = [one for one in mutes if one["room"] != data.get("room")]
    return sorted([*others, left] if left else others, key=lambda one: one["room"] or 0)


def _own(state: Json, event: Json) -> Json:
    data, rooms = event["data"], state["rooms"]
    if event["type"] == "preferences.changed":
        return state | {"preferences": data["preferences"]}
    if event["type"] == "read.changed":
        counts = {name: data[name] for name in ("last_read_seq", "unread", "mentions")}
        return state | {"rooms": [room | counts if room["room"]["id"] == data["room"] else room for room in rooms]}
    if event["type"] == "room.notify_changed":
        chosen = {name: data[name] for name in ("notify", "quiet_until")}
        return state | {"rooms": [room | chosen if room["room"]["id"] == data["room"] else room for room in rooms]}
    if event["type"] == "room.added":
        others = [room for room in rooms if room["room"]["id"] != data["summary"]["room"]["id"]]
        return state | {"rooms": [*others, data["summary"]]}
    if event["type"].startswith("reminder."):
        others = [one for one in state["reminders"] if one["id"] != data.get("id")]
        return state | {"reminders": [*others, data["reminder"]] if "reminder" in data else others}
    if event["type"] == "draft.changed":
        return state | {"drafts": _with_draft(state["drafts"], data["draft"])}
    if event["type"] == "room.removed":
        return state | {"rooms": [room for room in rooms if room["room"]["id"] != data["room"]]}
    return state


def reduce_home(state: Json, event: Json, me: int) -> Json:
    if event["topic"] == f"user:{me}":
        if event["seq"] <= state["as_of_seq"]:
            return state
        return _own(state, event) | {"mutes": _with_mute(state["mutes"], event), "as_of_seq": event["seq"]}
    rooms = [_reduce_summary(summary, event, me) for summary in state["rooms"]]
    if event["type"] == "person.changed" and event["data"]["person"]["id"] == me and rooms != state["rooms"]:
        state = state | {"me": event["data"]["person"]}
    return state | {"rooms": rooms}


# What is followed and saved


def _thread_replied(state: Json, event: Json, me: int) -> Json:
    message = event["data"]["message"]
    root = message["thread_root"]
    mark = next((one for one in state["threads"] if one["root"] == root), None)
    own = message["author"] == me
    if root is None or (mark and message["seq"] <= mark["last_seq"]):
        return state
    if mark is None:
        if not own and event["data"]["root_author"] != me and me not in message["mentions"]:
            return state
        read = message["seq"] - (not own)
        new = {"root": root, "room": message["room"], "following": True, "last_read_seq": read}
        return state | {"threads": [new | {"last_seq": message["seq"], "unread": int(not own)}, *state["threads"]]}
    changed = mark | {"last_seq": message["seq"], "unread": min(UNREAD_MOST, mark["unread"] + 1)}
    if own:
        changed |= {"following": True, "last_read_seq": message["seq"], "unread": 0}
    return state | {"threads": [changed if one is mark else one for one in state["threads"]]}


def _thread_deleted(state: Json, data: Json, me: int) -> Json:
    def less(mark: Json) -> Json:
        counted = mark["root"] == data["thread_root"] and data["message_seq"] > mark["last_read_seq"]
        return mark | {"unread": max(0, mark["unread"] - 1)} if counted and data["author"] != me else mark

    return state | {"threads": [less(mark) for mark in state["threads"]]}


def _attention_own(state: Json, event: Json) -> Json:
    data, kind = event["data"], event["type"]
    if kind == "thread.changed":
        known = any(mark["root"] == data["root"] for mark in state["threads"])
        threads = [data if mark["root"] == data["root"] else mark for mark in state["threads"]]
        return state | {"threads": threads if known else [data, *threads]}
    if kind == "bookmark.changed":
        others = [mark for mark in state["saved"] if mark["message"] != data["message"]]
        mine = [{"message": data["message"], "room": data["room"]}] if data["saved"] else []
        return state | {"saved": [*mine, *others]}
    if kind == "room.removed":
        return state | {
            name: [mark for mark in state[name] if mark["room"] != data["room"]] for name in ("saved", "threads")
        }
    return state


def reduce_attention(state: Json, event: Json, me: int) -> Json:
    if event["topic"] == f"user:{me}":
        if event["seq"] <= state["as_of_seq"]:
            return state
        return _attention_own(state, event) | {"as_of_seq": event["seq"]}
    if event["type"] == "message.created":
        return _thread_replied(state, event, me)
    return _thread_deleted(state, event["data"], me) if event["type"] == "message.deleted" else state


REDUCERS: dict[str, Callable[[Json, Json, int], Json]] = {
    "room": reduce_room,
    "thread": reduce_thread,
    "home": reduce_home,
    "attention": reduce_attention,
}
