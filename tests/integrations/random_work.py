"""Random work on both sides of a bridge, from a seed, and whether both sides are equal in the end."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from chat import services as chat
from chat.models import Message
from integrations.bridge import sending
from integrations.models import BridgedPost, BridgeLink
from tests.integrations.bridging import Bridged, wait_until

EMOJI = {"+1": "👍", "tada": "🎉"}


class RandomWork:
    """Alice there and one of our people here say, answer, edit, delete, react and send files."""

    def __init__(self, seed: int, both: Bridged, actor: Any) -> None:
        self.chance, self._both, self._actor = random.Random(seed), both, actor
        self._theirs: list[str] = []
        self._ours: list[Any] = []
        self._number = 0
        self._steps: list[tuple[Callable[[], None], float]] = [
            (self._they_say, 6),
            (self._we_say, 6),
            (self._they_answer, 2),
            (self._we_answer, 2),
            (self._they_edit, 3),
            (self._we_edit, 3),
            (self._they_delete, 1),
            (self._we_delete, 1),
            (self._they_react, 3),
            (self._we_react, 2),
            (self._they_send_a_file, 1),
            (self._we_send_a_file, 1),
            (both.fake.cut_sockets, 1),
            (both.fake.restart, 0.5),
        ]

    def steps(self, count: int) -> None:
        """So many of them."""
        steps, weights = zip(*self._steps, strict=True)
        for step in self.chance.choices(steps, weights=weights, k=count):
            step()

    def settle(self, explain: Callable[[], Any]) -> None:
        """Waits until both sides have all there is.

        Raises:
            AssertionError: they have not.
        """
        both = self._both
        wait_until(lambda: both.settled() and both.view_here() == both.view_there(), explain)
        texts = both.here()
        assert len(set(texts)) == len(texts)
        assert BridgedPost.objects.values("link", "local_id").distinct().count() == BridgedPost.objects.count()
        # A message with a file and answers there may have been deleted.
        assert BridgeLink.objects.get().notice in {"", sending.FILES_STAY}

    def _text(self, who: str) -> str:
        self._number += 1
        return f"{who} {self._number}"

    # There

    def _they_say(self, **given: Any) -> None:
        self._theirs.append(self._both.hear(self._text("theirs"), **given).id)

    def _they_answer(self) -> None:
        posts = self._both.posts()
        if posts:
            post = self.chance.choice(posts)
            self._they_say(root_id=post.root_id or post.id)

    def _they_edit(self) -> None:
        if self._theirs:
            self._both.fake.edit("alice", self.chance.choice(self._theirs), self._text("theirs, edited"))

    def _they_delete(self) -> None:
        if self._theirs:
            gone = self._theirs.pop(self.chance.randrange(len(self._theirs)))
            self._both.fake.delete("alice", gone)
            # A root takes its replies along.
            left = {post.id for post in self._both.posts()}
            self._theirs = [one for one in self._theirs if one in left]

    def _they_react(self) -> None:
        if self._theirs:
            change = self.chance.choice([self._both.fake.react, self._both.fake.unreact])
            change("bob", self.chance.choice(self._theirs), self.chance.choice(list(EMOJI)))

    def _they_send_a_file(self) -> None:
        both, name = self._both, self._text("theirs")
        self._they_say(file_ids=[both.fake.attach("alice", both.seed.channel_id, f"{name}.txt", name.encode())])

    # Here

    def _we_say(self, **given: Any) -> None:
        self._ours.append(self._both.say(self._actor, self._text("ours"), **given).pk)

    def _we_answer(self) -> None:
        roots = Message.objects.filter(room=self._both.room, deleted_at=None, thread_root=None).exclude(kind="system")
        ids = list(roots.order_by("seq").values_list("pk", flat=True))
        if ids:
            self._we_say(thread=self.chance.choice(ids))

    def _we_edit(self) -> None:
        if self._ours:
            self._change(chat.edit_message, body=self._text("ours, edited"))

    def _we_delete(self) -> None:
        if self._ours:
            gone = self._ours.pop(self.chance.randrange(len(self._ours)))
            chat.delete_message(actor=self._actor, room_id=self._both.room.pk, message_id=gone)

    def _we_react(self) -> None:
        if self._ours:
            self._change(
                self.chance.choice([chat.add_reaction, chat.remove_reaction]),
                emoji=self.chance.choice([*EMOJI.values()]),
            )

    def _we_send_a_file(self) -> None:
        name = self._text("ours")
        self._we_say(attachments=[self._both.upload(self._actor, f"{name}.txt", name.encode())])

    def _change(self, service: Callable[..., Any], **given: Any) -> None:
        one = self.chance.choice(self._ours)
        partial(service, actor=self._actor, room_id=self._both.room.pk, message_id=one)(**given)
