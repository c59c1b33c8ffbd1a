"""Who follows which thread, and how far they have read it.

Called by the consumer, and by chat.services.messages for each reply. A reply's event tells of it by itself; what a
person does to a thread is told on their own topic.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db import connection

from chat.events import SeqResult, ThreadChanged
from chat.models import Message, ThreadFollow
from chat.selectors.attention import thread_mark
from chat.selectors.standing import Place, find_message, find_place
from chat.services.turn import Unchanged, seq_or_nothing
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

_TABLE: Final = ThreadFollow._meta.db_table
_ROW: Final = "(%s, %s, %s, TRUE, %s)"
# Who stopped following goes on not following until they write there again.
_FOLLOW: Final = (
    f"INSERT INTO {_TABLE} (user_id, room_id, root_id, following, last_read_seq) VALUES {{rows}} "
    f"ON CONFLICT (user_id, root_id) DO UPDATE SET following = ({_TABLE}.following OR excluded.user_id = %s), "
    f"last_read_seq = CASE WHEN excluded.user_id = %s THEN excluded.last_read_seq ELSE {_TABLE}.last_read_seq END"
)
ROWS: Final = 500
"""In one statement; only `@room` in a large room needs a second."""


def follow_thread_of_reply(*, message: Message, root: Message, mentioned: Collection[int]) -> None:
    """Its author, who started the thread and whom it addresses follow the thread; call it in the transaction.

    The author has read up to their own reply; for those who come in, this reply is the first unread one.
    """
    people = sorted({*mentioned, message.author_id, root.author_id} - {None})  # type: ignore[type-var]
    root_key = ThreadFollow._meta.get_field("root").get_db_prep_save(root.pk, connection)
    with connection.cursor() as cursor:
        for start in range(0, len(people), ROWS):
            part = people[start : start + ROWS]
            values: list[Any] = []
            for user in part:
                read = message.seq if user == message.author_id else message.seq - 1
                values += [user, message.room_id, root_key, read]
            sql = _FOLLOW.format(rows=", ".join([_ROW] * len(part)))
            cursor.execute(sql, [*values, message.author_id, message.author_id])


@seq_or_nothing
def follow_thread(*, actor: User, room_id: int, root_id: UUID, following: bool) -> SeqResult:
    """Follows a thread, or stops; seq 0 when it is so already.

    Raises:
        Refused: `not_found`, `not_member`; `invalid` for a message that is a reply.
    """
    place, root, taken = _begin(actor, room_id, root_id)
    last = Message.objects.filter(thread_root=root).order_by("-seq").values_list("seq", flat=True).first() or 0
    row, made = ThreadFollow.objects.get_or_create(
        user_id=actor.pk,
        root=root,
        defaults={"room": place.room, "following": following, "last_read_seq": last},
    )
    if row.following == following and not made:
        raise Unchanged
    if made and not following:
        raise Unchanged
    ThreadFollow.objects.filter(pk=row.pk).update(following=following)
    return tell_thread(actor=actor, root_id=root.pk, seq=taken)


@seq_or_nothing
def set_thread_read(*, actor: User, room_id: int, root_id: UUID, seq: int) -> SeqResult:
    """A thread is read up to `seq`, or to its last reply when that is less; seq 0 when that much was read already.

    Raises:
        Refused: `not_found`, `not_member`; `invalid` for a message that is a reply.
    """
    _, root, taken = _begin(actor, room_id, root_id)
    last = Message.objects.filter(thread_root=root).order_by("-seq").values_list("seq", flat=True).first() or 0
    read = min(seq, last)
    mine = ThreadFollow.objects.filter(user_id=actor.pk, root=root)
    if not mine.filter(last_read_seq__lt=read).update(last_read_seq=read):
        raise Unchanged
    return tell_thread(actor=actor, root_id=root.pk, seq=taken)


def _begin(actor: User, room_id: int, root_id: UUID) -> tuple[Place, Message, int]:
    taken = log.reserve(actor.topic)
    place = find_place(actor=actor, room_id=room_id)
    if place.membership is None:
        raise Refused("not_member")
    root = find_message(place=place, message_id=root_id)
    if root.thread_root_id is not None:
        raise Refused("invalid", "A thread hangs on a message of the room.", field="root")
    return place, root, taken


def tell_thread(*, actor: User, root_id: UUID, seq: int) -> SeqResult:
    """Tells the person's tabs what a thread is to them now."""
    mark = thread_mark(user_id=actor.pk, root_id=root_id)
    event = ThreadChanged(
        root=mark.root,
        room=mark.room,
        following=mark.following,
        last_read_seq=mark.last_read_seq,
        last_seq=mark.last_seq,
        unread=mark.unread,
    )
    return SeqResult(seq=log.append(topic=actor.topic, seq=seq, event=event, actor_id=actor.pk))
