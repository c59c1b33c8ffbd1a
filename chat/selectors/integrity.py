"""Proves that rooms hold together: tables against the log, and figures against a second way of counting.

Called by check_integrity. Never repairs anything.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q

from accounts import selectors as accounts
from chat.models import Membership, Mention, Message, MessageRevision, Reaction, Room, RoomInvite
from chat.permissions import FIXED_KINDS
from chat.selectors.counts import UNREAD_MOST, counts_of
from chat.selectors.file_soundness import check_files, check_told_files
from chat.selectors.kept_soundness import check_kept
from chat.selectors.moment import one_moment
from chat.selectors.replay import Replay, replay_room
from chat.selectors.views import SHOWN_IN_ROOM, besides_of, cards_of, room_topic, thread_views
from chat.shapes import ThreadView
from realtime import log

CHUNK_ROWS: Final = 2_000
_EMPTY: Final = Q(body="", html="", reply_to=None)


def check_room(room: Room) -> Iterator[str]:
    """A sentence for each fault of one room, all seen at one moment; nothing when all is well."""
    with one_moment():
        topic = room_topic(room.pk)
        head, oldest = log.heads([topic])[topic]
        faults = [
            *_check_places(room, head),
            *_check_what_hangs_on(room, head),
            *_check_tombstones(room),
            *_check_members(room, head),
            *_check_replay(room, replay_room(room.pk, oldest), oldest),
            *check_files(room),
            *check_kept(room, head),
            *_check_counts(room),
        ]
    for fault in faults:
        yield f"{topic}: {fault}"


def _check_places(room: Room, head: int) -> Iterator[str]:
    messages = Message.objects.filter(room=room)
    for seq in messages.filter(Q(seq__gt=head) | Q(seq=0)).values_list("seq", flat=True):
        yield f"message {seq} is outside the log, which ends at {head}."
    elsewhere = Q(thread_root__isnull=False) & ~Q(thread_root__room=room)
    for seq in messages.filter(elsewhere | (Q(reply_to__isnull=False) & ~Q(reply_to__room=room))).values_list(
        "seq", flat=True
    ):
        yield f"message {seq} answers one of another room."
    for seq in messages.filter(
        Q(thread_root__thread_root__isnull=False) | Q(thread_root__seq__gte=F("seq")) | Q(reply_to__seq__gte=F("seq"))
    ).values_list("seq", flat=True):
        yield f"message {seq} answers a later one, or hangs in the thread of a reply."
    for seq in messages.filter(also_in_room=True, thread_root=None).values_list("seq", flat=True):
        yield f"message {seq} says that it is a reply and hangs on no thread."


def _check_what_hangs_on(room: Room, head: int) -> Iterator[str]:
    wrong = ~Q(message__seq=F("seq")) | ~Q(message__room=F("room"))
    for seq in Mention.objects.filter(wrong, message__room=room).values_list("message__seq", flat=True):
        yield f"a mention in message {seq} has another place than the message."
    late = Q(seq__lte=F("message__seq")) | Q(seq__gt=head) | Q(message__edited_at=None)
    for seq in MessageRevision.objects.filter(late, message__room=room).values_list("message__seq", flat=True):
        yield f"a revision of message {seq} fits no edit."
    for message, seq in (
        Message.objects.filter(room=room, edited_at__isnull=False, deleted_at=None)
        .filter(~Exists(MessageRevision.objects.filter(message=OuterRef("pk"))))
        .values_list("pk", "seq")
    ):
        yield f"message {seq} ({message}) was edited and has no revision."


def _check_tombstones(room: Room) -> Iterator[str]:
    deleted = Message.objects.filter(room=room, deleted_at__isnull=False)
    for seq in deleted.exclude(_EMPTY).values_list("seq", flat=True):
        yield f"message {seq} is deleted and its text is still there."
    hanging = (
        Count("revisions")
        + Count("mentions")
        + Count("reactions")
        + Count("beside")
        + Count("attachments")
        + Count("pin")
        + Count("card")
    )
    left = deleted.annotate(left=hanging).filter(left__gt=0)
    for seq in left.values_list("seq", flat=True):
        yield f"message {seq} is deleted and something still hangs on it."


def _check_members(room: Room, head: int) -> Iterator[str]:
    members = list(Membership.objects.filter(room=room))
    for member in members:
        if member.last_read_seq > head or member.joined_seq > head:
            seqs = f"{member.last_read_seq} and joined at {member.joined_seq}"
            yield f"user:{member.user_id} has read to {seqs}, beyond the head {head}."
    if room.kind in FIXED_KINDS:
        yield from _check_direct(room, {member.user_id for member in members})
    elif members and not any(member.role == Membership.Role.OWNER for member in members):
        yield "nobody owns this room."
    for link in RoomInvite.objects.filter(room=room, uses__gt=F("max_uses")):
        yield f"link {link.pk} was used {link.uses} times of {link.max_uses}."


def _check_direct(room: Room, members: set[int]) -> Iterator[str]:
    key = room.direct_key or ""
    named = {int(part) for part in key.split("-")} if key.replace("-", "").isdigit() else set()
    # Somebody whose account was deleted is gone from the members, not from the key.
    if not members <= named or key != "-".join(str(pk) for pk in sorted(named)):
        yield f"its key is {key!r}, its people are {sorted(members)}."


def _check_replay(room: Room, replayed: Replay, oldest: int) -> Iterator[str]:
    """What the log says against what the tables say, as far back as the log goes."""
    yield from replayed.faults
    yield from _check_messages(room, replayed, oldest)
    threads = thread_views(list(replayed.threads))
    for root, told in replayed.threads.items():
        if _figures(threads.get(root)) != _figures(told):
            yield f"thread {root} was told as {_figures(told)} and is {_figures(threads.get(root))}."
    if oldest == 1:
        yield from _check_whole_story(room, replayed)


def _figures(thread: ThreadView | None) -> tuple[int, Any]:
    return (thread.replies, thread.last_at) if thread else (0, None)


def _check_messages(room: Room, replayed: Replay, oldest: int) -> Iterator[str]:
    rows = Message.objects.filter(room=room, seq__gte=oldest).order_by("seq")
    found: set[UUID] = set()
    for pk, seq, body, deleted_at in rows.values_list("pk", "seq", "body", "deleted_at").iterator(CHUNK_ROWS):
        found.add(pk)
        if replayed.place.get(pk) != seq:
            yield f"message {seq} ({pk}) is not what event {seq} told."
        elif (deleted_at is not None) != (pk in replayed.deleted):
            yield f"message {seq} is deleted in the table or in the log, not in both."
        elif replayed.body[pk] != body and pk not in replayed.growing:
            yield f"message {seq} says something else than the log."
    stored = besides_of(found)
    cards = cards_of(found)
    for pk in found & replayed.place.keys():
        if stored.get(pk) != replayed.beside.get(pk):
            yield f"message {replayed.place[pk]} has something else beside it than the log tells."
        if cards.get(pk) != replayed.cards.get(pk):
            yield f"message {replayed.place[pk]} carries something else than the log tells."
    yield from check_told_files(room, replayed, found)
    for pk in replayed.place.keys() - found:
        yield f"event {replayed.place[pk]} tells message {pk}, which is not there."


def _check_whole_story(room: Room, replayed: Replay) -> Iterator[str]:
    rows = Membership.objects.filter(room=room).values_list("user_id", "role", "joined_seq")
    members = {user: role for user, role, _ in rows}
    # Who is there when a room is made is told to nobody: nobody listens yet.
    first = {user for user, _, joined_seq in rows if joined_seq <= 1 and user not in replayed.members}
    for user in sorted((members.keys() - first) | (replayed.members.keys() & _existing(replayed.members))):
        if members.get(user) != replayed.members.get(user):
            yield f"user:{user} is {members.get(user)} here and {replayed.members.get(user)} in the log."
    chosen = set(Reaction.objects.filter(message__room=room).values_list("message", "user", "emoji"))
    told = {one for one in replayed.reactions if one[0] not in replayed.deleted}
    people = _existing({one[1] for one in told})
    for message, user, emoji in sorted(chosen ^ {one for one in told if one[1] in people}, key=str):
        yield f"{emoji} of user:{user} under {message} is in the table or in the log, not in both."


def _existing(users: Iterable[int]) -> set[int]:
    """Of these people those whose accounts are still there."""
    return set(accounts.people_views(users))


def _check_counts(room: Room) -> Iterator[str]:
    """Every member's unread figures, counted here row by row."""
    said = Message.objects.filter(SHOWN_IN_ROOM, room=room, deleted_at=None).exclude(kind=Message.Kind.SYSTEM)
    everybody: list[int] = []
    by_author: dict[int, list[int]] = defaultdict(list)
    for seq, author in said.order_by("seq").values_list("seq", "author_id").iterator(CHUNK_ROWS):
        everybody.append(seq)
        if author is not None:
            by_author[author].append(seq)
    addressed: dict[int, list[int]] = defaultdict(list)
    for seq, user in Mention.objects.filter(message__room=room).order_by("seq").values_list("message__seq", "user_id"):
        addressed[user].append(seq)
    for user, read in Membership.objects.filter(room=room).values_list("user_id", "last_read_seq"):
        unread = _after(everybody, read) - _after(by_author[user], read)
        here = (min(unread, UNREAD_MOST), min(_after(addressed[user], read), UNREAD_MOST))
        counts = counts_of(user, room_id=room.pk)[0]
        if (counts.unread, counts.mentions) != here:
            told = f"{counts.unread} unread, {counts.mentions} mentions"
            yield f"user:{user} is told {told}; there are {here[0]} and {here[1]}."


def _after(seqs: list[int], read: int) -> int:
    return len(seqs) - bisect_right(seqs, read)
