"""Posts of programs: ordinary messages, and what they carry beside their text. Each public function is one transaction.

Called by the Mattermost-compatible API and by webhooks. Who may do what is chat's to say.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4, uuid5

import msgspec
from django.db import transaction

from chat import selectors as rooms
from chat import services as chat
from chat.selectors import posts as read
from integrations import attachments as cards
from integrations.models import PostProps
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

PROPS_BYTES: Final = 60_000
PROPS_DEEP: Final = 50
"""Lists and objects inside of each other."""
PENDING_CHARS: Final = 200
NO_NUL: Final = "A text cannot hold the NUL character."
BOT: Final = "bot"
_PENDING: Final = UUID("6b0f1f52-4a94-4c60-9d2c-0a3f0b2de9f4")
"""Namespace of lasting ids that are made from a pending_post_id."""


def create_post(
    *,
    actor: User,
    room_id: int,
    body: str,
    thread: UUID | None = None,
    attachments: Sequence[UUID] = (),
    props: dict[str, Any] | None = None,
    pending: str = "",
) -> tuple[UUID, bool]:
    """Says something in a room, as chat's own send_message does.

    Args:
        actor: who says it.
        room_id: where.
        body: Markdown.
        thread: id of the root that it answers.
        attachments: ids of uploaded files.
        props: what the program keeps beside the text.
        pending: the program's name of this wish: a repeat is answered with the first post, whatever it says now.

    Returns:
        The message's id, and whether it is new.

    Raises:
        Refused: whatever send_message refuses; `too_large` with field props.
    """
    kept = check_props(props or {}, bot=actor.kind == BOT)
    given = cards.read(kept.get("attachments"))
    whole = cards.joined(body, cards.words(given))
    card = cards.card(body, given) if given else None
    first, cid = _first_of(actor, room_id, pending)
    if first is not None:
        return first, False
    try:
        with transaction.atomic():
            sent = chat.send_message(
                actor=actor, room_id=room_id, cid=cid, body=whole, thread=thread, attachments=attachments, card=card
            )
            if (kept or pending) and not sent.duplicate:
                PostProps.objects.create(message_id=sent.id, props=kept, pending=pending)
    except Refused:
        # Two of one moment under one name: the other one was faster.
        first, _ = _first_of(actor, room_id, pending)
        if first is None:
            raise
        return first, False
    return sent.id, not sent.duplicate


def whisper_post(*, actor: User, room_id: int, user_id: int, body: str, props: dict[str, Any] | None = None) -> UUID:
    """Tells one person of a room something that the others do not see: in their conversation with the actor.

    Args:
        actor: who tells it, and may write in the room.
        room_id: what it is about.
        user_id: whom; somebody who may see the room.
        body: Markdown.
        props: what the program keeps beside the text.

    Returns:
        The id of the message that was said there.

    Raises:
        Refused: `forbidden` where either of the two has no place in the room; whatever send_message refuses.
    """
    rights = rooms.rights_of(room_id=room_id, user_ids={actor.pk, user_id})
    if actor.pk not in rights or user_id not in rights:
        raise Refused("forbidden", "You do not have the appropriate permissions.")
    refused = rooms.refuse_to_write(actor=actor, room_id=room_id, rights=rights[actor.pk])
    if refused is not None:
        raise refused
    direct = chat.open_direct(actor=actor, users=[user_id])
    return create_post(actor=actor, room_id=direct.room.id, body=body, props=props)[0]


def _first_of(actor: User, room_id: int, pending: str) -> tuple[UUID | None, UUID]:
    """The post that a program made under this name before, and the lasting id that the name stands for."""
    if not pending:
        return None, uuid4()
    if "\x00" in pending:
        raise Refused("invalid", NO_NUL, field="pending_post_id")
    if len(pending) > PENDING_CHARS:
        raise Refused("too_large", f"At most {PENDING_CHARS} characters.", field="pending_post_id")
    cid = uuid5(_PENDING, f"{actor.pk} {room_id} {pending}")
    return read.sent_as(actor=actor, cid=cid), cid


def check_props(props: dict[str, Any], *, bot: bool) -> dict[str, Any]:
    """What is kept of a program's props; whether it is a bot is said by its account and not by itself.

    Raises:
        Refused: `too_large`, or `invalid` for what no database takes.
    """
    _check_storable(props)
    kept = {name: value for name, value in props.items() if name != "from_bot"}
    if "attachments" in kept:
        kept["attachments"] = cards.without_secrets(kept["attachments"])
    if bot:
        kept["from_bot"] = "true"
    encoded = msgspec.json.encode(kept)
    if len(encoded) > PROPS_BYTES:
        raise Refused("too_large", f"The props of a post have at most {PROPS_BYTES:,} bytes.", field="props")
    return kept


def _check_storable(value: Any, deep: int = 0) -> None:
    if isinstance(value, str) and "\x00" in value:
        raise Refused("invalid", NO_NUL, field="props")
    if not isinstance(value, dict | list):
        return
    if deep == PROPS_DEEP:
        raise Refused("too_large", f"Props are at most {PROPS_DEEP} levels deep.", field="props")
    for part in [*value, *value.values()] if isinstance(value, dict) else value:
        _check_storable(part, deep + 1)


@transaction.atomic
def change_post(
    *, actor: User, message_id: UUID, room_id: int, body: str | None, props: dict[str, Any] | None, pinned: bool | None
) -> None:
    """Changes what is given of one's own post: its text, all of its props, whether it is pinned.

    Raises:
        Refused: whatever edit_message and pin_message refuse; `forbidden` for the props of somebody else's post.
    """
    if body is not None or props is not None:
        _rewrite(actor, message_id, room_id, body, props)
    if pinned is not None:
        pin = chat.pin_message if pinned else chat.unpin_message
        pin(actor=actor, room_id=room_id, message_id=message_id)


def forget_props(*, ids: Collection[UUID]) -> None:
    """Forgets what programs said with messages, in the transaction that deletes these."""
    PostProps.objects.filter(pk__in=ids).delete()


def _rewrite(actor: User, message_id: UUID, room_id: int, body: str | None, props: dict[str, Any] | None) -> None:
    view = read.find_post(actor=actor, message_id=message_id).view
    if view.author != actor.pk:
        raise Refused("forbidden", "Only its author changes a post.")
    before = PostProps.objects.filter(pk=message_id).values_list("props", flat=True).first() or {}
    kept = before if props is None else check_props(props, bot=actor.kind == BOT)
    text = cards.bare(view.body, before) if body is None else body
    given = cards.read(kept.get("attachments"))
    whole = cards.joined(text, cards.words(given))
    if view.card is not None:
        card = cards.card(text, given)
        chat.edit_card(actor=actor, room_id=room_id, message_id=message_id, body=whole, card=card)
    elif whole != view.body:
        chat.edit_message(actor=actor, room_id=room_id, message_id=message_id, body=whole)
    if kept != before:
        PostProps.objects.update_or_create(message_id=message_id, defaults={"props": kept})
