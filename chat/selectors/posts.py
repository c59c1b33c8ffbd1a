"""Messages of a room as programs read them: replies among them, page by page, and what changed since a moment.

Called by apps above chat. Never writes, and shows nobody a room that they may not see; `posts_of` alone asks nobody's
rights, for whoever hears the room already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec
from django.db.models import Max, QuerySet

from chat.markdown import EVERYBODY
from chat.models import Attachment, Message, Reaction
from chat.selectors.attachments import find_file
from chat.selectors.file_views import attachment_view
from chat.selectors.moment import one_moment
from chat.selectors.standing import find_message, find_place
from chat.selectors.views import message_views, room_topic
from chat.shapes import AttachmentView, MessageView
from chat.texts import excerpt
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

CHANGES_MOST: Final = 1_000
"""Messages that one question about changes is answered with."""


@dataclass(frozen=True, slots=True)
class Post:
    """A message and what programs want to know beside it.

    Attributes:
        updated_at: when it was written, edited, deleted or reacted to, whichever was last.
        gone_at: when it or the root of its thread was deleted.
    """

    view: MessageView
    updated_at: datetime
    gone_at: datetime | None


@dataclass(frozen=True, slots=True)
class PostPage:
    """Posts of a room, newest first, and their neighbours on either side."""

    posts: list[Post]
    newer: UUID | None = None
    older: UUID | None = None


def posts_of(ids: Collection[UUID]) -> list[Post]:
    """These messages in the order in which they were written; lines of the system are left out."""
    rows = Message.objects.filter(pk__in=ids).exclude(kind=Message.Kind.SYSTEM).select_related("thread_root")
    return _posts(rows.order_by("room_id", "seq"))


def said(message_id: UUID) -> MessageView | None:
    """A message that is there, lines of the system too, for whoever hears the room; None for one that was deleted."""
    row = Message.objects.filter(pk=message_id, deleted_at=None).first()
    return message_views([row])[0] if row is not None else None


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says, without what hangs on it.

    Attributes:
        bridged: it was said elsewhere.
        calls_everybody: its author may address the whole room, and does.
        quoted: the beginning of what it answers.
    """

    id: UUID
    author: int | None
    body: str
    bridged: bool
    calls_everybody: bool
    thread_root: UUID | None
    quoted: str


def words_of(message_id: UUID) -> Words | None:
    """As `said`, in one query."""
    row = Message.objects.filter(pk=message_id, deleted_at=None).select_related("reply_to").first()
    if row is None:
        return None
    answered = row.reply_to
    return Words(
        id=row.pk,
        author=row.author_id,
        body=row.body,
        bridged=row.kind == Message.Kind.BRIDGE,
        calls_everybody=EVERYBODY in row.html,
        thread_root=row.thread_root_id,
        quoted="" if answered is None or answered.deleted_at is not None else excerpt(answered.body),
    )


def ids_since(*, room_id: int, after_seq: int) -> list[UUID]:
    """What was said in a room after an event and is still there, in its order; lines of the system are left out."""
    rows = Message.objects.filter(room_id=room_id, seq__gt=after_seq, deleted_at=None)
    return list(rows.exclude(kind=Message.Kind.SYSTEM).order_by("seq").values_list("pk", flat=True))


def _posts(rows: Iterable[Message]) -> list[Post]:
    found = list(rows)
    ids = [row.pk for row in found]
    reacted = Reaction.objects.filter(message__in=ids).order_by().values_list("message").annotate(at=Max("created_at"))
    latest = dict(reacted)
    made = []
    for row, view in zip(found, message_views(found), strict=True):
        root = row.thread_root
        gone_at = row.deleted_at or (root.deleted_at if root is not None else None)
        times = (row.created_at, row.edited_at, gone_at, latest.get(row.pk))
        made.append(Post(view, max(time for time in times if time is not None), gone_at))
    return made


def _live(room_id: int) -> QuerySet[Message]:
    rows = Message.objects.filter(room_id=room_id, deleted_at=None, thread_root__deleted_at=None)
    return rows.exclude(kind=Message.Kind.SYSTEM).select_related("thread_root")


def find_post(*, actor: User, message_id: UUID) -> Post:
    """One message that is there.

    Raises:
        Refused: `not_found`, also for one that was deleted or whose thread was.
    """
    with one_moment():
        room_id = Message.objects.filter(pk=message_id).values_list("room_id", flat=True).first()
        if room_id is None:
            raise Refused("not_found")
        find_message(place=find_place(actor=actor, room_id=room_id), message_id=message_id)
        found = posts_of([message_id])
    if not found or found[0].gone_at is not None:
        raise Refused("not_found")
    return found[0]


def sent_as(*, actor: User, cid: UUID) -> UUID | None:
    """The message that a person sent under a lasting id of theirs."""
    return Message.objects.filter(author_id=actor.pk, cid=cid).values_list("pk", flat=True).first()


def thread_posts(*, actor: User, message_id: UUID, limit: int) -> list[Post]:
    """The thread of a message, its root first; of a long one the newest replies.

    Raises:
        Refused: `not_found`.
    """
    asked = find_post(actor=actor, message_id=message_id).view
    root = asked.thread_root or asked.id
    newest = _live(asked.room).filter(thread_root=root).order_by("-seq")[:limit]
    return posts_of([root, *(row.pk for row in newest)])


def post_page(*, actor: User, room_id: int, skip: int, limit: int) -> PostPage:
    """So many posts of a room after the newest `skip`.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        find_place(actor=actor, room_id=room_id)
        rows = list(_live(room_id).order_by("-seq")[skip : skip + limit])
        return _page(room_id, rows)


def posts_beside(
    *, actor: User, room_id: int, before: UUID | None = None, after: UUID | None = None, skip: int = 0, limit: int
) -> PostPage:
    """Posts on one side of another one, which may be deleted; none for one that never was.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        find_place(actor=actor, room_id=room_id)
        anchor = _seq_of(room_id, before or after)
        if anchor is None:
            return PostPage([])
        if after is not None:
            rows = list(_live(room_id).filter(seq__gt=anchor).order_by("seq")[skip : skip + limit])[::-1]
        else:
            rows = list(_live(room_id).filter(seq__lt=anchor).order_by("-seq")[skip : skip + limit])
        return _page(room_id, rows)


def _seq_of(room_id: int, message_id: UUID | None) -> int | None:
    if message_id is None:
        return None
    return Message.objects.filter(pk=message_id, room_id=room_id).values_list("seq", flat=True).first()


def _page(room_id: int, rows: list[Message]) -> PostPage:
    if not rows:
        return PostPage([])
    newer = _live(room_id).filter(seq__gt=rows[0].seq).order_by("seq").values_list("pk", flat=True).first()
    older = _live(room_id).filter(seq__lt=rows[-1].seq).order_by("-seq").values_list("pk", flat=True).first()
    return PostPage(_posts(rows), newer, older)


def posts_changed(*, actor: User, room_id: int, since: datetime) -> list[Post]:
    """Posts that were written, changed, deleted or reacted to after a moment, newest first; at most 1,000.

    What left no time in the post (a reaction that was taken back, a pin, another card) has that of its event here.
    What the log no longer holds is found by when it was written.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        find_place(actor=actor, room_id=room_id)
        told = _told_since(room_id, since)
        ids = _written_since(room_id, since)
        ids.update(dict.fromkeys(told))
        replies = Message.objects.filter(thread_root__in=list(ids), thread_root__deleted_at__gt=since)
        ids.update(dict.fromkeys(replies.values_list("pk", flat=True)[:CHANGES_MOST]))
        found = [_as_told(post, told) for post in posts_of(list(ids)[:CHANGES_MOST])]
    found = [post for post in found if post.updated_at > since]
    return sorted(found, key=lambda post: post.view.seq, reverse=True)


def _as_told(post: Post, told: dict[UUID, datetime]) -> Post:
    return replace(post, updated_at=max(post.updated_at, told.get(post.view.id, post.updated_at)))


def _written_since(room_id: int, since: datetime) -> dict[UUID, None]:
    """Times grow with the seq, which has an index: from the newest back to the first that is older."""
    found: dict[UUID, None] = {}
    rows = Message.objects.filter(room_id=room_id).order_by("-seq").values_list("pk", "created_at")[:CHANGES_MOST]
    for pk, created_at in rows:
        if created_at <= since:
            break
        found[pk] = None
    return found


def _told_since(room_id: int, since: datetime) -> dict[UUID, datetime]:
    """The messages that events were about, and the time of the last of each."""
    topic = room_topic(room_id)
    head, oldest = log.heads([topic])[topic]
    first = _first_told(topic, since, oldest, head)
    # Of more than are answered the newest count: their ids are found from the end.
    entries = log.read(topic, max(first - 1, head - 4 * CHANGES_MOST), 4 * CHANGES_MOST)
    found: dict[UUID, datetime] = {}
    for entry in reversed(entries):
        frame = msgspec.json.decode(entry.frame)
        named = _message_of(frame)
        if named is not None and named not in found and len(found) < CHANGES_MOST:
            found[named] = _time_of(frame)
    return found


def _first_told(topic: str, since: datetime, low: int, high: int) -> int:
    """The seq of the first event after a moment, by halving; `high` + 1 when there is none."""
    end = high + 1
    while low < end:
        middle = (low + end) // 2
        entry = log.read(topic, middle - 1, 1)
        if entry and _time_of(msgspec.json.decode(entry[0].frame)) <= since:
            low = entry[0].seq + 1
        else:
            end = middle
    return low


def _time_of(frame: dict[str, Any]) -> datetime:
    return msgspec.convert(frame["at"], datetime)


def _message_of(frame: dict[str, Any]) -> UUID | None:
    """The message that an event is about."""
    if not frame["type"].startswith(("message.", "reaction.", "run.", "card.")):
        return None
    data = frame["data"]
    named = data.get("message", data.get("id"))
    return UUID(named["id"] if isinstance(named, dict) else named) if named else None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file and where it belongs."""

    view: AttachmentView
    room: int
    owner: int | None
    message: UUID | None
    created_at: datetime


def file_facts(*, actor: User, attachment_id: UUID) -> FileFacts:
    """What a file is, for somebody who may read it now.

    Raises:
        Refused: `not_found`.
    """
    find_file(actor=actor, attachment_id=attachment_id)
    row = Attachment.objects.get(pk=attachment_id)
    return FileFacts(attachment_view(row), row.room_id, row.uploader_id, row.message_id, row.created_at)


def last_said(*, actor: User, room_id: int) -> datetime | None:
    """When something was said last in a room, as far as it is still there.

    Raises:
        Refused: `not_found`.
    """
    find_place(actor=actor, room_id=room_id)
    return _live(room_id).order_by("-seq").values_list("created_at", flat=True).first()
