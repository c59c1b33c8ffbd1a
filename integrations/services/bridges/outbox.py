"""What happened in rooms and has to be told to channels: taken from the log of the room, and done one after the other.

The log of a room is written in the transaction of each change, in order and without a gap: it is the outbox that
nobody can forget to write. Here its events become orders, and the place up to which that was done moves in the same
transaction. Called by integrations.bridge. Never talks to a server.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from chat.selectors import posts
from chat.shapes.runs import ENDED
from integrations.models import BridgedPerson, BridgedPost, BridgeLink, BridgeOutbox
from integrations.models.bridges import WORDS_CHARS
from integrations.services.bridges import amending, people, steps
from integrations.services.bridges.setup import Access, fence
from realtime import log

ENTRIES_MOST: Final = 500
PAUSES: Final = (1, 2, 5, 10, 20, 30, 60)
"""Seconds before each further attempt; the last one again and again: nothing is given up because a server is away."""
TRIES_SHOWN: Final = 5
"""From so many on, something that waits is shown to whoever looks after the bridge."""
BRIDGED: Final = "bridge"
"""Kind of a message that was said elsewhere."""
MISSING: Final = "The log of the room was given up meanwhile: messages were compared, reactions were not."


@transaction.atomic
def queue_local(*, access: Access, link_id: int) -> bool:
    """Takes what the room's log tells since the last time; answers whether there may be more.

    Raises:
        Fenced: another process works for the server.
    """
    fence(access)
    link = BridgeLink.objects.select_for_update().get(pk=link_id)
    topic = f"room:{link.room_id}"
    head, oldest = log.heads([topic])[topic]
    if link.direction == BridgeLink.Direction.IN:
        BridgeLink.objects.filter(pk=link.pk).update(local_seq=head)
        return False
    if link.local_seq + 1 < oldest:
        _compare(link, head)
        return False
    entries = log.read(topic, link.local_seq, ENTRIES_MOST)
    if not entries:
        return False
    rows = [row for entry in entries for row in _dated(link, msgspec.json.decode(entry.frame))]
    BridgeOutbox.objects.bulk_create(rows)
    BridgeLink.objects.filter(pk=link.pk).update(local_seq=entries[-1].seq)
    return len(entries) == ENTRIES_MOST


def _dated(link: BridgeLink, frame: dict[str, Any]) -> list[BridgeOutbox]:
    """The orders of an event, each as old as the event."""
    rows = _orders(link, frame)
    for row in rows:
        row.created_at = datetime.fromisoformat(frame["at"])
    return rows


def _orders(link: BridgeLink, frame: dict[str, Any]) -> list[BridgeOutbox]:
    data, op = frame["data"], BridgeOutbox.Op.SAY
    match frame["type"]:
        case "message.created" if _is_said(data["message"]):
            message_id = data["message"]["id"]
            known = BridgedPost.objects.filter(link=link, local_id=message_id)
            came = data["message"]["kind"] == BRIDGED and known.exists()
            return [] if came else [_row(link, op, message_id)]
        case "message.edited":
            message_id = data["id"]
        case "card.changed":
            message_id = data["message"]
        case "run.changed" if data["run"]["state"] in ENDED:
            message_id = data["message"]
        case "message.deleted":
            author = data["author"] if data["by"] == "author" else None
            return _order(link, BridgeOutbox.Op.DELETE, data["id"], author)
        case "reaction.added" | "reaction.removed":
            theirs = BridgedPerson.objects.filter(
                server=link.server_id, user=data["user"], user__kind=people.BRIDGE
            ).exists()
            return [] if theirs else [_row(link, BridgeOutbox.Op.REACT, data["message"], data["emoji"])]
        case _:
            return []
    return _order(link, op, message_id)


def _is_said(view: dict[str, Any]) -> bool:
    """Whether a new message is one to tell: no line of the system without a card, no answer that is being written."""
    if view.get("deleted_at") or (view["kind"] == "system" and not view.get("card")):
        return False
    return view.get("run") is None or view["run"]["state"] in ENDED


def _order(link: BridgeLink, op: str, message_id: str, deleted_by: int | None = None) -> list[BridgeOutbox]:
    """Nothing for what came from there, unless its author changed it here; nothing for what ended there."""
    row = BridgedPost.objects.filter(link=link, local_id=message_id).order_by("part").first()
    if row is not None and row.deleted:
        return []
    if row is None or row.ours:
        return [_row(link, op, message_id)]
    if op == BridgeOutbox.Op.DELETE:
        if not amending.adopt(link, row, author=deleted_by):
            # Whoever else deletes it does not do so there as its author.
            BridgedPost.objects.filter(pk=row.pk).update(account="")
        return [_row(link, op, message_id)]
    said = posts.words_of(row.local_id)
    return [_row(link, op, message_id)] if said and amending.adopt(link, row, author=said.author) else []


def _row(link: BridgeLink, op: str, message_id: str, emoji: str = "") -> BridgeOutbox:
    return BridgeOutbox(link=link, op=op, local_id=UUID(message_id), emoji=emoji)


def _compare(link: BridgeLink, head: int) -> None:
    """The log does not reach back far enough: what the room holds is compared with what was carried over."""
    for message_id in posts.ids_since(room_id=link.room_id, after_seq=link.local_seq):
        BridgeOutbox.objects.bulk_create(_order(link, BridgeOutbox.Op.SAY, str(message_id)))
    ours = BridgedPost.objects.filter(link=link, ours=True, part=0, deleted=False)
    for message_id in list(ours.values_list("local_id", flat=True)):
        op = BridgeOutbox.Op.SAY if posts.said(message_id) is not None else BridgeOutbox.Op.DELETE
        BridgeOutbox.objects.create(link=link, op=op, local_id=message_id)
    BridgeLink.objects.filter(pk=link.pk).update(local_seq=head, notice=MISSING)


def links_to_queue(*, server_id: int) -> list[int]:
    """Links whose rooms have told something that is not in the outbox yet."""
    rows = list(BridgeLink.objects.filter(server=server_id, enabled=True))
    heads = log.heads({f"room:{row.room_id}" for row in rows})
    return [row.pk for row in rows if heads[f"room:{row.room_id}"][0] > row.local_seq]


@transaction.atomic
def hurry(*, access: Access, channel_id: str = "") -> None:
    """What waits for a server, or for one channel of it, is tried at once: it is open again."""
    fence(access)
    rows = BridgeOutbox.objects.filter(link__server=access.server)
    if channel_id:
        rows = rows.filter(link__channel_id=channel_id)
    rows.filter(state=BridgeOutbox.State.WAITING).update(next_at=timezone.now())


def next_due(*, link_id: int) -> BridgeOutbox | None:
    """The oldest order of a link that waits, if its time has come: what is behind it waits for it."""
    rows = BridgeOutbox.objects.filter(link=link_id, state=BridgeOutbox.State.WAITING)
    row = rows.select_related("link").order_by("pk").first()
    return row if row is not None and row.next_at <= timezone.now() else None


@transaction.atomic
def begin_order(*, access: Access, order_id: int) -> BridgeOutbox | None:
    """Writes down that an order is about to be sent, before anything is; None when it is gone.

    Raises:
        Fenced: another process works for the server.
    """
    fence(access)
    row = BridgeOutbox.objects.select_related("link").filter(pk=order_id).first()
    if row is None:
        return None
    values: dict[str, Any] = {"attempts": F("attempts") + 1}
    if row.first_at is None:
        values |= {"first_at": timezone.now(), "anchor_ms": max(row.link.since_ms, 0)}
    BridgeOutbox.objects.filter(pk=row.pk).update(**values)
    return row


@transaction.atomic
def finish_order(*, access: Access, order: BridgeOutbox, told: bool = True) -> None:
    """It is done, or there is nothing to do any more.

    Args:
        access: to the server.
        order: as begin_order gave it.
        told: something was sent.
    """
    fence(access)
    settle(order, told=told)


def settle(order: BridgeOutbox, *, told: bool = True) -> None:
    """As finish_order, in the transaction of whoever noted what became of it."""
    if BridgeOutbox.objects.filter(pk=order.pk).delete()[0] and told:
        steps.note_out(order)


@transaction.atomic
def put_off(*, access: Access, order_id: int, problem: str) -> None:
    """It is tried again later, and what is behind it waits; nothing of one that staff skipped meanwhile."""
    fence(access)
    row = BridgeOutbox.objects.select_related("link").filter(pk=order_id).first()
    if row is None:
        return
    seconds = PAUSES[min(max(row.attempts, 1), len(PAUSES)) - 1]
    values = {"problem": problem[:WORDS_CHARS], "next_at": timezone.now() + timedelta(seconds=seconds)}
    BridgeOutbox.objects.filter(pk=order_id).update(**values)
    if row.attempts == TRIES_SHOWN:
        steps.note_order_held(row, problem)


@transaction.atomic
def give_up(*, access: Access, order_id: int, problem: str) -> None:
    """It would be refused again: it stays for somebody to look at, and what is behind it goes on."""
    fence(access)
    row = BridgeOutbox.objects.select_related("link").filter(pk=order_id).first()
    if row is None:
        return
    BridgeOutbox.objects.filter(pk=order_id).update(state=BridgeOutbox.State.FAILED, problem=problem[:WORDS_CHARS])
    steps.note_order_held(row, problem)
