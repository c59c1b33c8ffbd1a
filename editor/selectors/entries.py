"""The log of `document:<id>`: its entries are the accepted updates, and the seq is the version.

Called by the realtime layer through `log.register_reader`. Never writes; who may hear is asked by the consumer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Raw

from editor.events import DocumentUpdates
from editor.models import Document, Update
from editor.selectors.documents import document_topic
from editor.shapes import EditView
from realtime import log
from realtime.log import Entry

PAGE_UPDATES: Final = 64
READ_BYTES: Final = 2_097_152
"""What is read at once: more than the window of a socket takes."""


def entry_of(*, document_id: int, edit: EditView, at: datetime) -> Entry:
    """The entry of one accepted update."""
    return log.entry_of(
        topic=document_topic(document_id), seq=edit.version, event=DocumentUpdates(updates=[edit]), at=at
    )


def read_entries(topic: str, after: int, limit: int) -> list[Entry]:
    """Updates after a version, in order, at most `limit`; fewer where they are long, but one if there is any."""
    document_id = int(topic.partition(":")[2])
    found: list[Entry] = []
    size = 0
    while len(found) < limit and size < READ_BYTES:
        wanted = min(PAGE_UPDATES, limit - len(found))
        page = _page(document_id, found[-1].seq if found else after, wanted)
        found += page
        size += sum(len(entry.frame) for entry in page)
        if len(page) < wanted:
            break
    return found


def _page(document_id: int, after: int, limit: int) -> list[Entry]:
    rows = Update.objects.filter(document_id=document_id, version__gt=after).order_by("version")
    values = rows.values_list("version", "client_id", "author_id", "changes", "run", "at")[:limit]
    return [
        entry_of(
            document_id=document_id,
            edit=EditView(version=version, client_id=client_id, author=author, changes=Raw(changes.encode()), run=run),
            at=at,
        )
        for version, client_id, author, changes, run, at in values
    ]


def read_heads(topics: Sequence[str]) -> dict[str, tuple[int, int]]:
    """(version, oldest version whose update is kept) of each document."""
    ids = {int(topic.partition(":")[2]): topic for topic in topics}
    rows = Document.objects.filter(pk__in=list(ids)).values_list("pk", "version", "log_start")
    return {ids[pk]: (version, log_start + 1) for pk, version, log_start in rows}


def register() -> None:
    """Makes the realtime layer read the updates; called once, when the app is ready."""
    log.register_reader("document", read_entries, read_heads)
