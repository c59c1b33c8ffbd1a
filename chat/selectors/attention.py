"""What a person follows, keeps and was addressed by. Called by the JSON API and by services for their events.

Shows only what stands in rooms that the person is in now: what was kept in a room comes back with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet

from accounts import selectors as accounts
from accounts.events import PersonView
from chat.models import Bookmark, Membership, Mention, Message, Pin, ThreadFollow
from chat.selectors.counts import UNREAD_MOST
from chat.selectors.messages import authors_of, head_of
from chat.selectors.moment import one_moment
from chat.selectors.standing import find_place
from chat.selectors.views import message_views, quote_view
from chat.shapes import (
    AttentionView,
    FollowedThread,
    MentionsPage,
    MentionView,
    MessageView,
    PinsPage,
    PinView,
    SavedMark,
    SavedPage,
    SavedView,
    ThreadMark,
    ThreadsPage,
)
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

KEPT_MOST: Final = 500
PAGE_ROWS: Final = 30
_MESSAGES: Final = Message._meta.db_table
_MARKS: Final = f"""
SELECT f.root_id, f.room_id, f.following, f.last_read_seq,
  COALESCE((SELECT MAX(t.seq) FROM {_MESSAGES} t WHERE t.thread_root_id = f.root_id), 0) AS last_seq,
  (SELECT COUNT(*) FROM (
     SELECT 1 FROM {_MESSAGES} t
     WHERE t.thread_root_id = f.root_id AND t.seq > f.last_read_seq AND t.deleted_at IS NULL
       AND (t.author_id IS NULL OR t.author_id <> f.user_id)
     LIMIT {UNREAD_MOST}) u) AS unread
FROM {ThreadFollow._meta.db_table} f
JOIN {Membership._meta.db_table} m ON m.room_id = f.room_id AND m.user_id = f.user_id
WHERE f.user_id = %s
"""


def attention_view(*, actor: User) -> AttentionView:
    """What the page must know of threads and saved messages, at one moment."""
    with one_moment():
        own = actor.topic
        saved = _bookmarks(actor).values_list("message_id", "message__room_id")[:KEPT_MOST]
        return AttentionView(
            as_of_seq=log.heads([own])[own][0],
            saved=[SavedMark(message=message, room=room) for message, room in saved],
            threads=_marks(f"{_MARKS} ORDER BY f.id DESC LIMIT {KEPT_MOST}", [actor.pk]),
        )


def thread_mark(*, user_id: int, root_id: UUID) -> ThreadMark:
    """What a thread is to a member who follows it, or did."""
    key = ThreadFollow._meta.get_field("root").get_db_prep_save(root_id, connection)
    return _marks(f"{_MARKS} AND f.root_id = %s", [user_id, key])[0]


def _marks(sql: str, values: list[Any]) -> list[ThreadMark]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    return [
        ThreadMark(
            # SQLite has no type for ids and truth.
            root=UUID(root) if isinstance(root, str) else root,
            room=room,
            following=bool(following),
            last_read_seq=read,
            last_seq=last,
            unread=unread,
        )
        for root, room, following, read, last, unread in rows
    ]


def _mine(actor: User, room: str) -> Exists:
    return Exists(Membership.objects.filter(user_id=actor.pk, room_id=OuterRef(room)))


def _bookmarks(actor: User) -> QuerySet[Bookmark]:
    return Bookmark.objects.filter(_mine(actor, "message__room_id"), user_id=actor.pk).order_by("-pk")


def pins_page(*, actor: User, room_id: int) -> PinsPage:
    """All pins of a room.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        find_place(actor=actor, room_id=room_id)
        pins = list(Pin.objects.filter(room_id=room_id).select_related("message").order_by("-pinned_at", "-pk"))
        messages = [pin.message for pin in pins]
        pinners = accounts.people_views({pin.pinned_by_id for pin in pins if pin.pinned_by_id is not None})
        people = {person.id: person for person in [*authors_of(messages), *pinners.values()]}
        return PinsPage(
            as_of_seq=head_of(room_id),
            pins=[
                PinView(message=view, pinned_by=pin.pinned_by_id, pinned_at=pin.pinned_at)
                for pin, view in zip(pins, message_views(messages), strict=True)
            ],
            people=list(people.values()),
        )


def saved_page(*, actor: User, before: int | None = None) -> SavedPage:
    """A page of saved messages, last saved first."""
    with one_moment():
        rows = _bookmarks(actor).select_related("message")
        found = list((rows.filter(pk__lt=before) if before is not None else rows)[: PAGE_ROWS + 1])
        shown = found[:PAGE_ROWS]
        views = message_views([row.message for row in shown])
        return SavedPage(
            saved=[
                SavedView(id=row.pk, message=view, saved_at=row.created_at)
                for row, view in zip(shown, views, strict=True)
            ],
            people=_people(views),
            has_more=len(found) > PAGE_ROWS,
        )


def mentions_page(*, actor: User, show: str = "all", before: int | None = None) -> MentionsPage:
    """A page of messages that address the person, newest first.

    Args:
        actor: who asks.
        show: all or unread.
        before: id of the last mention of the page before.

    Raises:
        Refused: `invalid`.
    """
    if show not in {"all", "unread"}:
        raise Refused("invalid", "Show all or unread.", field="show")
    with one_moment():
        read = Membership.objects.filter(user_id=actor.pk, room_id=OuterRef("room_id")).values("last_read_seq")
        rows = Mention.objects.filter(_mine(actor, "room_id"), user_id=actor.pk).annotate(read=read[:1])
        if show == "unread":
            rows = rows.filter(seq__gt=F("read"))
        if before is not None:
            rows = rows.filter(pk__lt=before)
        found = list(rows.select_related("message__thread_root").order_by("-pk")[: PAGE_ROWS + 1])
        shown = found[:PAGE_ROWS]
        views = message_views([row.message for row in shown])
        return MentionsPage(
            mentions=[_mention_view(actor, row, view) for row, view in zip(shown, views, strict=True)],
            people=_people(views),
            has_more=len(found) > PAGE_ROWS,
        )


def _mention_view(actor: User, row: Any, view: MessageView) -> MentionView:
    root = row.message.thread_root
    return MentionView(
        id=row.pk,
        message=view,
        unread=row.seq > row.read,
        everyone=f"@{actor.username}" not in view.body.lower(),
        root=quote_view(root) if root is not None else None,
    )


def threads_page(*, actor: User, skip: int = 0) -> ThreadsPage:
    """A page of followed threads that have replies, last reply first."""
    with one_moment():
        sql = (
            f"SELECT * FROM ({_MARKS} AND f.following) x WHERE x.last_seq > 0 "
            "ORDER BY x.unread > 0 DESC, (SELECT MAX(t.created_at) FROM "
            f"{_MESSAGES} t WHERE t.thread_root_id = x.root_id) DESC LIMIT {PAGE_ROWS + 1} OFFSET %s"
        )
        found = _marks(sql, [actor.pk, min(skip, 10_000)])
        marks = found[:PAGE_ROWS]
        roots = Message.objects.in_bulk([mark.root for mark in marks])
        lasts = _last_replies(marks)
        views = {view.id: view for view in message_views([*roots.values(), *lasts.values()])}
        threads = [
            FollowedThread(mark=mark, root=views[mark.root], last=views[lasts[mark.root].pk])
            for mark in marks
            if mark.root in lasts
        ]
        return ThreadsPage(threads=threads, people=_people(views.values()), has_more=len(found) > PAGE_ROWS)


def _last_replies(marks: list[ThreadMark]) -> dict[UUID, Message]:
    """The reply at last_seq of each thread; deleted ones are tombstones."""
    wanted = {(mark.room, mark.last_seq) for mark in marks}
    rows = Message.objects.filter(
        thread_root__in=[mark.root for mark in marks], seq__in=[mark.last_seq for mark in marks]
    )
    return {row.thread_root_id: row for row in rows if row.thread_root_id and (row.room_id, row.seq) in wanted}


def _people(views: Iterable[MessageView]) -> list[PersonView]:
    return authors_of(views)
