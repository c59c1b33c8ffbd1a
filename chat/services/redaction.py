"""Takes a deleted text out of the log: out of the events that told it, quoted it, or showed it in a list of rooms.

Called by chat.services.removal and blocking in their transactions. What the events count stays, so that a replay ends
at the same figures; what was pruned already is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from chat.events import CardChanged, MemberJoined, MessageCreated, MessageEdited, RoomAdded, RunChanged
from chat.models import Answer, Card, Membership, Message
from chat.selectors.file_views import blocked_view
from chat.selectors.messages import shown
from chat.selectors.views import room_topic
from chat.shapes import CardView, QuoteView
from realtime import log, protocol

E = TypeVar("E", bound=protocol.Event)

PAGE_EVENTS: Final = 500
END: Final = 2**63 - 1
"""Beyond every seq."""


def redact(message: Message, *, at: datetime, by: str) -> dict[str, int]:
    """Rewrites every event that holds the text; call it before the text leaves the tables.

    Args:
        message: what is being deleted.
        at: when.
        by: author or moderator.

    Returns:
        By topic the last seq that was rewritten: hubs forget what they remember up to there.
    """
    topic = room_topic(message.room_id)
    edits = list(message.revisions.values_list("seq", flat=True))
    quotes = list(message.quoted_by.values_list("seq", flat=True))
    answers = [seq for told in Answer.objects.filter(pk=message.pk).values_list("seqs", flat=True) for seq in told]
    cards = [seq for told in Card.objects.filter(pk=message.pk).values_list("seqs", flat=True) for seq in told]
    _replace(topic, message.seq, MessageCreated, lambda event: _tombstone(event, message, at, by))
    for seq in answers:
        _replace(topic, seq, RunChanged, _without_answer)
    for seq in cards:
        _replace(topic, seq, CardChanged, _without_card)
    for seq in edits:
        _replace(topic, seq, MessageEdited, lambda event: msgspec.structs.replace(event, body="", html=""))
    for seq in quotes:
        _replace(topic, seq, MessageCreated, _without_quote)
    return {topic: max([message.seq, *edits, *quotes, *answers, *cards])} | _redact_lists(message)


def _tombstone(event: MessageCreated, message: Message, at: datetime, by: str) -> MessageCreated:
    gone = {"deleted_at": at, "deleted_by": by, "edited_at": message.edited_at}
    empty = msgspec.structs.replace(
        event.message, body="", html="", reply_to=None, beside=None, attachments=[], run=None, card=None, **gone
    )
    return msgspec.structs.replace(event, message=empty)


def _without_answer(event: RunChanged) -> RunChanged:
    run = msgspec.structs.replace(event.run, sources=[], problem="", activity="")
    return msgspec.structs.replace(event, body="", html="", run=run)


def _without_card(event: CardChanged) -> CardChanged:
    return msgspec.structs.replace(event, body="", html="", card=CardView(kind=event.card.kind))


def redact_attachment(message: Message, *, attachment_id: UUID) -> dict[str, int]:
    """Rewrites the event that tells of a file which was taken away; the result is as of `redact`."""
    topic = room_topic(message.room_id)
    _replace(topic, message.seq, MessageCreated, lambda event: _without_file(event, attachment_id))
    return {topic: message.seq}


def _without_file(event: MessageCreated, attachment_id: UUID) -> MessageCreated:
    views = [
        blocked_view(view.id, view.kind) if view.id == attachment_id else view for view in event.message.attachments
    ]
    return msgspec.structs.replace(event, message=msgspec.structs.replace(event.message, attachments=views))


def _without_quote(event: MessageCreated) -> MessageCreated:
    quote = event.message.reply_to
    if quote is None:
        return event
    return msgspec.structs.replace(event, message=msgspec.structs.replace(event.message, reply_to=_bare(quote)))


def _bare(quote: QuoteView) -> QuoteView:
    return msgspec.structs.replace(quote, excerpt="", deleted=True)


def _redact_lists(message: Message) -> dict[str, int]:
    """Whoever came in while this was the room's newest message has its beginning in the event on their own topic."""
    done: dict[str, int] = {}
    for user_id, at in _newcomers(message):
        topic = f"user:{user_id}"
        for entry in log.find(topic=topic, kind=RoomAdded, at=at):
            last = _event(entry, RoomAdded).summary.last_message
            if last is not None and last.id == message.pk:
                _replace(topic, entry.seq, RoomAdded, without_last)
                done[topic] = entry.seq
    return done


def without_last(event: RoomAdded) -> RoomAdded:
    """The event without the beginning of the room's newest message."""
    last = event.summary.last_message
    bare = None if last is None else _bare(last)
    return msgspec.structs.replace(event, summary=msgspec.structs.replace(event.summary, last_message=bare))


def _newcomers(message: Message) -> set[tuple[int, datetime]]:
    """(user, moment) of everybody who came in between this message and the next; the log knows who has left again."""
    if message.thread_root_id is not None and not message.also_in_room:
        return set()
    later = shown(message.room_id).filter(seq__gt=message.seq).exclude(kind=Message.Kind.SYSTEM).order_by("seq")
    until = later.values_list("seq", flat=True).first() or END
    here = Membership.objects.filter(room=message.room_id, joined_seq__gt=message.seq, joined_seq__lt=until)
    told = {
        (_event(entry, MemberJoined).member.person.id, _frame(entry).at)
        for entry in _between(room_topic(message.room_id), message.seq, until)
        if _frame(entry).type == MemberJoined.type
    }
    return told | set(here.values_list("user_id", "joined_at"))


def _between(topic: str, after: int, until: int) -> Iterator[log.Entry]:
    while entries := log.read(topic, after, PAGE_EVENTS):
        for entry in entries:
            if entry.seq >= until:
                return
            yield entry
        after = entries[-1].seq


def _replace(topic: str, seq: int, kind: type[E], change: Callable[[E], E]) -> None:
    """Rewrites one event of the log, if it was not pruned."""
    for entry in log.read(topic, seq - 1, 1):
        if entry.seq == seq:
            log.redact(topic=topic, seqs=[seq], event=change(_event(entry, kind)))


class _Frame(msgspec.Struct):
    type: str
    at: datetime
    data: msgspec.Raw


def _frame(entry: log.Entry) -> _Frame:
    return msgspec.json.decode(entry.frame, type=_Frame)


def _event(entry: log.Entry, kind: type[E]) -> E:
    return msgspec.json.decode(_frame(entry).data, type=kind)
