"""Conversations from elsewhere, brought into a room line by line.

Called by import_room and seed_demo. Authors become people of kind bridge who cannot sign in and are no members; a
line's message is an ordinary one in the log. Never imports the same line of the same source twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from django.db import transaction
from uuid_utils.compat import uuid7

from accounts import selectors as people
from accounts import services as accounts
from accounts.events import PersonView
from chat import markdown, texts
from chat.events import MessageCreated
from chat.lines import DatedLine
from chat.models import Beside, ImportedLine, Message, Room
from chat.selectors.views import THREAD_PEOPLE, message_view, quote_view, room_topic, thread_views
from chat.services.pins import pin_imported
from chat.services.search import index_messages
from chat.shapes import BesideView, ThreadView
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

BATCH_LINES: Final = 500
"""Lines in one transaction: others in the room wait no longer than it takes."""

_SPACE: Final = UUID("5d3c0e6a-8a0b-4f0e-9a50-6f1a3f6a2f77")
_USERNAME_CHARS: Final = 30
_HUMAN: Final = "human"
_BRIDGE: Final = "bridge"


@transaction.atomic
def import_authors(*, actor: User | None, names: Iterable[str], match_people: bool = False) -> dict[str, PersonView]:
    """The person behind each name: those of earlier imports again, the others made now.

    Args:
        actor: whose doing it is; None for a command on the server.
        names: as they stand in the lines.
        match_people: whether a name that is somebody's username here means that person.

    Returns:
        People by name.

    Raises:
        Refused: `conflict` when the username of an imported author belongs to somebody else.
    """
    wanted = {name: _username(name) for name in names}
    found = people.people_named({*wanted, *wanted.values()} if match_people else wanted.values())
    missing = {username: name for name, username in wanted.items() if username not in found}
    authors: dict[str, PersonView] = {}
    for username, name in missing.items():
        if match_people and _is_human(found.get(name)):
            continue
        made = accounts.create_person(actor=actor, username=username, display_name=name, kind=_BRIDGE, is_active=False)
        found[username] = PersonView(id=made.pk, name=username, display_name=name, kind=_BRIDGE)
    for name, username in wanted.items():
        person = found[name] if match_people and _is_human(found.get(name)) else found[username]
        if person.kind == _HUMAN and person.name == username:
            raise Refused("conflict", f"@{username} belongs to somebody else.", field="author")
        authors[name] = person
    return authors


def _is_human(person: PersonView | None) -> bool:
    return person is not None and person.kind == _HUMAN


def _username(name: str) -> str:
    """Different for `Mina` and `mina`, and nobody's first choice, so that no name is taken from a later member."""
    plain = re.sub(r"[^a-z0-9._-]", "", name.lower()).strip("._-")[:_USERNAME_CHARS]
    return f"{plain or 'someone'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def lines_imported(*, room_id: int, source: str) -> set[int]:
    """The numbers of the lines of this source that the room has."""
    rows = ImportedLine.objects.filter(message__room=room_id, source=source)
    return set(rows.values_list("line", flat=True))


def import_lines(
    *, actor: User | None, room_id: int, source: str, lines: Sequence[DatedLine], authors: Mapping[str, PersonView]
) -> int:
    """Adds at most BATCH_LINES lines at the room's end, in one transaction; those that are there already are skipped.

    A reply stands in the thread of the first line of its chain and in the room as well, as it did where it comes from.

    Args:
        actor: whose doing it is; None for a command on the server.
        room_id: not an archived room.
        source: name of the file or channel.
        lines: in rising order; lines that they answer are among them or were imported before.
        authors: from `import_authors`.

    Returns:
        How many were added.

    Raises:
        Refused: `not_found`, `read_only`; `conflict` when the same lines are being imported by somebody else.
    """
    if len(lines) > BATCH_LINES:
        raise ValueError(f"at most {BATCH_LINES} lines at once")
    bodies = [texts.clean_body(dated.line.body, most=texts.ANSWER_CHARS) for dated in lines]
    prepared = [_Prepared(dated, body, _html(body)) for dated, body in zip(lines, bodies, strict=True)]
    with transaction.atomic():
        return _write(_open_room(room_id), source, prepared, authors)


@dataclass(frozen=True, slots=True)
class _Prepared:
    dated: DatedLine
    body: str
    html: str


def _html(body: str) -> str:
    # Nobody here is addressed by what was said elsewhere.
    return markdown.place_mentions(markdown.render(body), {}, everyone=False)


def _open_room(room_id: int) -> Room:
    room = Room.objects.filter(pk=room_id).first()
    if room is None:
        raise Refused("not_found", "There is no such room.", field="room")
    if room.archived_at is not None:
        raise Refused("read_only", "This room is archived.", field="room")
    return room


def _write(room: Room, source: str, prepared: list[_Prepared], authors: Mapping[str, PersonView]) -> int:
    numbers = {one.dated.line.line for one in prepared}
    done = _done(room, source, numbers)
    new = [one for one in prepared if one.dated.line.line not in done]
    if not new:
        return 0
    topic = room_topic(room.pk)
    first_seq = log.reserve_many(topic, len(new))
    if _done(room, source, numbers) != done:
        raise Refused("conflict", "The same lines are being imported by somebody else.")
    messages = _messages(room, source, first_seq, new, authors)
    besides = {message.pk: one.dated.line.beside for message, one in zip(messages, new, strict=True)}
    past = _past(messages, {author.id: author for author in authors.values()}, besides)
    Message.objects.bulk_create(messages)
    index_messages(messages)
    Beside.objects.bulk_create(
        Beside(message_id=message_id, topic=beside.topic, seq=beside.seq, start=beside.start, end=beside.end)
        for message_id, beside in besides.items()
        if beside is not None
    )
    ImportedLine.objects.bulk_create(
        ImportedLine(message=message, source=source, line=one.dated.line.line, reply_to=one.dated.line.reply_to)
        for message, one in zip(messages, new, strict=True)
    )
    log.append_many(topic=topic, first_seq=first_seq, past=past)
    pin_imported(room, [message for message, one in zip(messages, new, strict=True) if one.dated.line.pinned])
    return len(new)


def _done(room: Room, source: str, numbers: Collection[int]) -> set[int]:
    rows = ImportedLine.objects.filter(message__room=room, source=source, line__in=numbers)
    return set(rows.values_list("line", flat=True))


def _messages(
    room: Room, source: str, first_seq: int, new: list[_Prepared], authors: Mapping[str, PersonView]
) -> list[Message]:
    """The rows, not yet stored, with their place in threads."""
    at_line = _answered(room, source, {one.dated.line.reply_to for one in new})
    messages: list[Message] = []
    for seq, one in enumerate(new, first_seq):
        line = one.dated.line
        author = authors[line.author]
        parent = None if line.reply_to is None else at_line.get(line.reply_to)
        root = None if parent is None else parent.thread_root or parent
        message = Message(
            id=uuid7(),
            room=room,
            seq=seq,
            author_id=author.id,
            cid=uuid5(_SPACE, f"{room.pk}/{source}/{line.line}"),
            kind=Message.Kind.BRIDGE if author.kind == _BRIDGE else Message.Kind.USER,
            body=one.body,
            html=one.html,
            html_version=markdown.HTML_VERSION,
            thread_root=root,
            # In a thread, an answer to its root needs no quote.
            reply_to=parent if parent is not root else None,
            also_in_room=root is not None,
            created_at=one.dated.at,
        )
        at_line[line.line] = message
        messages.append(message)
    return messages


def _answered(room: Room, source: str, numbers: Collection[int | None]) -> dict[int, Message]:
    """Messages of earlier batches that are answered in this one, by line."""
    rows = ImportedLine.objects.filter(
        message__room=room, source=source, line__in=[n for n in numbers if n is not None]
    )
    return {row.line: row.message for row in rows.select_related("message__thread_root")}


def _past(
    messages: list[Message], people_by_id: Mapping[int, PersonView], besides: Mapping[UUID, BesideView | None]
) -> list[log.Past]:
    """The event of each message, as if it had been said now."""
    threads = thread_views({message.thread_root_id for message in messages if message.thread_root_id is not None})
    past: list[log.Past] = []
    for message in messages:
        author_id = message.author_id
        root_id = message.thread_root_id
        if root_id is not None:
            threads[root_id] = _grown(threads.get(root_id), message)
        event = MessageCreated(
            message=message_view(
                message,
                quote=quote_view(message.reply_to) if message.reply_to else None,
                beside=besides[message.pk],
            ),
            person=None if author_id is None else people_by_id[author_id],
            thread=None if root_id is None else threads[root_id],
        )
        past.append(log.Past(event, author_id, message.created_at))
    return past


def _grown(thread: ThreadView | None, reply: Message) -> ThreadView:
    assert reply.author_id is not None
    if thread is None:
        return ThreadView(replies=1, people=[reply.author_id], last_at=reply.created_at)
    others = [person for person in thread.people if person != reply.author_id]
    return ThreadView(
        replies=thread.replies + 1,
        people=[reply.author_id, *others][:THREAD_PEOPLE],
        last_at=max(thread.last_at, reply.created_at),
    )
