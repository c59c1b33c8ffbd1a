"""Makes the shapes that clients see out of rows: rooms, messages, quotes, threads.

Called by the other selectors and by services for their events. Asks for a whole page at once, never row by row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Max, Q
from msgspec.json import decode as decode_json

from chat import texts
from chat.models import Answer, Beside, Card, Mention, Message, Pin, Reaction, Room
from chat.permissions import FIXED_KINDS
from chat.selectors.file_views import attachments_of
from chat.shapes import (
    AttachmentView,
    BesideView,
    CardView,
    MessageView,
    QuoteView,
    ReactionView,
    RoomView,
    RunView,
    ThreadView,
)

THREAD_PEOPLE: Final = 3

SHOWN_IN_ROOM: Final = Q(thread_root__isnull=True) | Q(also_in_room=True)
"""Replies stay in their thread unless they were sent to the room as well."""


def room_url(room: Room) -> str:
    """The room's page."""
    return f"/direct/{room.pk}/" if room.kind in FIXED_KINDS else f"/rooms/{room.slug}/"


def room_topic(room_id: int) -> str:
    """Where a room's events are published."""
    return f"room:{room_id}"


def room_view(room: Room) -> RoomView:
    """A room as its members see it."""
    return RoomView(
        id=room.pk,
        kind=room.kind,
        slug=room.slug,
        name=room.name,
        purpose=room.purpose,
        url=room_url(room),
        slow_mode_seconds=room.slow_mode_seconds,
        read_only=room.read_only,
        retention_days=room.retention_days or 0,
        archived_at=room.archived_at,
    )


def quote_view(message: Message) -> QuoteView:
    """The beginning of a message, for a reply or the room list."""
    deleted = message.deleted_at is not None
    return QuoteView(
        id=message.pk,
        seq=message.seq,
        author=message.author_id,
        excerpt="" if deleted else texts.excerpt(message.body),
        deleted=deleted,
        kind=message.kind,
    )


def message_view(
    message: Message,
    *,
    quote: QuoteView | None = None,
    thread: ThreadView | None = None,
    reactions: Sequence[ReactionView] = (),
    mentions: Sequence[int] = (),
    beside: BesideView | None = None,
    attachments: Sequence[AttachmentView] = (),
    pinned: bool = False,
    run: RunView | None = None,
    card: CardView | None = None,
) -> MessageView:
    """One message with what hangs on it; a deleted one is a tombstone."""
    deleted = message.deleted_at is not None
    return MessageView(
        id=message.pk,
        room=message.room_id,
        seq=message.seq,
        author=message.author_id,
        kind=message.kind,
        body="" if deleted else message.body,
        html="" if deleted else message.html,
        created_at=message.created_at,
        cid=message.cid,
        edited_at=message.edited_at,
        deleted_at=message.deleted_at,
        deleted_by=deleted_by(message) if deleted else None,
        reply_to=None if deleted else quote,
        thread_root=message.thread_root_id,
        also_in_room=message.also_in_room,
        thread=thread,
        reactions=[] if deleted else list(reactions),
        mentions=[] if deleted else list(mentions),
        beside=None if deleted else beside,
        attachments=[] if deleted else list(attachments),
        pinned=pinned and not deleted,
        run=None if deleted else run,
        card=None if deleted else card,
    )


def deleted_by(message: Message) -> str:
    """`author`, or `moderator` without a name: who it was stands in the audit trail."""
    return "author" if message.deleted_by_id == message.author_id else "moderator"


def message_views(messages: Collection[Message]) -> list[MessageView]:
    """Messages with quotes, threads and what else hangs on them, in a fixed number of queries."""
    ids = [message.pk for message in messages]
    quotes = _quotes({message.reply_to_id for message in messages if message.reply_to_id})
    threads = thread_views([message.pk for message in messages if message.thread_root_id is None])
    reactions = _reactions(ids)
    mentions = mentions_of(ids)
    besides = besides_of(ids)
    attachments = attachments_of(ids)
    pinned = pinned_of(ids)
    runs = runs_of([message.pk for message in messages if message.kind == Message.Kind.ASSISTANT])
    cards = cards_of(ids)
    return [
        message_view(
            message,
            quote=quotes.get(message.reply_to_id) if message.reply_to_id else None,
            thread=threads.get(message.pk),
            reactions=reactions.get(message.pk, ()),
            mentions=mentions.get(message.pk, ()),
            beside=besides.get(message.pk),
            attachments=attachments.get(message.pk, ()),
            pinned=message.pk in pinned,
            run=runs.get(message.pk),
            card=cards.get(message.pk),
        )
        for message in messages
    ]


def besides_of(ids: Collection[UUID]) -> dict[UUID, BesideView]:
    """What the authors of these messages had open, of those who had something."""
    rows = Beside.objects.filter(message__in=ids).values_list("message", "topic", "seq", "start", "end") if ids else ()
    return {message: BesideView(topic=topic, seq=seq, start=start, end=end) for message, topic, seq, start, end in rows}


def runs_of(ids: Collection[UUID]) -> dict[UUID, RunView]:
    """How far those of the messages are that are answers of the assistant."""
    rows = Answer.objects.filter(message__in=ids).values_list("message", "view") if ids else ()
    return {message: decode_json(view, type=RunView) for message, view in rows}


def cards_of(ids: Collection[UUID]) -> dict[UUID, CardView]:
    """What those of the messages carry that carry something."""
    rows = Card.objects.filter(message__in=ids).values_list("message", "view") if ids else ()
    return {message: decode_json(view, type=CardView) for message, view in rows}


def _quotes(ids: Collection[UUID]) -> dict[UUID, QuoteView]:
    return {message.pk: quote_view(message) for message in Message.objects.filter(pk__in=ids)} if ids else {}


def thread_views(roots: Collection[UUID]) -> dict[UUID, ThreadView]:
    """What stands under each root that has replies which are not deleted."""
    if not roots:
        return {}
    rows = (
        Message.objects.filter(thread_root__in=roots, deleted_at__isnull=True)
        .order_by()
        .values_list("thread_root", "author")
        .annotate(count=Count("pk"), last_seq=Max("seq"), last_at=Max("created_at"))
    )
    by_root: dict[UUID, list[Any]] = defaultdict(list)
    for root, author, replies, last_seq, last_at in rows:
        by_root[root].append((last_seq, author, replies, last_at))
    return {root: _thread(sorted(found, reverse=True, key=lambda row: row[0])) for root, found in by_root.items()}


def _thread(rows: list[tuple[int, int | None, int, Any]]) -> ThreadView:
    return ThreadView(
        replies=sum(row[2] for row in rows),
        people=[row[1] for row in rows if row[1] is not None][:THREAD_PEOPLE],
        last_at=max(row[3] for row in rows),
    )


def pinned_of(ids: Collection[UUID]) -> set[UUID]:
    """Those of the messages that are pinned."""
    return set(Pin.objects.filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()


def _reactions(ids: Collection[UUID]) -> dict[UUID, list[ReactionView]]:
    found: dict[UUID, dict[str, list[int]]] = defaultdict(dict)
    rows = Reaction.objects.filter(message__in=ids).order_by("pk") if ids else Reaction.objects.none()
    for message, emoji, user in rows.values_list("message", "emoji", "user"):
        found[message].setdefault(emoji, []).append(user)
    return {
        message: [ReactionView(emoji=emoji, users=users) for emoji, users in by_emoji.items()]
        for message, by_emoji in found.items()
    }


def mentions_of(ids: Iterable[UUID]) -> dict[UUID, list[int]]:
    """Ids of the people whom each message addresses, in ascending order."""
    wanted = list(ids)
    found: dict[UUID, list[int]] = defaultdict(list)
    if wanted:
        rows = Mention.objects.filter(message__in=wanted).order_by("user")
        for message, user in rows.values_list("message", "user"):
            found[message].append(user)
    return found
