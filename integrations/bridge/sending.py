"""Tells channels what happened in rooms, one order after the other for each link.

Called by the runner. An order is written down as begun before anything is sent; when nobody knows whether the server
has it, the same name within its memory, and later a search for our mark, keep it from being there twice.
"""

from __future__ import annotations

import time
from enum import Enum, auto
from functools import partial
from typing import Final
from uuid import UUID

from django.utils import timezone

from integrations.bridge import bringing, incidents
from integrations.bridge.voices import CannotSpeak, Voices
from integrations.mattermost import mapping
from integrations.mattermost.catching_up import OVERLAP_MS
from integrations.mattermost.rest import Kind, Server, ServerRefused
from integrations.mattermost.wire import Post, Unreadable
from integrations.models import BridgeLink, BridgeOutbox, MattermostServer
from integrations.services.bridges import amending, arriving, inbox, outbox, own, setup, telling
from integrations.services.bridges.setup import Access
from integrations.services.bridges.telling import Emoji, Part, Telling, Unwanted
from realtime import threads

REMEMBERED_SECONDS: Final = 20.0
"""The server knows a pending id for 30 seconds; a request may be on its way for some of them."""
ORDERS_AT_ONCE: Final = 10
"""Of a link before the next one's turn: what is asked before each round counts for all of them."""
_STATES: Final = {Kind.FORBIDDEN: BridgeLink.State.REMOVED, Kind.ARCHIVED: BridgeLink.State.ARCHIVED}
_FINAL: Final = frozenset({Kind.INVALID, Kind.TOO_LARGE, Kind.MISSING})
_NOT_OURS: Final = frozenset({Kind.FORBIDDEN, Kind.MISSING})
AGAIN_SECONDS: Final = 60.0
"""Between two attempts to read a log that we stumbled over."""
STUMBLES_MOST: Final = 3
"""After so many attempts that failed here, what comes later goes first."""
FILES_STAY: Final = "A message that was deleted here has answers there: its files stay there, because its post does."
STAYS: Final = "What somebody there wrote was deleted here alone: the bridge's account may not delete it there."
_NO_ROOT: Final = "api.post.create_post.root_id.app_error"


class _End(Enum):
    """What became of an order."""

    NOTHING = auto()
    """There was nothing to tell."""
    TOLD = auto()
    WRITTEN_DOWN = auto()
    """It was told, and that is written down already."""


class Sender:
    """What goes to one server."""

    def __init__(self, access: Access, server: Server) -> None:
        self._access, self._server = access, server
        self._voices = Voices(access, server)
        self._wait_until: dict[int, float] = {}

    async def round(self) -> int:
        """Some orders of each link; answers how many.

        Raises:
            Fenced: another process works for the server.
        """
        for link_id in await threads.read(outbox.links_to_queue, server_id=self._access.server):
            await self._queue(link_id)
        done = 0
        for link in await threads.read(inbox.links_of, server_id=self._access.server):
            for _ in range(ORDERS_AT_ONCE):
                due = await threads.read(outbox.next_due, link_id=link.pk)
                if due is None or not await self._order(link, due):
                    break
                done += 1
        return done

    async def _queue(self, link_id: int) -> None:
        """Takes what a room's log tells; where that fails, the other rooms go on and it is tried again later."""
        if self._wait_until.get(link_id, 0.0) > time.monotonic():
            return
        try:
            while await threads.write(outbox.queue_local, access=self._access, link_id=link_id):
                pass  # a page of the room's log at a time, until all of it is queued
        except incidents.STOPPING:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is
            words = incidents.record("Reading a room's log", self._access.server, error)
            self._wait_until[link_id] = time.monotonic() + AGAIN_SECONDS
            await threads.write(setup.note_notice, access=self._access, link_id=link_id, notice=words)

    async def _order(self, link: BridgeLink, due: BridgeOutbox) -> int:
        order = await threads.write(outbox.begin_order, access=self._access, order_id=due.pk)
        if order is None:
            return 1
        try:
            end = await self._do(order.link, order)
        except incidents.STOPPING:
            raise
        except ServerRefused as refused:
            return await self._refused(link, order, refused)
        except Unreadable as unreadable:
            await threads.write(outbox.put_off, access=self._access, order_id=order.pk, problem=str(unreadable))
            return 0
        except Exception as error:  # noqa: BLE001 - whatever it is, the other rooms go on, and at last this one
            words = incidents.record("Telling it", self._access.server, error)
            hopeless = order.attempts + 1 >= STUMBLES_MOST
            settle = outbox.give_up if hopeless else outbox.put_off
            await threads.write(settle, access=self._access, order_id=order.pk, problem=words)
            return int(hopeless)
        if end is not _End.WRITTEN_DOWN:
            told = end is _End.TOLD
            await threads.write(outbox.finish_order, access=self._access, order=order, told=told)
        if link.state != BridgeLink.State.ACTIVE and link.missed == link.caught:
            await threads.write(setup.note_link, access=self._access, link_id=link.pk, state=BridgeLink.State.ACTIVE)
        return 1

    async def _refused(self, link: BridgeLink, order: BridgeOutbox, refused: ServerRefused) -> int:
        if refused.kind in _FINAL:
            await threads.write(outbox.give_up, access=self._access, order_id=order.pk, problem=refused.words)
            return 1
        await threads.write(outbox.put_off, access=self._access, order_id=order.pk, problem=refused.words)
        if refused.kind is Kind.TOKEN:
            state = MattermostServer.State.REFUSED
            await threads.write(setup.note_state, server_id=self._access.server, state=state, error=refused.words)
        elif refused.kind in _STATES:
            state_of_link = _STATES[refused.kind]
            await threads.write(
                setup.note_link, access=self._access, link_id=link.pk, state=state_of_link, problem=refused.words
            )
        return 0

    async def _do(self, link: BridgeLink, order: BridgeOutbox) -> _End:
        if order.op == BridgeOutbox.Op.SAY:
            return await self._say(link, order)
        if order.op == BridgeOutbox.Op.DELETE:
            await self._delete(link, order.local_id)
        else:
            await self._react(link, order)
        return _End.TOLD

    # Posts

    async def _say(self, link: BridgeLink, order: BridgeOutbox) -> _End:
        if order.first_at is not None and (timezone.now() - order.first_at).total_seconds() > REMEMBERED_SECONDS:
            await self._search(link, order)
        told = await self._told(order)
        if told is None:
            if order.first_at is not None:
                # It was deleted while nobody knew whether it had been posted: the order to delete it needs to know.
                await self._search(link, order)
            return await self._amend(link, order.local_id)
        try:
            return await self._carry(link, order, told)
        except CannotSpeak:
            if order.first_at is not None:
                # An attempt before this one may have been heard, under a name that only the other account has.
                await self._search(link, order)
            told = await self._told(order, as_bridge=True)
            return _End.NOTHING if told is None else await self._carry(link, order, told)

    async def _told(self, order: BridgeOutbox, *, as_bridge: bool = False) -> Telling | None:
        return await threads.read(
            telling.tell,
            access=self._access,
            link=order.link,
            message_id=order.local_id,
            as_bridge=as_bridge,
        )

    async def _carry(self, link: BridgeLink, order: BridgeOutbox, told: Telling) -> _End:
        last = len(told.parts) - 1 if not told.surplus else -1
        end = _End.TOLD
        for at, part in enumerate(told.parts):
            if not part.remote_id:
                end = await self._post(link, order, told, at, last=at == last)
            elif part.content_hash != mapping.content_hash(part.text):
                await self._edit(link, part)
        for remote_id, account in told.surplus:
            await self._remove(link, remote_id, account)
            await threads.write(
                telling.note_gone, access=self._access, link_id=link.pk, remote_id=remote_id, forget=True
            )
        return end

    async def _post(self, link: BridgeLink, order: BridgeOutbox, told: Telling, at: int, *, last: bool) -> _End:
        files: list[str] = []
        notes: list[str] = []
        if at == 0 and told.files:
            files, notes = await bringing.bring(self._access, self._voices, link, told)
        text = bringing.with_notes(told.parts[at].text, notes)
        post = await self._create(link, order, told, at, text, files)
        twice = await threads.write(
            telling.note_post,
            access=self._access,
            link=link,
            message_id=order.local_id,
            part=at,
            post=post,
            done=order if last else None,
        )
        if twice is not None:
            await self._remove(link, twice, told.speaker)
        if len(post.file_ids) < len(files):
            problem = f"The server left out {len(files) - len(post.file_ids)} files of a message."
            await threads.write(setup.note_notice, access=self._access, link_id=link.pk, notice=problem)
        return _End.WRITTEN_DOWN if last and twice is None else _End.TOLD

    async def _create(
        self, link: BridgeLink, order: BridgeOutbox, told: Telling, at: int, text: str, files: list[str]
    ) -> Post:
        props = telling.props_of(
            access=self._access, channel_id=link.channel_id, message_id=order.local_id, part=at, telling=told
        )
        pending = f"{told.speaker or self._access.account_id}:{link.pk}-{order.pk}-{at}"
        root_id = told.root_id
        while True:
            create = partial(
                Server.create_post,
                channel_id=link.channel_id,
                message=text,
                pending_id=pending,
                root_id=root_id,
                file_ids=files,
                props=props,
            )
            try:
                return await self._voices.speak(link, told.speaker, create)
            except ServerRefused as refused:
                if refused.code != _NO_ROOT or not root_id:
                    raise
                # The root was deleted there meanwhile: what was said is told all the same.
                root_id = ""

    async def _edit(self, link: BridgeLink, part: Part) -> Post | None:
        """The post as it is now; None where it is not there any more."""
        try:
            post = await self._voices.speak(
                link, part.account, partial(Server.edit_post, post_id=part.remote_id, message=part.text)
            )
        except (ServerRefused, CannotSpeak) as error:
            gone = isinstance(error, CannotSpeak) or error.kind in _NOT_OURS
            if not gone or await self._server.post(part.remote_id):
                raise await self._voices.final(link, error) from error
            await threads.write(telling.note_gone, access=self._access, link_id=link.pk, remote_id=part.remote_id)
            return None
        await threads.write(
            telling.note_text, access=self._access, link_id=link.pk, remote_id=part.remote_id, post=post
        )
        return post

    async def _amend(self, link: BridgeLink, message_id: UUID) -> _End:
        """Says there, as its author, what they changed here of a post that they wrote there."""
        amended = await threads.read(amending.find, link=link, message_id=message_id)
        post = await self._server.post(amended.remote_id) if amended is not None else None
        if amended is None or post is None:
            return _End.NOTHING
        text = await threads.read(amending.text_out, link=link, amended=amended, post=post)
        if text is None:
            return _End.NOTHING
        try:
            changed = await self._voices.speak(
                link, amended.account, partial(Server.edit_post, post_id=post.id, message=text)
            )
        except (ServerRefused, CannotSpeak) as error:
            raise await self._voices.final(link, error) from error
        await threads.write(amending.note_amended, access=self._access, link_id=link.pk, post=changed)
        return _End.TOLD

    async def _search(self, link: BridgeLink, order: BridgeOutbox) -> None:
        """Looks for posts of a message that may have been made: from the newest back to before the first attempt."""
        page = 0
        ours = await threads.read(own.own_ids, server_id=self._access.server) | {self._access.account_id}
        while rows := (await self._server.posts_page(link.channel_id, page)).oldest_first():
            for post in rows:
                if post.user_id in ours:
                    await self._recognise(link, order, post)
            if rows[0].create_at < order.anchor_ms - OVERLAP_MS:
                return
            page += 1

    async def _recognise(self, link: BridgeLink, order: BridgeOutbox, post: Post) -> None:
        access = self._access
        mark = await threads.read(arriving.our_mark, access, link, post)
        if mark is None or mark.message != str(order.local_id):
            return
        twice = await threads.write(
            telling.note_post,
            access=access,
            link=link,
            message_id=order.local_id,
            part=mark.part,
            post=post,
        )
        if twice is not None:
            await self._remove(link, twice, "" if post.user_id == access.account_id else post.user_id)

    async def _remove(self, link: BridgeLink, remote_id: str, account: str) -> None:
        """Deletes a post of an account; one that is gone already is no failure."""
        try:
            await self._voices.speak(link, account, partial(Server.delete_own, post_id=remote_id))
        except (ServerRefused, CannotSpeak) as error:
            if isinstance(error, ServerRefused) and error.kind not in _NOT_OURS:
                raise
            if account:
                # The bridge's account may be one that deletes posts of others.
                await self._server.delete_post(remote_id)
            if await self._server.post(remote_id) is not None:
                raise await self._voices.final(link, error) from error

    async def _delete(self, link: BridgeLink, message_id: UUID) -> None:
        for one in await threads.read(telling.posts_to_delete, link_id=link.pk, message_id=message_id):
            await self._end(link, one)
            await threads.write(telling.note_gone, access=self._access, link_id=link.pk, remote_id=one.remote_id)

    async def _end(self, link: BridgeLink, one: Unwanted) -> None:
        if one.has_replies:
            # The server would delete the replies of others with it.
            post = await self._edit(link, Part(telling.DELETED, one.remote_id, account=one.account))
            if post is not None and post.file_ids:
                await threads.write(setup.note_notice, access=self._access, link_id=link.pk, notice=FILES_STAY)
        elif one.ours or one.account:
            await self._remove(link, one.remote_id, one.account)
        else:
            await self._server.delete_post(one.remote_id)
            if await self._server.post(one.remote_id) is not None:
                await threads.write(setup.note_notice, access=self._access, link_id=link.pk, notice=STAYS)

    # Reactions

    async def _react(self, link: BridgeLink, order: BridgeOutbox) -> None:
        silent: set[str] = set()
        told = await self._emoji(link, order, silent)
        while told:
            one = told.pop()
            try:
                await self._put(link, one)
            except CannotSpeak:
                silent.add(one.account)
                told = await self._emoji(link, order, silent)

    async def _emoji(self, link: BridgeLink, order: BridgeOutbox, silent: set[str]) -> list[Emoji]:
        return await threads.read(
            telling.emoji_to_tell,
            link_id=link.pk,
            message_id=order.local_id,
            emoji=order.emoji,
            silent=frozenset(silent),
        )

    async def _put(self, link: BridgeLink, one: Emoji) -> None:
        user_id = one.account or self._access.account_id
        change = Server.add_reaction if one.put else Server.remove_reaction
        for name in one.names:
            try:
                await self._voices.speak(
                    link, one.account, partial(change, user_id=user_id, post_id=one.remote_id, name=name)
                )
            except ServerRefused as refused:
                if refused.kind not in _NOT_OURS:
                    raise
                if await self._server.post(one.remote_id) is None:
                    # It was deleted there: that is on its way to us.
                    return
                raise await self._voices.final(link, refused) from refused
        if one.account:
            await threads.write(telling.note_emoji, access=self._access, link_id=link.pk, told=one)
