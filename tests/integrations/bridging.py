"""A room that is linked with a channel of the imitated server, and what both sides say to one another."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from asgiref.sync import async_to_sync

from chat import services as chat
from chat.models import Message, Reaction
from integrations.bridge import runner
from integrations.mattermost import mapping
from integrations.mattermost.catching_up import Place
from integrations.mattermost.listening import Pace
from integrations.models import BridgedPost, BridgeInbox, BridgeLink, BridgeOutbox, MattermostServer
from integrations.services.bridges import setup
from integrations.services.bridges.telling import DELETED
from realtime import log, threads
from tests import factories
from tests.fakes.mattermost import FakeMattermost
from tests.integrations.serving import PATIENCE_SECONDS, at_work

QUICK = Pace(ping=0.5, pong=15.0, connect=15.0, retry_least=0.02, retry_most=0.1, settled=0.0)


View = tuple[str, str, tuple[str, ...], tuple[str, ...]]
"""A message as both sides have it: its text, that of its root, its files, its emoji."""


def _view_of_message(message: Message) -> View:
    root = message.thread_root
    files = message.attachments.order_by("position").values_list("name", "size_bytes")
    emoji = set(message.reactions.values_list("emoji", flat=True))
    told = sorted(f"{name} {size}" for name, size in files)
    return message.body, root.body if root and not root.deleted_at else "", tuple(told), tuple(sorted(emoji))


class Bridged:
    """One room, one channel, and the bridge between them, driven by hand or running."""

    def __init__(self, fake: FakeMattermost, room: Any, boss: Any) -> None:
        self.fake, self.room, self.boss = fake, room, boss
        self.seed = fake.seed()
        self.server = setup.make_server(actor=boss, name="Theirs", url=fake.url, token=self.seed.bot_token)
        self.link = self.link_with(self.seed.channel_id, room)

    def link_with(self, channel_id: str, room: Any, server: Any = None, **given: Any) -> BridgeLink:
        return setup.link_room(
            actor=self.boss,
            server_id=(server or self.server).pk,
            room_id=room.pk,
            channel_id=channel_id,
            channel_name="bridge",
            place=Place(),
            **given,
        )

    # Ours

    def pump(self, server: Any = None) -> int:
        """Everything both sides have for one another, caught up and told."""
        BridgeOutbox.objects.update(next_at=setup.timezone.now())
        BridgeLink.objects.update(look_at=setup.timezone.now())

        async def go() -> int:
            try:
                return await runner.once((server or self.server).pk)
            finally:
                await asyncio.to_thread(threads.close)

        return async_to_sync(go)()

    @contextmanager
    def running(self, pace: Pace = QUICK):
        """The bridge at work, on a loop of its own."""
        with at_work(lambda: runner.work_for(self.server.pk, pace)) as task:
            yield task

    def listening(self) -> bool:
        return MattermostServer.objects.get(pk=self.server.pk).state == MattermostServer.State.CONNECTED

    def say(self, actor: Any, body: str = "Hello", **given: Any) -> Message:
        return factories.say(actor, self.room, body, **given)

    def here(self, room: Any = None) -> list[str]:
        """What the room says, but for lines of the system and what was deleted, in its order."""
        rows = Message.objects.filter(room=room or self.room, deleted_at=None).exclude(kind="system")
        return list(rows.order_by("seq").values_list("body", flat=True))

    def reactions_here(self) -> list[tuple[str, str]]:
        rows = Reaction.objects.filter(message__room=self.room)
        return sorted(rows.values_list("user__display_name", "emoji"))

    # Theirs

    def hear(self, message: str, name: str = "alice", **given: Any) -> Any:
        return self.fake.say(name, self.seed.channel_id, message, **given)

    def there(self, channel_id: str = "") -> list[str]:
        return [post.message for post in self.fake.posts(channel_id or self.seed.channel_id)]

    def posts(self) -> list[Any]:
        return self.fake.posts(self.seed.channel_id)

    def difference(self) -> dict[str, Any]:
        """What one side has and the other has not, and what waits."""
        here, there = Counter(self.here()), Counter(self.there())
        waiting = BridgeOutbox.objects.values("op", "local_id", "state", "attempts", "problem", "next_at")
        link = BridgeLink.objects.filter(pk=self.link.pk).values().get()
        heard = BridgeInbox.objects.count()
        return {"here": here - there, "there": there - here, "waiting": list(waiting), "link": link, "heard": heard}

    def upload(self, actor: Any, name: str, data: bytes) -> Any:
        """A file of one of our people, for a message."""
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "file"
            source.write_bytes(data)
            given = {"room_id": self.room.pk, "upload_id": uuid4(), "name": name, "source": source}
            return chat.store_upload(actor=actor, **given)[0].id

    def view_here(self) -> list[View]:
        """What the room shows, without what is no longer carried over, in no order."""
        gone = BridgedPost.objects.filter(link=self.link, ours=True, deleted=True).values("local_id")
        rows = Message.objects.filter(room=self.room, deleted_at=None).exclude(kind="system").exclude(pk__in=gone)
        return sorted(map(_view_of_message, rows.select_related("thread_root")))

    def view_there(self) -> list[View]:
        """What the channel shows, without what was emptied, in no order."""
        posts = {post.id: post for post in self.posts() if post.message != DELETED}
        return sorted(self._view_of_post(post, posts) for post in posts.values())

    def _view_of_post(self, post: Any, posts: dict[str, Any]) -> View:
        files = [self.fake.state.files[one] for one in post.file_ids]
        root = posts[post.root_id].message if post.root_id in posts else ""
        reactions = {mapping.reaction_in(name) or name for _, name in post.reactions}
        told = sorted(f"{one.name} {len(one.data)}" for one in files)
        return post.message, root, tuple(told), tuple(sorted(reactions))

    def settled(self) -> bool:
        """Nothing waits on either way."""
        waiting = BridgeOutbox.objects.exists() or BridgeInbox.objects.exists()
        topic = f"room:{self.room.pk}"
        link = self.remade()
        return not waiting and link.missed == link.caught and link.local_seq == log.heads([topic])[topic][0]

    def caught_up(self) -> bool:
        link = self.remade()
        return link.missed == link.caught > 0 and not BridgeInbox.objects.exists()

    def state(self) -> tuple[str, str]:
        link = BridgeLink.objects.get(pk=self.link.pk)
        return link.state, link.problem

    def remade(self) -> BridgeLink:
        return BridgeLink.objects.get(pk=self.link.pk)


def wait_until(
    condition: Callable[[], Any], explain: Callable[[], Any] = lambda: "", patience: float = PATIENCE_SECONDS
) -> Any:
    """Waits for a condition; its value."""
    end, pause = time.monotonic() + patience, 0.02
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"it did not happen in time {explain()}")
        time.sleep(pause)
        # Whoever looks all the time takes it from the bridge, which runs in this process.
        pause = min(pause * 1.5, 0.5)
    return value
