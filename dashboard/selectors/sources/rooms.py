"""What a room's tables and logs say: who edits, which documents, which discussions are open, what happens.

Called by asking.py, which has asked for the rights. Never writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.utils import timezone

from accounts import selectors as accounts
from accounts.events import PersonView
from chat.selectors.beside import words_of
from chat.selectors.joined import rooms_by_id
from dashboard.selectors.sources.happening import merged, of_edits, of_messages
from dashboard.shapes import CellView, LogView, TableView
from editor.selectors import activity

LOOKED_BACK: Final = timedelta(days=1)
ROWS_SHOWN: Final = 12
PEOPLE_SHOWN: Final = 3
FORMER: Final = "former member"


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> TableView:
    """A table of cells, or of mappings with what a cell needs, as apps beside us give them."""
    cells = [[msgspec.convert(cell, CellView) if isinstance(cell, dict) else cell for cell in row] for row in rows]
    return TableView(source="", columns=list(columns), rows=cells)


def edits_per_author(room: int | None) -> TableView:
    """Who edited how much in the last day."""
    counts: Counter[int | None] = Counter()
    for document in activity.edits_since(room_id=_room(room), at=_a_day_ago()):
        counts.update(document.people)
    people = accounts.people_views({pk for pk in counts if pk is not None})
    ranked = counts.most_common(ROWS_SHOWN)
    most = max(counts.values(), default=1)
    return table(
        ["Author", "Edits"],
        [[_author(people, pk), CellView(text=f"{n:,}", value=n, share=n / most)] for pk, n in ranked],
    )


def _author(people: dict[int, PersonView], pk: int | None) -> CellView:
    found = people.get(pk) if pk is not None else None
    return CellView(text=found.display_name if found else FORMER, people=[found] if found else [])


def hot_files(room: int | None) -> TableView:
    """The documents that were edited most in the last day, and by whom."""
    url = _url(room)
    found = activity.edits_since(room_id=_room(room), at=_a_day_ago())[:ROWS_SHOWN]
    people = accounts.people_views({pk for document in found for pk in document.people if pk is not None})
    rows = []
    for document in found:
        authors = [people[pk] for pk, _ in document.people.most_common() if pk in people]
        said = f", {_many(document.discussions, 'discussion')}" if document.discussions else ""
        name = CellView(text=document.name, url=f"{url}?doc={document.id}", note=f"version {document.version:,}{said}")
        by = CellView(text="", people=authors[:PEOPLE_SHOWN])
        rows.append([name, by, CellView(text=f"{document.edits:,}", value=document.edits)])
    return table(["Document", "By", "Edits"], rows)


def open_discussions(room: int | None) -> TableView:
    """Discussions of lines that nobody resolved."""
    url = _url(room)
    found = activity.open_discussions(room_id=_room(room))[:ROWS_SHOWN]
    people = accounts.people_views({one.author for one in found if one.author is not None})
    words = words_of(message_ids=[one.message for one in found])
    rows = []
    for one in found:
        lines = f"{one.line}" if one.lines == 1 else f"{one.line}–{one.line + one.lines - 1}"
        author = people.get(one.author) if one.author is not None else None
        cell = CellView(
            text=words.get(one.message) or "Files",
            url=f"{url}m/{one.message}/",
            note=f"{one.name} {lines}, {_many(one.replies + 1, 'message')}",
            people=[author] if author else [],
        )
        rows.append([cell])
    return table(["Discussion"], rows)


def happening_now(room: int | None) -> LogView:
    """What was said and edited last, without words."""
    url = _url(room)
    pk = _room(room)
    return LogView(source="", rows=merged([*of_messages(room_id=pk, url=url), *of_edits(room_id=pk, url=url)]))


def _a_day_ago() -> datetime:
    """To ten minutes: the same moment is asked for again and again."""
    now = timezone.now()
    return now.replace(minute=now.minute - now.minute % 10, second=0, microsecond=0) - LOOKED_BACK


def _room(room: int | None) -> int:
    if room is None:
        raise ValueError("a room's source was asked for the site")
    return room


def _url(room: int | None) -> str:
    found = rooms_by_id([_room(room)])
    return found[_room(room)].url if found else "/"


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
