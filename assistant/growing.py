"""A text that grows before everybody's eyes: told in pieces at a measured pace, its closed blocks as HTML.

Called by assistant.execution, on the loop. Pure of databases; what it tells may be lost, and is told by its offset.
"""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

from assistant.selectors.runs import units
from chat import markdown
from chat.events import RunActivity, RunDelta, RunRendered
from realtime import threads
from realtime.hub import hub

PAUSE_SECONDS: Final = 0.05
"""At most twenty pieces a second: more cost every reader a frame and show nobody more."""
CHARS_MOST: Final = 24_000
FENCE: Final = "```"
CUT: Final = "\n\n*The answer was cut here: it may have 24,000 characters.*"


class Growing:
    """The text of one run.

    Attributes:
        text: all of it.
        html: of its closed blocks; rendered: where they end, in UTF-16 units.
        full: it reached its limit and takes no more.
    """

    def __init__(self, *, room_id: int, run: UUID, message: UUID | None) -> None:
        self.text = ""
        self.html = ""
        self.rendered = 0
        self.full = False
        self._topic = f"room:{room_id}"
        self._run = run
        self._message = message
        self._told = 0
        self._told_units = 0
        self._told_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._closed = 0
        self._looked = 0

    def add(self, text: str) -> None:
        """Takes more text and tells it, at once or when the pace allows."""
        if self.full:
            return
        text = text.replace("\r", "")
        room = CHARS_MOST - len(self.text)
        if len(text) > room:
            self.full = True
            text = text[:room]
            text += _out_of_code(self.text + text) + CUT
        self.text += text
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        wait = self._told_at + PAUSE_SECONDS - loop.time()
        if wait <= 0:
            self.tell()
        else:
            self._timer = loop.call_later(wait, self.tell)

    def note(self, text: str) -> None:
        """Takes a word of ours about the answer, and ends the code before it that the answer left open."""
        self.add(_out_of_code(self.text) + text)

    def tell(self) -> None:
        """Tells what is new."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        new = self.text[self._told :]
        if not new:
            return
        self._told_at = asyncio.get_running_loop().time()
        offset = self._told_units
        self._told = len(self.text)
        self._told_units += units(new)
        if self._message is not None:
            delta = RunDelta(message=self._message, run=self._run, offset=offset, text=new)
            hub.publish_ephemeral(topic=self._topic, event=delta, key=f"{self._run}/{offset}")

    def say_activity(self, text: str) -> None:
        """Tells what is done besides writing; empty when it writes again."""
        if self._message is not None:
            told = RunActivity(message=self._message, run=self._run, text=text)
            hub.publish_ephemeral(topic=self._topic, event=told, key=str(self._run))

    async def render(self) -> None:
        """Makes HTML of the blocks that are closed since, each once, and tells it."""
        if "\n" not in self.text[self._looked :]:
            return
        text = self.text
        self._looked = len(text)
        found = await threads.compute(_render_closed, text[self._closed :])
        if found is None:
            return
        chars, html = found
        start = self.rendered
        block = text[self._closed : self._closed + chars]
        self._closed += chars
        self.rendered = start + units(block)
        self.html += html
        if self._message is not None:
            told = RunRendered(message=self._message, run=self._run, start=start, end=self.rendered, html=html)
            hub.publish_ephemeral(topic=self._topic, event=told, key=f"{self._run}/{start}")

    def close(self) -> None:
        """Tells nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _render_closed(text: str) -> tuple[int, str] | None:
    """(how many characters are closed, their HTML) of a text that goes on; None when its first block may still grow."""
    end = markdown.closed_length(text)
    if not end:
        return None
    html = markdown.place_mentions(markdown.render(text[:end]), {}, everyone=False)
    return end, html


def _out_of_code(text: str) -> str:
    """The fence that is missing where code was cut in its midst."""
    fences = text.count("\n" + FENCE) + text.startswith(FENCE)
    return f"\n{FENCE}" * (fences % 2)
