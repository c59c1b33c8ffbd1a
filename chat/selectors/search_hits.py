"""Makes what was found readable: words marked, a line of context, the file or the thread it belongs to.

Called by chat.selectors.search with messages that the person may see. Asks for a whole page at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery

from chat.models import Attachment, Message, Room
from chat.search import marks
from chat.search.asking import Term
from chat.selectors.file_views import attachment_view
from chat.selectors.views import SHOWN_IN_ROOM, besides_of, quote_view, room_url
from chat.shapes import FileFound, MessageFound

NEAR: Final = timedelta(minutes=30)
"""A neighbour that was said much earlier or later explains nothing."""

_SAID: Final = Q(deleted_at=None) & ~Q(kind=Message.Kind.SYSTEM)


def message_url(room: Room, message_id: UUID) -> str:
    """The address of a message in its room."""
    return f"{room_url(room)}m/{message_id}/"


def readable(ids: Collection[UUID]) -> dict[UUID, Message]:
    """Those of these messages that still say something."""
    return {message.pk: message for message in Message.objects.filter(_SAID, pk__in=list(ids))}


def messages_found(ids: Sequence[UUID], rooms: dict[int, Room], terms: Sequence[Term]) -> list[MessageFound]:
    """The messages in the order of their ids, with context."""
    messages = readable(ids)
    neighbours = _neighbours(list(messages.values()))
    besides = besides_of(list(messages))
    files = _file_counts(list(messages))
    roots = _authors({message.thread_root_id for message in messages.values() if message.thread_root_id})
    found = []
    for message_id in ids:
        message = messages.get(message_id)
        if message is None or message.room_id not in rooms:
            continue
        context, first = _context(message, neighbours.get(message_id, (None, None)))
        found.append(
            MessageFound(
                id=message.pk,
                room=message.room_id,
                seq=message.seq,
                author=message.author_id,
                created_at=message.created_at,
                url=message_url(rooms[message.room_id], message.pk),
                pieces=marks.excerpt(marks.runs_of(message.html), terms),
                thread_root=message.thread_root_id,
                thread_author=roots.get(message.thread_root_id) if message.thread_root_id else None,
                context=quote_view(context) if context else None,
                context_first=first,
                beside=besides.get(message.pk),
                files=files.get(message.pk, 0),
                kind=message.kind,
            )
        )
    return found


def _authors(ids: Collection[UUID]) -> dict[UUID, int | None]:
    return dict(Message.objects.filter(pk__in=ids).values_list("pk", "author_id")) if ids else {}


def _file_counts(ids: Collection[UUID]) -> dict[UUID, int]:
    counts: dict[UUID, int] = {}
    rows = Attachment.objects.filter(message__in=ids, state=Attachment.State.CLAIMED) if ids else ()
    for row in rows:
        if row.message_id is not None:
            counts[row.message_id] = counts.get(row.message_id, 0) + 1
    return counts


Neighbours = tuple[Message | None, Message | None]


def _neighbours(messages: list[Message]) -> dict[UUID, Neighbours]:
    """The message before and the one after each: of a reply in its thread, of others in the room."""
    here = Message.objects.filter(_SAID, room=OuterRef("room"))
    thread = here.filter(Q(thread_root=OuterRef("thread_root")) | Q(pk=OuterRef("thread_root")))
    pairs: dict[UUID, tuple[Any, Any]] = {}
    for shown, replies in ((here.filter(SHOWN_IN_ROOM), False), (thread, True)):
        # Told apart here: asked for in SQL, SQLite would go through all messages that are in no thread.
        ids = [message.pk for message in messages if (message.thread_root_id is not None) == replies]
        rows = Message.objects.filter(pk__in=ids).annotate(
            before=Subquery(shown.filter(seq__lt=OuterRef("seq")).order_by("-seq").values("pk")[:1]),
            after=Subquery(shown.filter(seq__gt=OuterRef("seq")).order_by("seq").values("pk")[:1]),
        )
        pairs |= {pk: (before, after) for pk, before, after in rows.values_list("pk", "before", "after")}
    others = readable({pk for pair in pairs.values() for pk in pair if pk is not None})
    return {pk: (others.get(before), others.get(after)) for pk, (before, after) in pairs.items()}


def _context(message: Message, neighbours: Neighbours) -> tuple[Message | None, bool]:
    """The neighbour to show and whether it stands before: of a reply what it answers, else the answer."""
    before, after = (
        one if one is not None and abs(one.created_at - message.created_at) <= NEAR else None for one in neighbours
    )
    if message.thread_root_id is not None and neighbours[0] is not None:
        return neighbours[0], True
    return (after, False) if after is not None else (before, before is not None)


def files_found(ids: Sequence[UUID], rooms: dict[int, Room], terms: Sequence[Term]) -> list[FileFound]:
    """The files of these messages whose names hold the terms, in the order of the messages."""
    messages = readable(ids)
    rows = Attachment.objects.filter(message__in=list(messages), state=Attachment.State.CLAIMED)
    by_message: dict[UUID, list[Attachment]] = {}
    for row in rows.order_by("position", "pk"):
        if row.message_id is not None and marks.holds_all(row.name, terms):
            by_message.setdefault(row.message_id, []).append(row)
    return [
        FileFound(
            file=attachment_view(row),
            name=marks.plain(row.name, [term for term in terms if not term.exclude]),
            room=row.room_id,
            author=messages[message_id].author_id,
            created_at=messages[message_id].created_at,
            url=message_url(rooms[row.room_id], message_id),
        )
        for message_id in ids
        for row in by_message.get(message_id, ())
        if row.room_id in rooms
    ]
