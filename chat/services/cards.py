"""Messages that carry more than words: posted with a card, and changed in place while what it shows goes on.

Called by the apps above chat, inside their own transaction if they have one. Never knows what a card means, and never
decides when it changes. The page shows the card in place of the body; the body says the same in words, for search,
quotes, notices and whoever reads without a page.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat import hooks, markdown, texts
from chat.events import CardChanged, MessageCreated, MessageSent, SeqResult
from chat.markdown import Rendered
from chat.models import Card, Membership, Message, Room
from chat.selectors.standing import find_message
from chat.selectors.views import message_view, room_topic
from chat.services import search
from chat.services.messages import prepare, send_message, store_card, store_mentions
from chat.services.moderation.rules import BLOCKED, flag_message, screen, screen_card
from chat.services.turn import Turn, refuse_silent, take_turn
from chat.shapes import CardView
from realtime import log
from realtime.protocol import Refused, encode

if TYPE_CHECKING:
    from accounts.models import User

ATTACHMENTS: Final = "attachments"
SEQS_MOST: Final = 200
"""Before those of the events are left out that the log gave up: an alert may change for weeks."""


def post_card(
    *,
    author: User | None,
    room_id: int,
    cid: UUID,
    body: str,
    card: CardView,
    thread: UUID | None = None,
    calls: Collection[int] = (),
) -> MessageSent:
    """Says something in a room that carries a card; a repeat of the same cid is answered with the first message.

    With an author it is an ordinary message of theirs: rights, mutes, slow mode, word rules, mentions, hooks, search
    and counts as for any other. Without one the site says it, as an alert: it counts, is found, answered and told
    like what people say; its words are plain text that addresses nobody.

    Args:
        author: who says it; None for the site itself.
        room_id: where.
        cid: a lasting id, so that it is said once.
        body: the same in words; Markdown, if it has an author.
        card: what the page shows.
        thread: id of the root in whose thread it stands; only with an author.
        calls: ids of people who are told as if they were mentioned, if they are members; only without an author.

    Raises:
        Refused: what `send_message` refuses; without an author `not_found` for a room that is gone, `read_only` for an
            archived one, `invalid` and `too_large` for the words.
    """
    if author is not None:
        return send_message(actor=author, room_id=room_id, cid=cid, body=body, thread=thread, card=card)
    text = texts.clean_body(body)
    return _say(room_id, cid, text, card, calls)


@transaction.atomic
def _say(room_id: int, cid: UUID, body: str, card: CardView, calls: Collection[int]) -> MessageSent:
    topic = room_topic(room_id)
    log.lock(topic)
    first = Message.objects.filter(pk=cid).values_list("room_id", "seq").first()
    if first is not None and first[0] != room_id:
        raise Refused("conflict", "This id was used for another message.", field="cid")
    if first is not None:
        return MessageSent(id=cid, seq=first[1], duplicate=True)
    room = Room.objects.filter(pk=room_id).first()
    if room is None:
        raise Refused("not_found", "The room is gone.")
    if room.archived_at is not None:
        raise Refused("read_only", "The room is archived.")
    message = Message.objects.create(
        id=cid,
        room=room,
        seq=log.reserve(topic),
        cid=cid,
        kind=Message.Kind.ALERT,
        body=body,
        html=markdown.plain_html(body),
        html_version=markdown.HTML_VERSION,
        created_at=timezone.now(),
    )
    store_card(message_id=message.pk, card=card)
    members = Membership.objects.filter(room=room, user__in=list(calls)).order_by("user")
    called = list(members.values_list("user_id", flat=True))
    store_mentions(message, called)
    search.index_message(message)
    view = message_view(message, card=card, mentions=called)
    event = MessageCreated(message=view, person=None, thread=None)
    log.append(topic=topic, seq=message.seq, event=event, at=message.created_at)
    hooks.message_posted(view)
    return MessageSent(id=message.pk, seq=message.seq)


@transaction.atomic
def change_card(*, message_id: UUID, card: CardView, body: str, actor_id: int | None = None) -> SeqResult:
    """Shows a new card in a message, and the words that say the same; who may write there does not matter any more.

    Args:
        message_id: of a message with a card.
        card: what the page shows from now on.
        body: the same in words, as in `post_card`.
        actor_id: whose doing it is.

    Raises:
        Refused: `gone` for a message that was deleted meanwhile, `not_found` for one of which nothing is left;
            `invalid` and `too_large` for the words.
    """
    text = texts.clean_body(body)
    seq = log.reserve(room_topic(_carried(message_id).message.room_id))
    carried = _carried(message_id)  # who deletes it holds the room's topic too
    return _show(carried, card, text, seq=seq, actor_id=actor_id)


@transaction.atomic
def edit_card(*, actor: User, room_id: int, message_id: UUID, body: str, card: CardView) -> SeqResult:
    """Changes one's own message that carries attachments: its words and its card; nothing of the old ones is kept.

    Args:
        actor: whose message it is.
        room_id: where it stands.
        message_id: which.
        body: the same in words, as in `post_card`.
        card: what the page shows from now on.

    Raises:
        Refused: invalid, too_large, not_found, not_member, forbidden, gone, read_only, muted.
    """
    _, rendered = prepare(body)
    turn = take_turn(actor=actor, room_id=room_id)
    refuse_silent(turn)
    if find_message(place=turn.place, message_id=message_id).author_id != actor.pk:
        raise Refused("forbidden", "Only its author changes a message.")
    return redraw(turn, message_id, rendered, card)


def redraw(turn: Turn, message_id: UUID, rendered: Rendered, card: CardView) -> SeqResult:
    """Changes attachments whose author may; for chat.services.bridged as well.

    Raises:
        Refused: gone, `forbidden` for a card of another kind, `invalid` for words that a rule blocks or masks: a card
            is shown whole or not at all.
    """
    carried = _carried(message_id)
    if carried.kind != ATTACHMENTS:
        raise Refused("forbidden", "What this message shows is changed where it comes from.")
    screened = screen(place=turn.place, rendered=rendered)
    kept, on_card = screen_card(place=turn.place, card=card)
    if kept is None:
        raise Refused("invalid", BLOCKED, field="body")
    done = _show(carried, kept, screened.body, seq=turn.seq, actor_id=turn.actor.pk)
    carried.message.body = screened.body
    flag_message(message=carried.message, rule_id=screened.flagged_by or on_card)
    return done


def _show(carried: Card, card: CardView, text: str, *, seq: int, actor_id: int | None) -> SeqResult:
    message_id, topic = carried.message.pk, room_topic(carried.message.room_id)
    html = _html_of(text, carried.message)
    Message.objects.filter(pk=message_id).update(body=text, html=html, html_version=markdown.HTML_VERSION)
    # A line of the room itself is never deleted but with the log that told it.
    seqs = [] if carried.message.kind == Message.Kind.SYSTEM else _in_log(topic, [*carried.seqs, seq])
    Card.objects.filter(pk=message_id).update(kind=card.kind, view=encode(card).decode(), seqs=seqs)
    search.reindex_messages(ids=[message_id])
    event = CardChanged(message=message_id, card=card, body=text, html=html)
    log.append(topic=topic, seq=seq, event=event, actor_id=actor_id)
    return SeqResult(seq=seq)


def _in_log(topic: str, seqs: list[int]) -> list[int]:
    """Those of the events that may still have to be taken out of the log."""
    if len(seqs) <= SEQS_MOST:
        return seqs
    oldest = log.heads([topic])[topic][1]
    return [seq for seq in seqs if seq >= oldest]


def _html_of(body: str, message: Message) -> str:
    if message.kind in {Message.Kind.SYSTEM, Message.Kind.ALERT}:
        return markdown.plain_html(body)
    return markdown.place_mentions(markdown.render(body), {}, everyone=False)  # nobody is called by a figure


def _carried(message_id: UUID) -> Card:
    card = Card.objects.select_related("message").filter(pk=message_id).first()
    if card is None and not Message.objects.filter(pk=message_id).exists():
        raise Refused("not_found", "Nothing is left of this message.")
    if card is None or card.message.deleted_at is not None:
        raise Refused("gone", "This message was deleted.")
    return card
