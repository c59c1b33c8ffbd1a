"""What a channel tells becomes part of its room: posts, edits, deletions, reactions. Each may be told again and again.

Called by integrations.bridge with what came live and with what was caught up. Rules in their order: our own mark, our
own account, posts that went in a circle, words of the system; what is left is taken once by the id of the post.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from django.db import transaction

from accounts.selectors import find_person
from chat import services as chat
from chat.selectors import posts as read
from chat.selectors.attachments import sent_files
from integrations import attachments as cards
from integrations.mattermost import mapping
from integrations.mattermost.wire import Post, Reaction
from integrations.models import BridgedAccount, BridgedPerson, BridgedPost, BridgeLink, BridgeStep
from integrations.services.bridges import reacting, steps, wording
from integrations.services.bridges.setup import Access, fence
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

_CIDS: Final = UUID("6a0f6b2e-6d0e-4b9f-9a53-2f8f0d7c1b44")
"""Namespace of the lasting ids of what is taken over: a post that comes twice is said once."""
_FILES: Final = UUID("f1f5d8a2-5f0a-4d3e-8a54-0f4b3d2c9e10")
"""Namespace of the ids of files that are brought: one that comes twice is kept once."""
CLOSED: Final = "read_only"
LATE: Final = "Posts were caught up late: they stand where they came over, and say when they were said."
LATE_MS: Final = 300_000
OTHER_FILES: Final = "A post that was edited has other files there than its message has here."


class RoomClosed(Exception):
    """The room takes nothing now; what came waits on the other side."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A post and what was made ready for it.

    Attributes:
        files: ids of the files that were brought, in their order.
        notes: sentences about files that could not be brought.
        whole: its reactions are told with it, all of them.
    """

    post: Post
    files: Sequence[UUID] = ()
    notes: Sequence[str] = field(default=())
    whole: bool = False


def is_wanted(*, access: Access, link_id: int, post: Post) -> bool:
    """Whether a post would be taken over as a new message, so that its files are worth fetching."""
    link = BridgeLink.objects.get(pk=link_id)
    if post.user_id == access.account_id or link.direction == BridgeLink.Direction.OUT:
        return False
    if BridgedPost.objects.filter(link=link, remote_id=post.id).exists() or our_mark(access, link, post) is not None:
        return False
    return _is_new(access, link, post, _person(link, post.user_id))


def upload_id(link_id: int, remote_id: str) -> UUID:
    """The id here of a file from there."""
    return uuid5(_FILES, f"{link_id} {remote_id}")


@transaction.atomic
def apply_posts(*, access: Access, link_id: int, arrivals: Sequence[Arrival]) -> list[str]:
    """Takes posts over, or changes of them: all of these, or none when one raises. No post is among them twice.

    Returns:
        Ids of posts of ours that the server has twice: those have to go.

    Raises:
        Fenced: another process works for the server.
        RoomClosed: the room is archived.
    """
    fence(access)
    link = BridgeLink.objects.select_for_update().select_related("server").get(pk=link_id)
    known = _what_is_known(link, [arrival.post for arrival in arrivals])
    twice = [_apply(access, link, arrival, known) for arrival in arrivals]
    return [one for one in twice if one is not None]


@dataclass(frozen=True, slots=True)
class _Known:
    """What was known of some posts before they are applied, each looked up once for all."""

    rows: dict[str, list[BridgedPost]]
    authors: dict[str, BridgedPerson]
    reactions: dict[str, set[tuple[str, str]]]


def _what_is_known(link: BridgeLink, posts: Sequence[Post]) -> _Known:
    ids = [post.id for post in posts]
    rows: dict[str, list[BridgedPost]] = {}
    for row in BridgedPost.objects.filter(link=link, remote_id__in=ids).order_by("part"):
        rows.setdefault(row.remote_id, []).append(row)
    authors = BridgedPerson.objects.filter(server=link.server_id, remote_id__in={post.user_id for post in posts})
    return _Known(
        rows=rows,
        authors={one.remote_id: one for one in authors.select_related("user")},
        reactions=reacting.known_of(link, ids),
    )


def _apply(access: Access, link: BridgeLink, arrival: Arrival, known: _Known) -> str | None:
    post, twice = arrival.post, None
    rows = known.rows.get(post.id, [])
    mark = our_mark(access, link, post)
    if mark is not None:
        twice = complete(access, link, UUID(mark.message), mark.part, post)
    elif rows:
        if not rows[0].ours and not rows[0].deleted:
            _change(link, rows, arrival)
    elif post.user_id != access.account_id and link.direction != BridgeLink.Direction.OUT:
        author = known.authors[post.user_id]
        if _is_new(access, link, post, author):
            _take(link, arrival, author.user)
    if arrival.whole and twice is None:
        reacting.apply_all(access, link, post, known.reactions.get(post.id, set()))
    return twice


def our_mark(access: Access, link: BridgeLink, post: Post) -> mapping.Marker | None:
    """Our mark on a post, where it counts: of the bridge's account, and of our people's for their own words alone."""
    mark = mapping.check(post.props, instance=access.instance, channel_id=link.channel_id, secret=access.secret)
    if mark is None or post.user_id == access.account_id:
        return mark
    owner = BridgedAccount.objects.filter(server=link.server_id, remote_id=post.user_id).first()
    if owner is None:
        return None
    said = read.said(UUID(mark.message))
    return mark if said is None or said.author == owner.user_id else None


def complete(access: Access, link: BridgeLink, local_id: UUID, part: int, post: Post) -> str | None:
    """Notes which post a message of ours is; whoever comes first, the answer or the echo, the row is the same.

    Returns:
        The id of the post when the message is another one already.
    """
    row, made = BridgedPost.objects.get_or_create(
        link=link,
        local_id=local_id,
        part=part,
        defaults={
            "remote_id": post.id,
            "ours": True,
            "account": "" if post.user_id == access.account_id else post.user_id,
            "remote_root": post.root_id,
            "remote_create_at_ms": post.create_at,
            "remote_edit_at_ms": post.edit_at,
            "content_hash": mapping.content_hash(post.message),
        },
    )
    return post.id if not made and row.remote_id != post.id else None


def _is_new(access: Access, link: BridgeLink, post: Post, author: BridgedPerson) -> bool:
    if not post.is_content or post.delete_at or post.create_at <= link.began_ms:
        return False
    # Not by `from_bot`: people can write that into their props as well.
    hops = mapping.hops_of(post.props)
    if mapping.goes_round(hops, instance=access.instance, by_a_bot=author.is_bot):
        return False
    return link.relay_bots or not author.is_bot


def _person(link: BridgeLink, remote_id: str) -> BridgedPerson:
    return BridgedPerson.objects.select_related("user").get(server=link.server_id, remote_id=remote_id)


# New ones


def _take(link: BridgeLink, arrival: Arrival, author: User) -> None:
    post = arrival.post
    texts = wording.texts(link, arrival.post, arrival.notes)
    if not texts[0] and not arrival.files:
        return
    thread = _thread_of(link, post)
    for part, body in enumerate(texts):
        last = part == len(texts) - 1
        try:
            with transaction.atomic():
                local_id = _say(link, author, post, part, body, thread, arrival.files if last else ())
        except Refused as refused:
            if refused.code == CLOSED:
                raise RoomClosed from refused
            _refuse(link, post, part, refused)
            return
        _map(link, post, part, local_id)
    steps.note_in(link, BridgeStep.What.MESSAGE, by=author.pk, sent_ms=post.create_at, whole=arrival.whole)
    if not link.notice and time.time() * 1_000 - post.create_at > LATE_MS:
        link.notice = LATE
        BridgeLink.objects.filter(pk=link.pk).update(notice=LATE)


def _say(
    link: BridgeLink, author: User, post: Post, part: int, body: str, thread: UUID | None, files: Sequence[UUID]
) -> UUID:
    given = cards.read(post.attachments)
    sent = chat.say_bridged(
        author=author,
        room_id=link.room_id,
        cid=uuid5(_CIDS, f"{link.pk} {post.id} {part}"),
        body=body,
        thread=thread,
        attachments=files,
        card=cards.card(wording.plain(link, post), given) if given and part == 0 else None,
    )
    return sent.id


def _map(link: BridgeLink, post: Post, part: int, local_id: UUID, *, deleted: bool = False) -> None:
    BridgedPost.objects.create(
        link=link,
        local_id=local_id,
        remote_id=post.id,
        part=part,
        ours=False,
        remote_root=post.root_id,
        remote_create_at_ms=post.create_at,
        remote_edit_at_ms=post.edit_at,
        content_hash=wording.content_hash(post),
        hops=list(mapping.hops_of(post.props)),
        deleted=deleted,
    )


def _refuse(link: BridgeLink, post: Post, part: int, refused: Refused) -> None:
    """A word rule or a mute kept it out: it is not asked for again, and the link says so."""
    _map(link, post, part, uuid5(_CIDS, f"{link.pk} {post.id} {part}"), deleted=True)
    told = f"A post was not taken over: {refused.message}"
    BridgeLink.objects.filter(pk=link.pk).update(notice=told[:300])
    steps.note_hold(link, BridgeStep.What.MESSAGE, told, by=_person(link, post.user_id).user_id)


def _thread_of(link: BridgeLink, post: Post) -> UUID | None:
    if not post.root_id:
        return None
    row = BridgedPost.objects.filter(link=link, remote_id=post.root_id).order_by("part").first()
    if row is None:
        return None
    root = read.said(row.local_id)
    return root.thread_root or root.id if root is not None else None


# Changes


def _change(link: BridgeLink, rows: list[BridgedPost], arrival: Arrival) -> None:
    """An edit, if it is one: a pin, a look at a link, a reaction and an edit that says the same are none."""
    post = arrival.post
    if post.edit_at <= rows[0].remote_edit_at_ms:
        return
    said = wording.content_hash(post)
    changed = said != rows[0].content_hash
    values = {"remote_edit_at_ms": post.edit_at, "content_hash": said}
    BridgedPost.objects.filter(link=link, remote_id=post.id).update(**values)
    if not changed:
        return
    try:
        with transaction.atomic():
            _rewrite(link, rows, post)
    except Refused as refused:
        if refused.code == CLOSED:
            raise RoomClosed from refused
        told = f"An edit was not taken over: {refused.message}"
        BridgeLink.objects.filter(pk=link.pk).update(notice=told[:300])
        steps.note_hold(link, BridgeStep.What.EDIT, told, by=_person(link, post.user_id).user_id)
        return
    by = _person(link, post.user_id).user_id
    steps.note_in(link, BridgeStep.What.EDIT, by=by, sent_ms=post.edit_at, whole=arrival.whole)


def _rewrite(link: BridgeLink, rows: list[BridgedPost], post: Post) -> None:
    # Whoever was a guest then may be one of our people by now.
    before = read.said(rows[0].local_id)
    known = None if before is None else before.author
    author = _person(link, post.user_id).user if known is None else find_person(known)
    kept = {file_id for row in rows for file_id, _ in sent_files(row.local_id)}
    if kept != {upload_id(link.pk, one) for one in post.file_ids}:
        BridgeLink.objects.filter(pk=link.pk).update(notice=OTHER_FILES)
    texts = wording.texts(link, post)
    given = cards.read(post.attachments)
    for row, body in zip(rows, texts, strict=False):
        view = read.said(row.local_id)
        if view is None:
            continue
        carries = view.card is not None and bool(given) and row.part == 0
        card = cards.card(wording.plain(link, post), given) if carries else None
        if carries or view.card is None:
            chat.edit_bridged(author=author, room_id=link.room_id, message_id=row.local_id, body=body, card=card)
    for row in rows[len(texts) :]:
        BridgedPost.objects.filter(pk=row.pk).delete()
        # A part that was refused was never said, and one that is gone already needs no deleting.
        if read.said(row.local_id) is not None:
            chat.delete_bridged(author=author, room_id=link.room_id, message_id=row.local_id)
    for part in range(len(rows), len(texts)):
        _map(link, post, part, _say(link, author, post, part, texts[part], _thread_of(link, post), ()))


# Ends


@transaction.atomic
def apply_gone(*, access: Access, link_id: int, ids: Iterable[str]) -> None:
    """Posts are deleted there, and with each root its replies: nobody tells of those.

    What was said here stays here: its own room decides about it. It is not carried over any more.

    Raises:
        Fenced, RoomClosed: see apply_posts.
    """
    fence(access)
    link = BridgeLink.objects.select_for_update().get(pk=link_id)
    wanted = list(ids)
    rows = list(BridgedPost.objects.filter(link=link, deleted=False, remote_id__in=wanted))
    rows += list(BridgedPost.objects.filter(link=link, deleted=False, remote_root__in=wanted))
    for row in {row.pk: row for row in rows}.values():
        BridgedPost.objects.filter(pk=row.pk).update(deleted=True)
        if not row.ours:
            _delete(link, row.local_id)
            if row.part == 0:
                steps.note_in(link, BridgeStep.What.DELETE, by=None)


def _delete(link: BridgeLink, local_id: UUID) -> None:
    view = read.said(local_id)
    author = None if view is None or view.author is None else find_person(view.author)
    if author is None:
        return
    try:
        chat.delete_bridged(author=author, room_id=link.room_id, message_id=local_id)
    except Refused as refused:
        if refused.code == CLOSED:
            raise RoomClosed from refused
        told = f"A deletion was not taken over: {refused.message}"
        BridgeLink.objects.filter(pk=link.pk).update(notice=told[:300])


@transaction.atomic
def apply_reaction(*, access: Access, link_id: int, reaction: Reaction, added: bool) -> None:
    """Somebody put an emoji under a post, or took it back.

    Raises:
        Fenced: see apply_posts.
    """
    fence(access)
    link = BridgeLink.objects.select_for_update().get(pk=link_id)
    by = reacting.apply_one(access, link, reaction, added=added)
    if by is not None:
        sent_ms = reaction.create_at if added else 0
        steps.note_in(link, BridgeStep.What.REACTION, by=by, sent_ms=sent_ms)


def taken_posts(*, link_id: int) -> dict[str, int]:
    """When each post was written that was taken over and is still there, by its id."""
    rows = BridgedPost.objects.filter(link=link_id, deleted=False)
    return dict(rows.values_list("remote_id", "remote_create_at_ms"))


def author_of(*, link_id: int, user_id: str) -> int:
    """The account here of somebody on the other side who has one."""
    server_id = BridgeLink.objects.get(pk=link_id).server_id
    return BridgedPerson.objects.get(server=server_id, remote_id=user_id).user_id
