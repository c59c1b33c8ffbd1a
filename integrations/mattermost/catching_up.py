"""Fetches what a channel of Mattermost went through while nobody listened: new posts, edits, deletions, reactions.

Called by the bridge at its start and whenever the listener says that something was missed. Applies nothing: it yields
what was found with the place to keep in the same transaction, and everything it finds may have been found before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

import msgspec

from integrations.mattermost.rest import Server
from integrations.mattermost.wire import Post

OVERLAP_MS: Final = 5_000
"""Rows are stamped before they are stored: what was on its way at the last look has an earlier stamp."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """How far a channel was followed. All times are the server's.

    Attributes:
        post_id: the last post that was taken, empty before the first.
        create_at_ms: when it was written.
        since_ms: up to when edits and deletions were taken.
    """

    post_id: str = ""
    create_at_ms: int = 0
    since_ms: int = 0


class Walked(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a channel that was seen whole; `find_gone` says what is gone from it.

    Attributes:
        since_ms: from when on posts were written.
        until_ms: until when; of this very millisecond there may be newer ones.
    """

    since_ms: int
    until_ms: int
    ids: frozenset[str]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Something to apply, and the place where it ends.

    Attributes:
        posts: live ones, oldest first, as they are now: text, files and all their reactions.
        deleted: ids of posts that are gone; also of some that nobody ever took.
        walked: at the end of a walk, which comes where too much was touched to be listed.
        place: where to go on from.
    """

    posts: Sequence[Post] = ()
    deleted: Sequence[str] = ()
    walked: Walked | None = None
    place: Place


async def find_place(server: Server, channel_id: str) -> Place:
    """The end of a channel: where a new bridge begins."""
    newest = (await server.posts_page(channel_id, 0, per_page=1)).oldest_first()
    if not newest:
        return Place()
    at = max(newest[-1].update_at, newest[-1].create_at)
    return Place(post_id=newest[-1].id, create_at_ms=newest[-1].create_at, since_ms=at)


async def catch_up(server: Server, channel_id: str, place: Place, *, oldest_ms: int = 0) -> AsyncIterator[Found]:
    """Everything since a place, in pieces that can be applied one after the other.

    Args:
        oldest_ms: when the oldest post was written that was ever taken; no walk goes beyond it.

    Raises:
        ServerRefused: what was yielded is good all the same.
        Unreadable: so it is then.
    """
    async for rows in _new_posts(server, channel_id, place):
        place = msgspec.structs.replace(place, post_id=rows[-1].id, create_at_ms=rows[-1].create_at)
        yield Found(posts=[post for post in rows if post.is_content], place=place)
    touched = await server.posts_since(channel_id, max(place.since_ms - OVERLAP_MS, 0))
    rows = [post for post in touched.posts.values() if not post.original_id]
    until_ms = max([place.since_ms, *(post.update_at for post in rows)])
    if touched.is_whole:
        live = sorted((post for post in rows if not post.delete_at), key=lambda post: post.create_at)
        yield Found(
            posts=[post for post in live if post.is_content],
            deleted=[post.id for post in rows if post.delete_at],
            place=_at_end(place, live, until_ms),
        )
        return
    async for found in _walk(server, channel_id, place, oldest_ms):
        yield found


def _at_end(place: Place, live: Sequence[Post], until_ms: int) -> Place:
    place = msgspec.structs.replace(place, since_ms=until_ms)
    if live and live[-1].create_at > place.create_at_ms:
        return msgspec.structs.replace(place, post_id=live[-1].id, create_at_ms=live[-1].create_at)
    return place


async def find_gone(server: Server, walked: Walked, taken: Mapping[str, int]) -> list[str]:
    """Which posts that were taken are deleted.

    Args:
        taken: when each was written, by its id.
    """
    missing = {one: at for one, at in taken.items() if one not in walked.ids and walked.since_ms <= at}
    gone = [one for one, at in missing.items() if at < walked.until_ms]
    for one, at in missing.items():
        if at == walked.until_ms and await server.post(one) is None:
            gone.append(one)
    return gone


# New posts


async def _new_posts(server: Server, channel_id: str, place: Place) -> AsyncIterator[list[Post]]:
    anchor = place.post_id
    seen: set[str] = set()
    begun = False
    while True:
        rows = (await server.posts_after(channel_id, anchor)).oldest_first() if anchor else []
        if not begun and not rows:
            # Nothing new, or a post that the server does not know any more: it answers both alike.
            anchor, rows = await _find_again(server, channel_id, place)
        begun = True
        fresh = [post for post in rows if post.id not in seen]
        if not fresh:
            return
        yield fresh
        seen = {post.id for post in rows}
        anchor = _anchor(rows)


def _anchor(rows: Sequence[Post]) -> str:
    """The post to go on after: of an earlier millisecond, because others of the last one may be on the next page."""
    earlier = [post.id for post in rows if post.create_at < rows[-1].create_at]
    return earlier[-1] if earlier else rows[-1].id


async def _find_again(server: Server, channel_id: str, place: Place) -> tuple[str, list[Post]]:
    """Where to go on when the last post leads nowhere: a post to go on after, or the first posts there are."""
    if place.post_id and (await server.channel(channel_id)).last_post_at <= place.create_at_ms:
        return "", []
    rows: list[Post] = []
    async for older in _backwards(server, channel_id):
        known = [post.id for post in older if post.create_at < place.create_at_ms]
        if known:
            # After it comes what was taken at that very moment, and then what was not.
            return known[-1], (await server.posts_after(channel_id, known[-1])).oldest_first()
        rows = older
    return "", rows


# Walking


async def _walk(server: Server, channel_id: str, place: Place, oldest_ms: int) -> AsyncIterator[Found]:
    """Every live post back to the oldest one taken: too much was touched for one list."""
    until_ms = place.since_ms
    pieces: list[list[Post]] = []
    async for rows in _backwards(server, channel_id):
        pieces.append(rows)
        until_ms = max([until_ms, *(post.update_at for post in rows)])
        if rows[0].create_at < oldest_ms:
            break
    for rows in reversed(pieces):
        yield Found(posts=[post for post in rows if post.is_content], place=place)
    newest = pieces[0] if pieces else []
    walked = Walked(
        since_ms=oldest_ms,
        until_ms=newest[-1].create_at if newest else 0,
        ids=frozenset(post.id for rows in pieces for post in rows),
    )
    yield Found(walked=walked, place=_at_end(place, newest, until_ms))


async def _backwards(server: Server, channel_id: str) -> AsyncIterator[list[Post]]:
    """The live posts of a channel in pieces, the newest piece first, each oldest first; some posts are in two."""
    rows = (await server.posts_page(channel_id, 0)).oldest_first()
    seen: set[str] = set()
    while any(post.id not in seen for post in rows):
        yield rows
        seen = {post.id for post in rows}
        later = [post.id for post in rows if post.create_at > rows[0].create_at]
        rows = (await server.posts_before(channel_id, later[0] if later else rows[0].id)).oldest_first()
