"""An answer that grows before the eyes of a room, told step by step as the runner tells it.

Used by the browser tests of answers. It speaks to chat's services and to the hub, never to a model.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone
from msgspec.structs import replace

from accounts.models import User
from assistant.models import Run
from chat import services
from chat.events import RunActivity, RunDelta, RunRendered
from chat.markdown import render
from chat.models import Room
from chat.selectors.views import room_topic
from chat.shapes import RunView
from realtime.hub import hub
from tests.browser.pages import elsewhere


def utf16(text: str) -> int:
    """Its length as a browser counts it."""
    return len(text.encode("utf-16-le")) // 2


def assistant() -> User:
    """The account that answers."""
    return User.objects.get_or_create(
        username="assistant", defaults={"display_name": "Assistant", "kind": "assistant"}
    )[0]


class Answer:
    """One message of the assistant; `text` is what it has written so far."""

    def __init__(self, room: Room, asker: Any, *, thread: UUID | None = None, **run: Any) -> None:
        self.room, self.text, self.closed = room, "", 0
        self.run = RunView(**{"id": uuid4(), "state": "waiting", "asker": asker.pk, "place": 1, **run})
        begun = elsewhere(
            services.begin_answer,
            author=assistant(),
            asker=asker,
            room_id=room.pk,
            run=self.run,
            thread=thread,
        )
        self.message = begun.id
        # Where pages read the text so far. It is held, so that nobody else goes on with it.
        now = timezone.now()
        Run.objects.create(
            id=self.run.id,
            asker=asker,
            room=room,
            message_id=self.message,
            lane=f"test:{self.run.id}",
            state=Run.State.STREAMING,
            holder="test",
            held_until=now + timedelta(hours=1),
            day=now.date(),
        )

    def change(self, state: str, **run: Any) -> None:
        """Tells the room a turn of it."""
        self.run = replace(self.run, **{"state": state, "place": 0, **run})
        elsewhere(services.change_answer, message_id=self.message, run=self.run, text=render(self.text))

    def say(self, text: str, *, lost: bool = False) -> None:
        """Writes on; a piece may be lost on its way."""
        offset, self.text = utf16(self.text), self.text + text
        Run.objects.filter(pk=self.run.id).update(text=self.text)
        if not lost:
            self._tell(RunDelta(message=self.message, run=self.run.id, offset=offset, text=text), str(offset))

    def close_block(self) -> None:
        """Renders what was written since the last closed block."""
        start, end = self.closed, utf16(self.text)
        block = self.text.encode("utf-16-le")[start * 2 :].decode("utf-16-le")
        html = render(block).html
        self._tell(RunRendered(message=self.message, run=self.run.id, start=start, end=end, html=html), f"b{end}")
        self.closed = end

    def does(self, activity: str) -> None:
        """Does something besides writing."""
        self._tell(RunActivity(message=self.message, run=self.run.id, text=activity), "activity")

    def _tell(self, event: Any, key: str) -> None:
        hub.publish_ephemeral(topic=room_topic(self.room.pk), event=event, key=f"{self.run.id}/{key}")
