"""What an address is told of a message, and what is understood of its answer.

Used by deliveries. Pure: never touches Django or a database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from accounts.events import PersonView
from chat.shapes import MessageView, RoomView
from chat.texts import ALERT
from integrations.mattermost_api import ids, shapes

JSON: Final = "application/json"
PLAIN_CHARS: Final = 8_000
ANSWERS_MOST: Final = 5


@dataclass(frozen=True, slots=True)
class Reply:
    """What an address wants said.

    Attributes:
        threaded: as a reply to the message that it was told of.
        public: to the whole room, and not only to whoever called a command.
    """

    text: str
    username: str = ""
    attachments: list[Any] | None = None
    threaded: bool = False
    public: bool = False


class _More(msgspec.Struct):
    extra_responses: list[msgspec.Raw] = []


class _Answer(msgspec.Struct):
    text: str | None = ""
    username: str | None = ""
    attachments: list[Any] | None = None
    response_type: str | None = ""
    thread: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What is told of.

    Attributes:
        trigger: the word that made the webhook listen; "" for one that listens to all.
        person: who says it; None for an alert, which the site says.
    """

    trigger: str
    room: RoomView
    message: MessageView
    person: PersonView | None


def ours(subject: Subject, *, delivery: int, hook: str, site: str) -> bytes:
    """The body in our form; `site` begins every address in it."""
    room, message = subject.room, subject.message
    told = {
        "event": "message.posted",
        "delivery": delivery,
        "webhook": hook,
        "trigger": subject.trigger,
        "room": {"id": room.id, "name": room.name, "slug": room.slug, "url": f"{site}{room.url}"},
        "message": {
            "id": message.id,
            "body": message.body,
            "thread": message.thread_root,
            "created_at": message.created_at,
            "url": f"{site}{room.url}m/{message.id}/",
            "files": [{"name": one.name, "size_bytes": one.size_bytes} for one in message.attachments],
        },
        "person": _who(subject.person),
    }
    return msgspec.json.encode(told)


def _who(person: PersonView | None) -> dict[str, Any]:
    if person is None:
        return {"id": None, "name": ALERT.lower(), "display_name": ALERT, "kind": "alert"}
    return {"id": person.id, "name": person.name, "display_name": person.display_name, "kind": person.kind}


def mattermosts(subject: Subject, *, token: str) -> bytes:
    """The body as Mattermost sends it, with the secret as token."""
    room, message, person = subject.room, subject.message, subject.person
    told = {
        "token": token,
        "team_id": ids.TEAM_ID,
        "team_domain": shapes.TEAM_NAME,
        "channel_id": ids.of_room(room.id),
        "channel_name": room.slug,
        "timestamp": shapes.millis(message.created_at),
        "user_id": ids.of_user(person.id if person else None),
        "user_name": person.name if person else ALERT.lower(),
        "post_id": ids.of_uuid(message.id),
        "text": message.body,
        "trigger_word": subject.trigger,
        "file_ids": ",".join(ids.of_uuid(one.id) for one in message.attachments),
    }
    return msgspec.json.encode(told)


def reply_of(*, content_type: str, body: bytes) -> Reply | None:
    """What an answer wants said; None for one that says nothing, or is no JSON of ours."""
    if content_type.partition(";")[0].strip().lower() != JSON or not body.strip():
        return None
    try:
        found = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if not (found.text or "").strip() and not found.attachments:
        return None
    threaded = found.thread or found.response_type == "comment"
    public = found.response_type == "in_channel"
    return Reply(found.text or "", found.username or "", found.attachments, threaded, public)


def answers_of(*, content_type: str, body: bytes) -> list[Reply]:
    """What the answer to a command wants said: JSON with further answers in it, or plain text for its caller."""
    if content_type.partition(";")[0].strip().lower() != JSON:
        text = body.decode(errors="replace").replace("\x00", "").strip()
        return [Reply(text[:PLAIN_CHARS])] if text else []
    first = reply_of(content_type=content_type, body=body)
    try:
        more = msgspec.json.decode(body, type=_More).extra_responses
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        more = []
    found = [first, *(reply_of(content_type=JSON, body=bytes(one)) for one in more[:ANSWERS_MOST])]
    return [one for one in found if one is not None]


def call_form(*, command: str, text: str, token: str, room: RoomView, person: PersonView, response_url: str) -> bytes:
    """The body of a command's call, as Mattermost and Slack send it."""
    told = {
        "channel_id": ids.of_room(room.id),
        "channel_name": room.slug,
        "command": command,
        "response_url": response_url,
        "team_domain": shapes.TEAM_NAME,
        "team_id": ids.TEAM_ID,
        "text": text,
        "token": token,
        "user_id": ids.of_user(person.id),
        "user_name": person.name,
    }
    return urlencode(told).encode()
