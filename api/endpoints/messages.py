"""What is said in a room: read page by page, sent, changed, deleted, reacted to."""

from __future__ import annotations

from uuid import UUID

import msgspec

from api.declared import Call, endpoint
from api.shapes import NewBody, NewMessage, NoQuery, OneMessage, Revisions, SideQuery, ThreadPage
from chat import selectors, services
from chat.events import MessageSent, SeqResult
from chat.selectors import directory
from chat.shapes import MessagePage, MessageView
from realtime.protocol import Refused

TAG = "Messages"
MESSAGES = "rooms/<int:room_id>/messages"
ONE = f"{MESSAGES}/<uuid:message_id>"
WRITING = ("invalid", "too_large", "not_found", "not_member", "read_only", "muted")


def _link(call: Call[SideQuery, None], shown: list[MessageView], *, before: bool, after: bool) -> None:
    if after and shown:
        call.pages["next"] = {"after": shown[-1].seq}
    if before and shown:
        call.pages["prev"] = {"before": shown[0].seq}


@endpoint("GET", MESSAGES, tag=TAG, scope="messages:read", refuses=("invalid", "not_found"))
def list_messages(call: Call[SideQuery, None], room_id: int) -> MessagePage:
    """A page of a room, oldest first; the newest page when neither side is given.

    `before` and `after` are seqs: they never move, so pages meet without holes or repeats while others write.
    `as_of_seq` is the head of the room's log at that moment: subscribe on a socket with it to hear what comes next.
    """
    asked = call.query
    page = selectors.message_page(
        actor=call.user, room_id=room_id, before=asked.before, after=asked.after, limit=asked.limit
    )
    _link(call, page.messages, before=page.has_before, after=page.has_after)
    return page


@endpoint(
    "POST",
    MESSAGES,
    tag=TAG,
    scope="messages:write",
    status=201,
    once="cid",
    refuses=(*WRITING, "slow_mode", "conflict"),
    gives={"message_id": "/id"},
)
def send_message(call: Call[NoQuery, NewMessage], room_id: int) -> MessageSent:
    """Say something in Markdown.

    The Idempotency-Key becomes the lasting id (cid) of the message: a repeat is answered 200 with `duplicate`, for
    ever. Without a key every request is another message.
    """
    new = call.body
    sent = services.send_message(
        actor=call.user,
        room_id=room_id,
        cid=call.cid,
        body=new.body,
        thread=new.thread,
        reply_to=new.reply_to,
        also_in_room=new.also_in_room,
        attachments=new.attachments,
    )
    if sent.duplicate:
        call.status = 200
    return sent


@endpoint("GET", ONE, tag=TAG, scope="messages:read", refuses=("not_found",))
def get_message(call: Call[NoQuery, None], room_id: int, message_id: UUID) -> OneMessage:
    """One message; a deleted one has no text."""
    message, people = directory.one_message(actor=call.user, room_id=room_id, message_id=message_id)
    return OneMessage(message=message, people=people)


@endpoint("PATCH", ONE, tag=TAG, scope="messages:write", refuses=(*WRITING, "gone"))
def edit_message(call: Call[NoQuery, NewBody], room_id: int, message_id: UUID) -> SeqResult:
    """Change your own text; the old one is kept. `seq` is 0 when it is the same."""
    return services.edit_message(actor=call.user, room_id=room_id, message_id=message_id, body=call.body.body)


@endpoint("DELETE", ONE, tag=TAG, scope="messages:write", refuses=("not_found", "not_member"))
def delete_message(call: Call[NoQuery, None], room_id: int, message_id: UUID) -> SeqResult:
    """Delete your own message, or as a moderator anybody's; a tombstone stays.

    `seq` is 0 when it was deleted before.
    """
    return services.delete_message(actor=call.user, room_id=room_id, message_id=message_id)


@endpoint("GET", f"{ONE}/revisions", tag=TAG, scope="messages:read", refuses=("not_found",))
def list_revisions(call: Call[NoQuery, None], room_id: int, message_id: UUID) -> Revisions:
    """What a message says and said, newest first; empty when it was deleted."""
    place = selectors.message_place(actor=call.user, message_id=message_id)
    if place[0] != room_id:
        raise Refused("not_found")
    return Revisions(revisions=selectors.revisions(actor=call.user, message_id=message_id))


@endpoint("GET", f"{ONE}/thread", tag=TAG, scope="messages:read", refuses=("invalid", "not_found"))
def list_replies(call: Call[SideQuery, None], room_id: int, message_id: UUID) -> ThreadPage:
    """A thread, page by page: the root and replies, oldest first; the newest when neither side is given."""
    asked = call.query
    found = directory.reply_page(
        actor=call.user, room_id=room_id, root_id=message_id, before=asked.before, after=asked.after, limit=asked.limit
    )
    _link(call, found.replies, before=found.has_before, after=found.has_after)
    return msgspec.convert(found, ThreadPage, from_attributes=True)


REACTING = ("not_found", "not_member", "gone", "read_only")


@endpoint(
    "PUT",
    f"{ONE}/reactions/<str:emoji>",
    tag=TAG,
    scope="messages:write",
    refuses=(*REACTING, "invalid", "muted", "too_large"),
)
def add_reaction(call: Call[NoQuery, None], room_id: int, message_id: UUID, emoji: str) -> SeqResult:
    """Put an emoji under a message. `seq` is 0 when yours is there already."""
    return services.add_reaction(actor=call.user, room_id=room_id, message_id=message_id, emoji=emoji)


@endpoint("DELETE", f"{ONE}/reactions/<str:emoji>", tag=TAG, scope="messages:write", refuses=REACTING)
def remove_reaction(call: Call[NoQuery, None], room_id: int, message_id: UUID, emoji: str) -> SeqResult:
    """Take your emoji back. `seq` is 0 when it is not there."""
    return services.remove_reaction(actor=call.user, room_id=room_id, message_id=message_id, emoji=emoji)
