"""Messages about a range of something that stands beside the chat, as plain values for the app that knows what it is.

Called by apps above chat. Never writes, and never asks who may see it: whoever calls has read the rights in the room.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from chat import texts
from chat.models import Beside, Message
from chat.search import marks
from chat.selectors.views import thread_views
from chat.shapes import ThreadView

MESSAGES_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Said:
    """A message that begins a talk about a range: none that was deleted, and no reply in a thread.

    Attributes:
        seq: of the message, in the room.
        beside_seq, start, end: which range of the topic, and at which of its seqs.
        excerpt: the beginning of the text.
        replies: in its thread.
    """

    id: UUID
    seq: int
    author: int | None
    excerpt: str
    created_at: datetime
    beside_seq: int
    start: int
    end: int
    replies: int = 0


_COLUMNS: Final = (
    "message", "message__seq", "message__author", "message__body", "message__created_at", "seq", "start", "end"
)  # fmt: skip


def messages_about(*, room_id: int, topic: str, message_id: UUID | None = None) -> list[Said]:
    """The messages of a room about a range of a topic, oldest first; of many the newest 500, or only one."""
    rows = Beside.objects.filter(
        topic=topic,
        start__isnull=False,
        message__room=room_id,
        message__deleted_at=None,
        message__thread_root=None,
    )
    if message_id is not None:
        rows = rows.filter(message=message_id)
    found = list(rows.order_by("-message__seq").values_list(*_COLUMNS)[:MESSAGES_MOST])[::-1]
    threads = thread_views([row[0] for row in found])
    return [
        Said(id, seq, author, texts.excerpt(body), at, beside_seq, start, end, _replies(threads.get(id)))
        for id, seq, author, body, at, beside_seq, start, end in found
        if start is not None and end is not None
    ]


def words_of(*, message_ids: Collection[UUID]) -> dict[UUID, str]:
    """The beginning of messages in plain words, without the marks of Markdown; whoever asks knows who may read them."""
    found = Message.objects.filter(pk__in=message_ids, deleted_at=None).values_list("pk", "html")
    return {pk: texts.excerpt("".join(run.text for run in marks.runs_of(html))) for pk, html in found}


def _replies(thread: ThreadView | None) -> int:
    return thread.replies if thread is not None else 0
