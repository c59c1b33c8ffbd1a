"""What is said in rooms: send, edit, delete, react. Each public function is one transaction and one event at most.

Called by the consumer, commands and the admin. Never talks to a socket: what is appended is published after the commit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts import selectors as accounts
from chat import hooks, markdown, permissions, texts
from chat.events import (
    MessageCreated,
    MessageEdited,
    MessageSent,
    ReactionAdded,
    ReactionRemoved,
    SeqResult,
)
from chat.markdown import Rendered
from chat.mentions import EVERYONE
from chat.models import Beside, Card, Membership, Mention, Message, MessageRevision, Reaction
from chat.selectors.standing import BRIDGE, find_message
from chat.selectors.views import mentions_of, message_view, quote_view, thread_views
from chat.services import search
from chat.services.attachments import claim_attachments, claimed_by
from chat.services.drafts import clear_sent
from chat.services.follows import follow_thread_of_reply
from chat.services.moderation.rules import flag_message, screen, screen_card, screen_names
from chat.services.turn import Turn, Unchanged, refuse_muted, refuse_silent, seq_or_nothing, take_turn
from chat.shapes import BesideView, CardView
from chat.words import is_masked
from realtime.protocol import Refused, encode
from realtime.rows import Rows

if TYPE_CHECKING:
    from accounts.models import User

_messages: Final = Rows(Message)
_besides: Final = Rows(Beside)
ASSISTANT: Final = "assistant"
OUTSIDE: Final = frozenset({ASSISTANT, BRIDGE})
"""Accounts of these kinds are called by their names in any room, and are members of none."""
EDITS_MOST: Final = 500
"""Of one message: each keeps what it said before."""
REACTIONS_MOST: Final = 30
"""Different emoji under one message."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to say, checked for its form only."""

    cid: UUID
    body: str
    rendered: Rendered
    thread: UUID | None
    reply_to: UUID | None
    also_in_room: bool
    beside: BesideView | None
    draft_rev: int | None
    attachments: Sequence[UUID]
    at: datetime | None
    card: CardView | None


def send_message(
    *,
    actor: User,
    room_id: int,
    cid: UUID,
    body: str,
    rendered: Rendered | None = None,
    thread: UUID | None = None,
    reply_to: UUID | None = None,
    also_in_room: bool = False,
    beside: BesideView | None = None,
    draft_rev: int | None = None,
    attachments: Sequence[UUID] = (),
    at: datetime | None = None,
    card: CardView | None = None,
) -> MessageSent:
    """Says something in a room. A repeat of the same cid is answered with the first result, whatever changed since.

    Args:
        actor: who says it.
        room_id: where.
        cid: the author's lasting id of the message.
        body: Markdown.
        rendered: `markdown.render` of the clean body, made before the transaction; None makes it here.
        thread: id of the root that it answers in its thread.
        reply_to: id of a message of the room that it quotes.
        also_in_room: a reply in a thread that is shown in the room as well.
        beside: what its author has open; kept as it is, for the app that knows its topic.
        draft_rev: rev of the author's draft that this was, and that goes with it; None for none.
        attachments: ids of uploaded files of the author's that go with it; with some the body may be empty.
        at: when it was said, for what comes from elsewhere; None is now.
        card: what the page shows in place of the body (see chat.services.cards).

    Raises:
        Refused: invalid, too_large, not_found, not_member, read_only, muted, slow_mode, `conflict` for a used cid.
    """
    text, rendered = prepare(body, rendered, may_be_empty=bool(attachments))
    texts.check_beside(beside)
    also_in_room = also_in_room and thread is not None
    draft = Draft(cid, text, rendered, thread, reply_to, also_in_room, beside, draft_rev, attachments, at, card)
    try:
        return _send(actor, room_id, draft)
    except (IntegrityError, Refused) as error:
        # The unique (author, cid) decides between two processes; slow mode would refuse the repeat of what it let pass.
        first = _sent_before(actor, room_id, draft)
        if first is not None:
            return first
        if isinstance(error, Refused):
            raise
        return _send(actor, room_id, draft)  # two of one moment may have drawn the same id in the index, once


def prepare(body: str, rendered: Rendered | None = None, *, may_be_empty: bool = False) -> tuple[str, Rendered]:
    """The clean text, and its HTML made now unless it was made before."""
    text = texts.clean_body(body, may_be_empty=may_be_empty)
    if rendered is None or rendered.source != text:
        rendered = markdown.render(text)
    return text, rendered


@transaction.atomic
def _send(actor: User, room_id: int, draft: Draft) -> MessageSent:
    turn = take_turn(actor=actor, room_id=room_id, at=draft.at)
    _check_may_write(turn)
    return store(turn, draft, kind=Message.Kind.ASSISTANT if actor.kind == ASSISTANT else Message.Kind.USER)


def store(turn: Turn, draft: Draft, *, kind: str) -> MessageSent:
    """Stores what somebody says whose right to say it was found; for chat.services.bridged as well."""
    actor, room_id = turn.actor, turn.room_id
    root = _find_root(turn, draft.thread) if draft.thread else None
    quoted = find_message(place=turn.place, message_id=draft.reply_to) if draft.reply_to else None
    screened = screen(place=turn.place, rendered=draft.rendered)
    mentioned, html = _address(turn, screened.rendered)
    message = _messages.new(
        room_id=room_id,
        seq=turn.seq,
        author_id=actor.pk,
        cid=draft.cid,
        kind=kind,
        body=screened.body,
        html=html,
        html_version=markdown.HTML_VERSION,
        reply_to_id=quoted.pk if quoted else None,
        thread_root_id=root.pk if root else None,
        also_in_room=draft.also_in_room,
        created_at=turn.now,
    )
    _messages.insert(message)
    store_mentions(message, mentioned)
    _store_beside(message, draft.beside)
    card, on_card = screen_card(place=turn.place, card=draft.card)
    store_card(message_id=message.pk, card=card)
    files = claim_attachments(turn=turn, message_id=message.pk, wanted=draft.attachments) if draft.attachments else []
    named = screen_names(place=turn.place, names=[file.name for file in files])
    flag_message(message=message, rule_id=screened.flagged_by or named or on_card)
    quote = quote_view(quoted) if quoted else None
    view = message_view(message, quote=quote, mentions=mentioned, beside=draft.beside, attachments=files, card=card)
    thread = thread_views([root.pk])[root.pk] if root else None
    starter = root.author_id if root else None
    if root is not None:
        follow_thread_of_reply(message=message, root=root, mentioned=mentioned)
    search.index_message(message, files=[(file.kind, file.name) for file in files])
    turn.append(MessageCreated(message=view, person=turn.place.shown, thread=thread, root_author=starter))
    if draft.draft_rev is not None:
        clear_sent(turn, thread=draft.thread, body=draft.body, rev=draft.draft_rev)
    hooks.message_posted(view)
    return MessageSent(id=message.pk, seq=turn.seq)


def _check_may_write(turn: Turn) -> None:
    refuse_silent(turn)
    standing = turn.place.standing
    seconds = turn.place.room.slow_mode_seconds
    if seconds and permissions.is_slowed(standing):
        _check_slow_mode(turn, timedelta(seconds=seconds))


def _check_slow_mode(turn: Turn, pause: timedelta) -> None:
    own = Message.objects.filter(room_id=turn.room_id, author_id=turn.actor.pk, created_at__gt=turn.now - pause)
    # What lies ahead was stamped by a machine whose clock is wrong; nobody waits for that.
    past = own.filter(created_at__lte=turn.now)
    last = past.order_by("-created_at").values_list("created_at", flat=True).first()
    if last is not None:
        raise Refused("slow_mode", retry_after=round((last + pause - turn.now).total_seconds(), 1))


def _find_root(turn: Turn, root_id: UUID) -> Message:
    root = find_message(place=turn.place, message_id=root_id)
    if root.thread_root_id is not None or root.kind == Message.Kind.SYSTEM:
        raise Refused("invalid", "A thread hangs on a message of the room.", field="thread")
    return root


def _address(turn: Turn, rendered: Rendered) -> tuple[list[int], str]:
    """Ids of the members whom the text addresses, without its author, and the HTML that marks them."""
    if not rendered.names:
        return [], rendered.html
    members = set(Membership.objects.filter(room_id=turn.room_id).values_list("user_id", flat=True))
    people = accounts.people_named(name for name in rendered.names if name != EVERYONE)
    # The assistant is no member, and neither are people elsewhere, for whom nobody reads here what calls them.
    named = {name: person for name, person in people.items() if person.id in members or person.kind in OUTSIDE}
    everyone = EVERYONE in rendered.names and permissions.can_address_everyone(turn.place.standing, len(members))
    meant = members if everyone else {person.id for person in named.values() if person.kind != BRIDGE}
    shown = {name: person.id for name, person in named.items()}
    return sorted(meant - {turn.actor.pk}), markdown.place_mentions(rendered, shown, everyone=everyone)


def store_mentions(message: Message, users: Collection[int]) -> None:
    """Keeps whom a message addresses; for chat.services.cards as well."""
    if users:
        rows = [Mention(message=message, room_id=message.room_id, user_id=user, seq=message.seq) for user in users]
        Mention.objects.bulk_create(rows, batch_size=500)


def _store_beside(message: Message, beside: BesideView | None) -> None:
    if beside is not None:
        values = {"topic": beside.topic, "seq": beside.seq, "start": beside.start, "end": beside.end}
        _besides.insert(_besides.new(message_id=message.pk, **values))


def store_card(*, message_id: UUID, card: CardView | None) -> None:
    """Keeps what a message that is being stored carries; for chat.services.cards as well."""
    if card is not None:
        Card.objects.create(message_id=message_id, kind=card.kind, view=encode(card).decode())


def _sent_before(actor: User, room_id: int, draft: Draft) -> MessageSent | None:
    message = Message.objects.filter(author_id=actor.pk, cid=draft.cid).first()
    if message is None:
        return None
    if not _is_same(message, room_id, draft):
        raise Refused("conflict", "This id was used for another message.", field="cid")
    return MessageSent(id=message.pk, seq=message.seq, duplicate=True)


def _is_same(message: Message, room_id: int, draft: Draft) -> bool:
    first = message.revisions.order_by("seq").values_list("body", flat=True).first()
    body = message.body if first is None else first
    place = (message.room_id, message.thread_root_id, message.reply_to_id, message.also_in_room)
    # Nothing is left of a deleted text to compare with.
    same_text = is_masked(body, draft.body)
    if message.deleted_at is None and not (same_text and claimed_by(message.pk) == list(draft.attachments)):
        return False
    return place == (room_id, draft.thread, draft.reply_to, draft.also_in_room)


@seq_or_nothing
def edit_message(
    *,
    actor: User,
    room_id: int,
    message_id: UUID,
    body: str,
    rendered: Rendered | None = None,
    at: datetime | None = None,
) -> SeqResult:
    """Changes one's own text; the old one is kept. The same text again changes nothing (seq 0).

    Raises:
        Refused: invalid, too_large, not_found, not_member, forbidden, gone, read_only, muted.
    """
    _, rendered = prepare(body, rendered)
    turn = take_turn(actor=actor, room_id=room_id, at=at)
    message = find_message(place=turn.place, message_id=message_id)
    _check_may_edit(turn, message)
    return rewrite(turn, message, rendered)


def rewrite(turn: Turn, message: Message, rendered: Rendered) -> SeqResult:
    """Changes a text whose author may; for chat.services.bridged as well.

    Raises:
        Unchanged: it is the same text.
        Refused: invalid, too_large.
    """
    screened = screen(place=turn.place, rendered=rendered)
    text = screened.body
    if message.body == text:
        raise Unchanged
    if message.revisions.count() >= EDITS_MOST:
        raise Refused("too_large", f"A message can be changed {EDITS_MOST} times. Write a new one.")
    before = mentions_of([message.pk]).get(message.pk, [])
    mentioned, html = _address(turn, screened.rendered)
    MessageRevision.objects.create(message=message, seq=turn.seq, body=message.body, replaced_at=turn.now)
    Message.objects.filter(pk=message.pk).update(
        body=text, html=html, html_version=markdown.HTML_VERSION, edited_at=turn.now
    )
    message.body = text
    flag_message(message=message, rule_id=screened.flagged_by)
    message.mentions.exclude(user__in=mentioned).delete()
    store_mentions(message, [user for user in mentioned if user not in before])
    search.reindex_messages(ids=[message.pk])
    return turn.append(
        MessageEdited(
            id=message.pk,
            message_seq=message.seq,
            body=text,
            html=html,
            edited_at=turn.now,
            mentions=mentioned,
            mentioned_before=before,
        )
    )


def _check_may_edit(turn: Turn, message: Message) -> None:
    if turn.place.membership is None:
        raise Refused("not_member")
    if message.author_id != turn.actor.pk or message.kind == Message.Kind.SYSTEM:
        raise Refused("forbidden", "Only its author changes a message.")
    if message.deleted_at is not None:
        raise Refused("gone", "This message was deleted.")
    if Card.objects.filter(pk=message.pk).exists():
        raise Refused("forbidden", "What this message shows is changed where it comes from.")
    if message.kind == Message.Kind.BRIDGE:
        hooks.check_bridged_edit(actor=turn.actor, message_id=message.pk)
    if not permissions.can_post(turn.place.standing):
        raise Refused("read_only")
    refuse_muted(turn)


@seq_or_nothing
def add_reaction(*, actor: User, room_id: int, message_id: UUID, emoji: str) -> SeqResult:
    """Puts an emoji under a message; seq 0 when it is there already.

    Raises:
        Refused: invalid, not_found, not_member, gone, read_only, muted.
    """
    texts.clean_emoji(emoji)
    turn, message = _react(actor, room_id, message_id)
    refuse_muted(turn)
    return put_emoji(turn, message, emoji)


def put_emoji(turn: Turn, message: Message, emoji: str) -> SeqResult:
    """Puts the emoji of somebody who may; for chat.services.bridged as well.

    Raises:
        Unchanged: it is there.
        Refused: too_large.
    """
    actor = turn.actor
    chosen = list(Reaction.objects.filter(message=message).values_list("user_id", "emoji"))
    if (actor.pk, emoji) in chosen:
        raise Unchanged
    kinds = {other for _, other in chosen}
    if emoji not in kinds and len(kinds) >= REACTIONS_MOST:
        raise Refused("too_large", f"A message has at most {REACTIONS_MOST} different reactions.", field="emoji")
    Reaction.objects.create(message=message, user_id=actor.pk, emoji=emoji)
    return turn.append(ReactionAdded(message=message.pk, user=actor.pk, emoji=emoji))


@seq_or_nothing
def remove_reaction(*, actor: User, room_id: int, message_id: UUID, emoji: str) -> SeqResult:
    """Takes one's own emoji back; seq 0 when it is not there.

    Raises:
        Refused: not_found, not_member, gone, read_only.
    """
    turn, message = _react(actor, room_id, message_id)
    return take_emoji(turn, message, emoji)


def take_emoji(turn: Turn, message: Message, emoji: str) -> SeqResult:
    """Takes the emoji of somebody back; for chat.services.bridged as well.

    Raises:
        Unchanged: it is not there.
    """
    actor = turn.actor
    if not Reaction.objects.filter(message=message, user_id=actor.pk, emoji=emoji).delete()[0]:
        raise Unchanged
    return turn.append(ReactionRemoved(message=message.pk, user=actor.pk, emoji=emoji))


def _react(actor: User, room_id: int, message_id: UUID) -> tuple[Turn, Message]:
    turn = take_turn(actor=actor, room_id=room_id)
    message = find_message(place=turn.place, message_id=message_id)
    if turn.place.membership is None:
        raise Refused("not_member")
    if not permissions.can_react(turn.place.standing):
        raise Refused("read_only", "This room is archived.")
    if message.deleted_at is not None or message.kind == Message.Kind.SYSTEM:
        raise Refused("gone", "There is nothing to react to any more.")
    return turn, message
