"""Applies what was heard, and catches up what was missed, one server's links after the other.

Called by the runner. A link that has to be caught up takes nothing live before: catching up brings it all.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
from django.utils import timezone

from integrations.bridge import incidents
from integrations.bridge.fetching import NotNow, Porter
from integrations.mattermost import heard
from integrations.mattermost.catching_up import Found, Place, catch_up, find_gone, find_place
from integrations.mattermost.heard import Told, told_by
from integrations.mattermost.rest import Kind, Server, ServerRefused
from integrations.mattermost.wire import Channel, Event, Post, Unreadable, User
from integrations.models import BridgeLink
from integrations.services.bridges import arriving, inbox, outbox, people, setup
from integrations.services.bridges.arriving import Arrival, RoomClosed
from integrations.services.bridges.setup import NOT_LOOKED, Access
from realtime import threads

logger = logging.getLogger(__name__)

EVENTS_AT_ONCE: Final = 50
POSTS_AT_ONCE: Final = 25
"""So many share a transaction at most, during which nobody else speaks in the room."""
PEOPLE_AT_ONCE: Final = 100
DOUBLED_MOST: Final = 5
"""So often the time until the next attempt doubles."""
ARCHIVED: Final = "The channel is archived."
_STATES: Final = {Kind.FORBIDDEN: BridgeLink.State.REMOVED, Kind.ARCHIVED: BridgeLink.State.ARCHIVED}


class Receiver:
    """What comes from one server."""

    def __init__(self, access: Access, server: Server) -> None:
        self._access, self._server = access, server
        self._porter = Porter(server)
        self._failures: Counter[int] = Counter()
        """How often in a row the work for each link failed."""

    async def round(self) -> int:
        """Applies what waits; answers how much that was.

        Raises:
            Fenced: another process works for the server.
        """
        done = 0
        for link in await threads.read(inbox.links_of, server_id=self._access.server):
            if link.missed > link.caught and link.look_at <= timezone.now():
                done += await self._guarded(link, self._catch_up(link))
        waiting = await threads.read(inbox.next_events, server_id=self._access.server, limit=EVENTS_AT_ONCE)
        for ids, told in _gathered(waiting):
            await self._hear_or_note(told)
            await threads.write(inbox.drop_events, access=self._access, ids=ids)
        return done + len(waiting)

    async def _guarded(self, link: BridgeLink, work: Awaitable[None]) -> int:
        """Does something for a link; what goes wrong with it is the link's alone."""
        try:
            await work
        except incidents.STOPPING:
            raise
        except RoomClosed:
            await self._wait(link, BridgeLink.State.ARCHIVED, "The room is archived.")
        except ServerRefused as refused:
            await self._wait(link, _STATES.get(refused.kind, link.state), refused.words)
        except (Unreadable, NotNow) as error:
            await self._wait(link, link.state, str(error))
        except BridgeLink.DoesNotExist:
            pass  # it was ended meanwhile
        except Exception as error:  # noqa: BLE001 - whatever it is, the other links go on
            words = incidents.record("The work for a link", self._access.server, error)
            await self._wait(link, link.state, words, again=setup.LOOK_AGAIN)
        else:
            self._failures.pop(link.pk, None)
            return 1
        return 0

    async def _wait(self, link: BridgeLink, state: str, words: str, again: timedelta | None = None) -> None:
        # What was to be applied is left to catching up, so that nothing stands behind it.
        await threads.write(setup.note_missed, access=self._access, channel_id=link.channel_id)
        soon = setup.SOON * 2 ** min(self._failures[link.pk], DOUBLED_MOST)
        self._failures[link.pk] += 1
        again = again or (min(soon, setup.LOOK_AGAIN) if state == BridgeLink.State.ACTIVE else setup.LOOK_AGAIN)
        await threads.write(
            setup.note_link, access=self._access, link_id=link.pk, state=state, problem=words, again=again
        )

    # Live

    async def _hear_or_note(self, told: Sequence[Told]) -> None:
        """Nothing that we stumble over may stand for ever in front of what comes after it."""
        try:
            await self._hear(told)
        except incidents.STOPPING:
            raise
        except Exception as error:  # noqa: BLE001 - as above; what belongs to a link was told by the link
            incidents.record("An event", self._access.server, error)

    async def _hear(self, told: Sequence[Told]) -> None:
        posts = [one.post for one in told if isinstance(one, heard.Posted | heard.Edited)]
        if posts:
            await self._for_link(posts[0].channel_id, lambda link: self._take_live(link, told))
            return
        for one in told:
            await self._hear_one(one)

    async def _hear_one(self, told: Told) -> None:
        match told:
            case heard.UserChanged(user=user):
                await threads.write(people.rename, access=self._access, user=user)
            case heard.LeftTeam(user_id=user_id) if user_id == self._access.account_id:
                # With it went the channels of the team; catching up finds out which.
                await threads.write(setup.note_missed, access=self._access)
            case heard.ChannelChanged(channel_id=channel_id):
                await self._name(channel_id, told.channel)
            case heard.Joined(user_id=user_id, channel_id=channel_id) if user_id == self._access.account_id:
                await self._open(channel_id)
            case heard.ChannelRestored(channel_id=channel_id):
                await self._open(channel_id)
            case heard.Left(user_id=user_id, channel_id=channel_id) if user_id == self._access.account_id:
                await self._shut(channel_id, BridgeLink.State.REMOVED, "The account was removed from the channel.")
            case heard.ChannelArchived(channel_id=channel_id):
                await self._shut(channel_id, BridgeLink.State.ARCHIVED, ARCHIVED)
            case heard.Deleted(post=post):
                await self._for_link(post.channel_id, lambda link: self._end(link, [post.id]))
            case heard.Reacted(channel_id=channel_id):
                await self._for_link(channel_id, lambda link: self._react(link, told))
            case _:
                pass

    async def _find(self, channel_id: str) -> BridgeLink | None:
        links = await threads.read(inbox.links_of, server_id=self._access.server)
        return next((link for link in links if link.channel_id == channel_id), None)

    async def _open(self, channel_id: str) -> None:
        await threads.write(setup.note_missed, access=self._access, channel_id=channel_id)
        await threads.write(outbox.hurry, access=self._access, channel_id=channel_id)

    async def _shut(self, channel_id: str, state: str, words: str) -> None:
        link = await self._find(channel_id)
        if link is not None:
            await self._wait(link, state, words)

    async def _name(self, channel_id: str, told: Channel | None) -> None:
        link = await self._find(channel_id)
        if link is not None:
            await self._guarded(link, self._note_name(link, told))

    async def _note_name(self, link: BridgeLink, told: Channel | None) -> None:
        channel = told or await self._server.channel(link.channel_id)
        await threads.write(setup.note_name, access=self._access, link_id=link.pk, name=channel.name)

    async def _for_link(self, channel_id: str, work: Callable[[BridgeLink], Awaitable[None]]) -> None:
        link = await self._find(channel_id)
        if link is not None and link.missed == link.caught:
            await self._guarded(link, work(link))

    async def _end(self, link: BridgeLink, ids: Sequence[str]) -> None:
        await threads.write(arriving.apply_gone, access=self._access, link_id=link.pk, ids=ids)

    async def _react(self, link: BridgeLink, told: heard.Reacted) -> None:
        await self._meet([told.reaction.user_id])
        await threads.write(
            arriving.apply_reaction,
            access=self._access,
            link_id=link.pk,
            reaction=told.reaction,
            added=told.added,
        )

    async def _take_live(self, link: BridgeLink, told: Sequence[Told]) -> None:
        place = Place(post_id=link.last_post_id, create_at_ms=link.last_create_at_ms, since_ms=link.since_ms)
        posts = []
        for one in told:
            if isinstance(one, heard.Posted | heard.Edited):
                posts.append(one.post)
                place = _moved(place, one.post, new=isinstance(one, heard.Posted))
        await self._take(link, posts, place=place, live=True)

    # Caught up

    async def _catch_up(self, link: BridgeLink) -> None:
        missed = link.missed
        if link.since_ms == NOT_LOOKED:
            place = await find_place(self._server, link.channel_id)
            await threads.write(setup.note_begin, access=self._access, link_id=link.pk, place=place)
        else:
            place = Place(post_id=link.last_post_id, create_at_ms=link.last_create_at_ms, since_ms=link.since_ms)
            async for found in catch_up(self._server, link.channel_id, place, oldest_ms=link.began_ms):
                await self._found(link, found)
        channel = await self._server.channel(link.channel_id)
        await threads.write(setup.note_caught, access=self._access, link_id=link.pk, missed=missed)
        await self._note_name(link, channel)
        if channel.delete_at:
            # It can still be read, as it may be written to again at any moment.
            raise ServerRefused(Kind.ARCHIVED, ARCHIVED)

    async def _found(self, link: BridgeLink, found: Found) -> None:
        await self._take(link, found.posts)
        gone = list(found.deleted)
        if found.walked is not None:
            taken = await threads.read(arriving.taken_posts, link_id=link.pk)
            gone += await find_gone(self._server, found.walked, taken)
        if gone:
            await self._end(link, gone)
        await threads.write(setup.note_place, access=self._access, link_id=link.pk, place=found.place)

    # Posts

    async def _take(
        self, link: BridgeLink, posts: Sequence[Post], *, place: Place | None = None, live: bool = False
    ) -> None:
        reacted = set() if live else {one.user_id for post in posts for one in post.metadata.reactions}
        await self._meet({post.user_id for post in posts} | reacted)
        for start in range(0, len(posts), POSTS_AT_ONCE):
            part = posts[start : start + POSTS_AT_ONCE]
            arrivals = [await self._made_ready(link, post, whole=not live) for post in part]
            await self._apply(link, arrivals)
        if place is not None:
            await threads.write(setup.note_place, access=self._access, link_id=link.pk, place=place)

    async def _apply(self, link: BridgeLink, arrivals: Sequence[Arrival]) -> None:
        """All in one transaction; where one makes it fail, each in its own."""
        try:
            await self._apply_together(link, arrivals)
        except (*incidents.STOPPING, ServerRefused, Unreadable, RoomClosed, BridgeLink.DoesNotExist):
            raise
        except Exception as error:  # noqa: BLE001 - one post must not hold up all that come after it
            if len(arrivals) == 1:
                words = incidents.record(f"The post {arrivals[0].post.id}", self._access.server, error)
                await threads.write(setup.note_notice, access=self._access, link_id=link.pk, notice=words)
                return
            for arrival in arrivals:
                await self._apply(link, [arrival])

    async def _apply_together(self, link: BridgeLink, arrivals: Sequence[Arrival]) -> None:
        twice = await threads.write(arriving.apply_posts, access=self._access, link_id=link.pk, arrivals=arrivals)
        for one in twice:
            await self._server.delete_post(one)

    async def _made_ready(self, link: BridgeLink, post: Post, *, whole: bool) -> Arrival:
        files: list[UUID] = []
        notes: list[str] = []
        if bool(post.file_ids) and await threads.read(
            arriving.is_wanted, access=self._access, link_id=link.pk, post=post
        ):
            files, notes = await self._porter.bring(link, post)
        return Arrival(post, files, notes, whole=whole)

    async def _meet(self, ids: Iterable[str]) -> None:
        """Everybody has an account here before something of theirs is applied."""
        others = set(ids) - {self._access.account_id}
        strangers = await threads.read(people.unknown, server_id=self._access.server, ids=others)
        for start in range(0, len(strangers), PEOPLE_AT_ONCE):
            part = strangers[start : start + PEOPLE_AT_ONCE]
            found = {user.id: user for user in await self._server.users(part)}
            users = [found.get(one, User(id=one, username="someone")) for one in part]
            await threads.write(people.remember, access=self._access, users=users)


def _gathered(waiting: Sequence[tuple[int, Event]]) -> Iterator[tuple[list[int], list[Told]]]:
    """What waits, in its order: posts of one channel that come one after the other together, all else by itself."""
    ids: list[int] = []
    told: list[Told] = []
    for event_id, event in waiting:
        one = _read(event)
        if ids and not _fits(told, one):
            yield ids, told
            ids, told = [], []
        ids.append(event_id)
        if one is not None:
            told.append(one)
    if ids:
        yield ids, told


def _read(event: Event) -> Told | None:
    try:
        return told_by(event)
    except Unreadable:
        return None


def _fits(told: Sequence[Told], one: Told | None) -> bool:
    """Whether one more can be applied with these: a post of the same channel, and none of them already."""
    if one is None or not told:
        return True
    if not isinstance(one, heard.Posted | heard.Edited) or not isinstance(told[0], heard.Posted | heard.Edited):
        return False
    before = [other.post for other in told if isinstance(other, heard.Posted | heard.Edited)]
    known = one.post.id in {post.id for post in before}
    return not known and one.post.channel_id == before[0].channel_id and len(before) < POSTS_AT_ONCE


def _moved(place: Place, post: Post, *, new: bool) -> Place:
    """How far a link was followed with this post; never backwards."""
    since_ms = max(place.since_ms, post.update_at)
    if new and post.create_at >= place.create_at_ms:
        return Place(post_id=post.id, create_at_ms=post.create_at, since_ms=since_ms)
    return msgspec.structs.replace(place, since_ms=since_ms)
