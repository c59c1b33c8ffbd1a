"""What a person has begun to write, on every tab and device. Each public function is one transaction and one event.

Called by the consumer and by chat.services.messages. Never loses a text: whoever saves on top of a version that they
did not know makes that version a copy, which its author finds on the page of drafts. What is discarded or sent leaves
the log as well.

The order of changes is that of the person's own topic, whose row every one of them locks first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Final, ParamSpec
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from chat import texts
from chat.events import DraftChanged, DraftSaved
from chat.models import Draft, DraftCopy, Message
from chat.selectors.drafts import draft_view
from chat.selectors.standing import Place, find_message, find_place
from chat.services.turn import Turn
from realtime import log
from realtime.protocol import Effect, Refused

if TYPE_CHECKING:
    from accounts.models import User

P = ParamSpec("P")
DRAFTS_MOST: Final = 100
"""Drafts with a text, or with other versions, that a person may have."""
COPIES_MOST: Final = 5
"""Other versions that are kept beside a draft; the oldest goes."""


class _Settled(Exception):
    """There is nothing to do; raised inside the transaction, it gives the topic's turn back."""

    def __init__(self, rev: int) -> None:
        self.rev = rev
        super().__init__(rev)


def _one_turn(service: Callable[P, DraftSaved]) -> Callable[P, DraftSaved]:
    @wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> DraftSaved:
        try:
            with transaction.atomic():
                return service(*args, **kwargs)
        except _Settled as settled:
            return DraftSaved(rev=settled.rev)

    return run


@_one_turn
def save_draft(
    *, actor: User, room_id: int, thread: UUID | None, body: str, reply_to: UUID | None, rev: int
) -> DraftSaved:
    """Makes `body` the draft; an empty one takes it away, unless it has become another since.

    Args:
        actor: whose draft it is.
        room_id: where.
        thread: id of the root, in a thread.
        body: Markdown, as it stands in the field.
        reply_to: id of a message of the room that it would quote.
        rev: the draft's rev that this text goes on from; 0 for none.

    Raises:
        Refused: invalid, too_large, not_found, not_member.
    """
    text = texts.clean_body(body) if body.strip() else ""
    seq = log.reserve(actor.topic)
    place = _place_of(actor, room_id)
    draft = _find(actor, room_id, thread)
    quoted = find_message(place=place, message_id=reply_to) if reply_to else None
    if text and (draft is None or not draft.body):
        _refuse_one_too_many(actor, besides=draft)
    if draft is None:
        draft = _begin(actor, place, thread, text)
    if (draft.body, draft.reply_to_id) == (text, reply_to):
        raise _Settled(draft.rev)
    stale = draft.rev != rev
    if stale and not text:
        raise _Settled(draft.rev)
    now = timezone.now()
    kept = stale and _keep(draft, draft.body, beside=text, now=now)
    draft.body, draft.reply_to = text, quoted
    return _tell(actor, seq, draft, now, kept=kept)


@_one_turn
def keep_copy(*, actor: User, room_id: int, thread: UUID | None, body: str) -> DraftSaved:
    """Puts a text beside the draft, which stays as it is; a text that it holds already changes nothing.

    Raises:
        Refused: invalid, too_large, not_found, not_member.
    """
    text = texts.clean_body(body)
    seq = log.reserve(actor.topic)
    place = _place_of(actor, room_id)
    draft = _find(actor, room_id, thread)
    if draft is None or not draft.body:
        _refuse_one_too_many(actor, besides=draft)
    draft = draft or _begin(actor, place, thread, text)
    now = timezone.now()
    if not _keep(draft, text, beside=draft.body, now=now):
        raise _Settled(draft.rev)
    return _announce(actor, seq, draft, now, kept=True)


@_one_turn
def discard_draft(
    *, actor: User, room_id: int, thread: UUID | None, rev: int | None, copies: bool = False
) -> DraftSaved:
    """Throws a draft away, also one of a room that was left.

    Args:
        actor: whose draft it is.
        room_id: where.
        thread: id of the root, in a thread.
        rev: only if it is still this one; None for whatever it is.
        copies: throw away what is kept beside it as well.
    """
    seq = log.reserve(actor.topic)
    draft = _find(actor, room_id, thread)
    if draft is None:
        raise _Settled(0)
    gone = copies and bool(draft.copies.all().delete()[0])
    if rev not in {None, draft.rev} or (not draft.body and draft.reply_to_id is None and not gone):
        raise _Settled(draft.rev)
    draft.body, draft.reply_to = "", None
    return _tell(actor, seq, draft, timezone.now())


@_one_turn
def choose_version(*, actor: User, room_id: int, thread: UUID | None, copy_id: int | None) -> DraftSaved:
    """Makes one version the draft and lets go of the others; also in a room that was left.

    Raises:
        Refused: `not_found` for a copy that is not there any more.
    """
    seq = log.reserve(actor.topic)
    draft = _find(actor, room_id, thread)
    if draft is None:
        raise Refused("not_found")
    if copy_id is not None:
        copy = draft.copies.filter(pk=copy_id).first()
        if copy is None:
            raise Refused("not_found", "This version is not kept any more.")
        draft.body = copy.body
    if not draft.copies.all().delete()[0]:
        raise _Settled(draft.rev)
    return _tell(actor, seq, draft, timezone.now())


def clear_sent(turn: Turn, *, thread: UUID | None, body: str, rev: int) -> None:
    """Takes away the draft that has become a message; call it last in the transaction of the message.

    What another device has written since stays, unless the message says it as well.
    """
    actor, now = turn.actor, turn.now
    draft = _find(actor, turn.room_id, thread)
    if draft is None or not (draft.rev <= rev or body.startswith(draft.body.strip())):
        return
    # Whatever the message says, nobody has to be offered as another version.
    held = [copy.pk for copy in draft.copies.all() if body.startswith(copy.body.strip())]
    if not (draft.body or draft.reply_to_id or held):
        return
    seq = log.reserve(actor.topic)
    DraftCopy.objects.filter(pk__in=held).delete()
    # Saved by another device in this moment: that text stays, and the next message clears it.
    if Draft.objects.filter(pk=draft.pk, rev=draft.rev).update(
        body="", reply_to=None, rev=F("rev") + 1, updated_at=now
    ):
        draft.rev += 1
    event = DraftChanged(draft=draft_view(draft))
    effect = _forget_texts(actor, seq, draft, event)
    log.append(topic=actor.topic, seq=seq, event=event, actor_id=actor.pk, effect=effect, at=now)


def _forget_texts(actor: User, seq: int, draft: Draft, event: DraftChanged) -> Effect | None:
    """Keeps in mind where the log begins to hold texts of a draft; takes them out when none of them is kept any more.

    What was thrown away, or said otherwise in the end, is not to be found in the log. Every event that held it says
    what the last one says, so that whoever replays them ends at the same.
    """
    is_empty = not event.draft.body and not event.draft.copies
    if is_empty == (draft.told_from == 0):
        return None
    first, draft.told_from = draft.told_from, 0 if is_empty else seq
    Draft.objects.filter(pk=draft.pk).update(told_from=draft.told_from)
    if not is_empty:
        return None
    place = (draft.room_id, draft.thread_root_id)
    told = log.between(topic=actor.topic, kind=DraftChanged, first=first, last=seq - 1)
    seqs = [at for at, data in told if _place_in(data) == place]
    log.redact(topic=actor.topic, seqs=seqs, event=event)
    return Effect(forget={actor.topic: seqs[-1]}) if seqs else None


def _place_in(data: str) -> tuple[int, UUID | None]:
    draft = msgspec.json.decode(data, type=DraftChanged).draft
    return draft.room, draft.thread


def _place_of(actor: User, room_id: int) -> Place:
    place = find_place(actor=actor, room_id=room_id)
    if place.membership is None:
        raise Refused("not_member")
    return place


def _find(actor: User, room_id: int, thread: UUID | None) -> Draft | None:
    return Draft.objects.filter(user_id=actor.pk, room_id=room_id, thread_root_id=thread).first()


def _begin(actor: User, place: Place, thread: UUID | None, text: str) -> Draft:
    if not text:
        raise _Settled(0)
    root = find_message(place=place, message_id=thread) if thread else None
    if root is not None and (root.thread_root_id is not None or root.kind == Message.Kind.SYSTEM):
        raise Refused("invalid", "A thread hangs on a message of the room.", field="thread")
    return Draft.objects.create(
        user_id=actor.pk, room_id=place.room.pk, thread_root=root, body="", updated_at=timezone.now()
    )


def _refuse_one_too_many(actor: User, *, besides: Draft | None) -> None:
    """Before a draft that holds nothing is written into; what it is already is not counted."""
    copies = DraftCopy.objects.filter(draft=OuterRef("pk"))
    others = Draft.objects.filter(~Q(body="") | Exists(copies), user_id=actor.pk)
    others = others if besides is None else others.exclude(pk=besides.pk)
    if others.count() >= DRAFTS_MOST:
        told = f"You have {DRAFTS_MOST} drafts. Send or discard some, and this one is kept on every device as well."
        raise Refused("too_large", told)


def _keep(draft: Draft, text: str, *, beside: str, now: datetime) -> bool:
    """Puts a text among the copies, unless it is only the beginning of what is there."""
    if not text or beside.startswith(text):
        return False
    copies = list(draft.copies.order_by("-pk"))
    if any(copy.body.startswith(text) for copy in copies):
        return False
    surplus = [copy.pk for copy in copies if text.startswith(copy.body) or beside.startswith(copy.body)]
    left = [copy.pk for copy in copies if copy.pk not in surplus]
    DraftCopy.objects.filter(pk__in=surplus + left[COPIES_MOST - 1 :]).delete()
    DraftCopy.objects.create(draft=draft, body=text, kept_at=now)
    return True


def _tell(actor: User, seq: int, draft: Draft, now: datetime, *, kept: bool = False) -> DraftSaved:
    """Stores a changed text, which the saves of others then no longer go on from."""
    draft.rev += 1
    return _announce(actor, seq, draft, now, kept=kept)


def _announce(actor: User, seq: int, draft: Draft, now: datetime, *, kept: bool) -> DraftSaved:
    draft.updated_at = now
    draft.save(update_fields=["body", "reply_to", "rev", "updated_at"])
    event = DraftChanged(draft=draft_view(draft))
    effect = _forget_texts(actor, seq, draft, event)
    log.append(topic=actor.topic, seq=seq, event=event, actor_id=actor.pk, effect=effect, at=now)
    return DraftSaved(rev=draft.rev, kept=kept)
