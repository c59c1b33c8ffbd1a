"""Answers of the assistant as messages of a room: begun empty, written down while they grow, and told at every turn.

Called by the app of the runs, inside its own transaction. Never decides what is answered, when, or for whom.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from accounts import selectors as accounts
from chat import markdown
from chat.events import MessageCreated, MessageSent, RunChanged, SeqResult
from chat.markdown import Rendered
from chat.models import Answer, Message
from chat.selectors.standing import BRIDGE, find_message
from chat.selectors.views import message_view, quote_view, room_topic, thread_views
from chat.services import messages, search
from chat.services.bridged import take_turn_from_elsewhere
from chat.services.follows import follow_thread_of_reply
from chat.services.turn import Turn, refuse_silent, take_turn
from chat.shapes import MessageView, RunView
from chat.shapes.runs import ENDED
from realtime import log
from realtime.protocol import Refused, encode

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def begin_answer(
    *, author: User, asker: User, room_id: int, run: RunView, thread: UUID | None = None, reply_to: UUID | None = None
) -> MessageView:
    """Puts an empty message into the room, which `run` will fill.

    Args:
        author: the assistant's account; it needs not be a member.
        asker: whose right to write in the room is asked for.
        room_id: where.
        run: how far it is; its id is the message's cid.
        thread: id of the root in whose thread it stands.
        reply_to: the message that it answers.

    Raises:
        Refused: not_found, not_member, read_only, muted, banned.
    """
    turn = _turn_of_asker(author, asker, room_id)
    root = find_message(place=turn.place, message_id=thread) if thread else None
    quoted = find_message(place=turn.place, message_id=reply_to) if reply_to else None
    message = Message.objects.create(
        room_id=room_id,
        seq=turn.seq,
        author=author,
        cid=run.id,
        kind=Message.Kind.ASSISTANT,
        body="",
        html="",
        html_version=markdown.HTML_VERSION,
        reply_to=quoted,
        thread_root=root,
        created_at=turn.now,
    )
    Answer.objects.create(message=message, run=run.id, state=run.state, view=encode(run).decode())
    view = message_view(message, quote=quote_view(quoted) if quoted else None, run=run)
    if root is not None:
        follow_thread_of_reply(message=message, root=root, mentioned=())
    thread_view = thread_views([root.pk])[root.pk] if root else None
    person = accounts.person_view(author)
    starter = root.author_id if root else None
    turn.append(MessageCreated(message=view, person=person, thread=thread_view, root_author=starter))
    return view


def _turn_of_asker(author: User, asker: User, room_id: int) -> Turn:
    if asker.kind == BRIDGE:
        asked = take_turn_from_elsewhere(actor=asker, room_id=room_id)
    else:
        asked = take_turn(actor=asker, room_id=room_id)
        refuse_silent(asked)
    return Turn(author, asked.place, asked.seq, asked.now)


@transaction.atomic
def say_instead(*, author: User, asker: User, room_id: int, cid: UUID, body: str, thread: UUID) -> MessageSent:
    """Says a sentence in the thread of a question to which there will be no answer.

    Args:
        author: the assistant's account.
        asker: whose right to write in the room is asked for.
        room_id: where.
        cid: a lasting id, so that it is said once.
        body: why.
        thread: id of the root in whose thread it stands.

    Raises:
        Refused: as begin_answer.
    """
    text, rendered = messages.prepare(body)
    asked = _turn_of_asker(author, asker, room_id)
    first = Message.objects.filter(author=author, cid=cid).first()
    if first is not None:
        return MessageSent(id=first.pk, seq=first.seq, duplicate=True)
    turn = replace(asked, place=replace(asked.place, person=accounts.person_view(author)))
    draft = messages.Draft(cid, text, rendered, thread, None, False, None, None, (), None, None)
    return messages.store(turn, draft, kind=Message.Kind.ASSISTANT)


@transaction.atomic
def change_answer(*, message_id: UUID, run: RunView, text: Rendered) -> SeqResult:
    """Tells the room how far an answer is, with all of its text; who may write there does not matter any more.

    Raises:
        Refused: `gone` for a message that was deleted meanwhile.
    """
    message = _begun(message_id)
    topic = room_topic(message.room_id)
    seq = log.reserve(topic)
    message = _begun(message_id)  # who deletes it holds the room's topic too
    html = markdown.place_mentions(text, {}, everyone=False)  # whom an answer names, it does not call
    Message.objects.filter(pk=message.pk).update(body=text.source, html=html, html_version=markdown.HTML_VERSION)
    Answer.objects.filter(pk=message.pk).update(
        run=run.id, state=run.state, view=encode(run).decode(), seqs=[*message.answer.seqs, seq]
    )
    if run.state in ENDED:
        search.reindex_messages(ids=[message.pk])
    event = RunChanged(message=message.pk, run=run, body=text.source, html=html)
    log.append(topic=topic, seq=seq, event=event, actor_id=message.author_id)
    return SeqResult(seq=seq)


def write_down(*, message_id: UUID, text: Rendered) -> bool:
    """Keeps the text so far, untold, for whoever comes in now; False when the message was deleted."""
    growing = Message.objects.filter(pk=message_id, deleted_at__isnull=True)
    return bool(growing.update(body=text.source, html=text.html))


def _begun(message_id: UUID) -> Message:
    message = Message.objects.select_related("answer").filter(pk=message_id, answer__isnull=False).first()
    if message is None or message.deleted_at is not None:
        raise Refused("gone", "This answer was deleted.")
    return message
