"""Lines of "happening now": who wrote, edited or came, where, and never what they said.

Used by rooms.py and site.py, which say whose rooms may be named. Never writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from accounts import selectors as accounts
from accounts.events import PersonView
from chat.selectors.happening import Happening, happened_lately
from chat.selectors.joined import rooms_by_id
from chat.shapes import RoomView
from dashboard.shapes import LogRow
from editor.selectors.activity import LastEdit, edited_lately

LOOKED_AT: Final = 60
SHOWN: Final = 20
PUBLIC: Final = "public"
BETWEEN_PEOPLE: Final = frozenset({"direct", "group"})
_DONE: Final = {"assistant": "answered", "bridge": "posted through the bridge"}


def merged(rows: Iterable[LogRow]) -> list[LogRow]:
    """The newest lines; what somebody did again and again is one, as of the last time."""
    shown: dict[tuple[int | None, str], LogRow] = {}
    for row in sorted(rows, key=lambda row: row.at, reverse=True):
        shown.setdefault((row.person.id if row.person else None, row.text), row)
    return list(shown.values())[:SHOWN]


def of_messages(*, room_id: int, url: str) -> list[LogRow]:
    """What people did in one room, for its members."""
    found = happened_lately(limit=LOOKED_AT, room_id=room_id)
    people = accounts.people_views({one.author for one in found if one.author is not None})
    return [
        LogRow(at=one.at, text=_deed(one, people, ""), person=people.get(one.author) if one.author else None, url=url)
        for one in found
    ]


def of_edits(*, room_id: int, url: str) -> list[LogRow]:
    """Which documents people edited in one room, for its members."""
    found = edited_lately(limit=SHOWN, room_id=room_id)
    people = accounts.people_views({one.author for one in found if one.author is not None})
    return [_edit(one, people, f"edited {one.name}", f"{url}?doc={one.document}") for one in found]


def of_site() -> list[LogRow]:
    """What happened last anywhere, for staff: closed rooms are a number, their people nobody, those of few unsaid."""
    said, edited = happened_lately(limit=LOOKED_AT), edited_lately(limit=SHOWN)
    rooms = rooms_by_id({one.room for one in said} | {one.room for one in edited})
    open_ = {pk for pk, room in rooms.items() if room.kind == PUBLIC}
    authors = {one.author for one in said if one.room in open_} | {one.author for one in edited if one.room in open_}
    known = accounts.people_views({author for author in authors if author is not None})
    rows = [_said(one, known, rooms[one.room]) for one in said if may_tell(rooms.get(one.room))]
    return merged(rows + [_edited(one, known, rooms[one.room]) for one in edited if may_tell(rooms.get(one.room))])


def may_tell(room: RoomView | None) -> bool:
    """Whether staff learn that something happens there at all."""
    return room is not None and room.kind not in BETWEEN_PEOPLE


def _said(one: Happening, people: Mapping[int, PersonView], room: RoomView) -> LogRow:
    if room.kind != PUBLIC:
        return LogRow(at=one.at, text=f"Somebody wrote in private room #{room.id}")
    person = people.get(one.author) if one.author is not None else None
    return LogRow(at=one.at, text=_deed(one, people, f" #{room.name}"), person=person, url=room.url)


def _edited(one: LastEdit, people: Mapping[int, PersonView], room: RoomView) -> LogRow:
    if room.kind != PUBLIC:
        return LogRow(at=one.at, text=f"Somebody edited a document in private room #{room.id}")
    return _edit(one, people, f"edited {one.name}", f"{room.url}?doc={one.document}")


def _edit(one: LastEdit, people: Mapping[int, PersonView], text: str, url: str) -> LogRow:
    return LogRow(at=one.at, text=text, person=people.get(one.author) if one.author is not None else None, url=url)


def _deed(one: Happening, people: Mapping[int, PersonView], where: str) -> str:
    """What follows the name of whoever did it."""
    if one.line:
        author = people.get(one.author) if one.author is not None else None
        name = author.display_name if author is not None else ""
        return f"{one.line.removeprefix(name).strip()}{',' + where if where else ''}"
    if one.files and one.says_nothing:
        return f"uploaded {one.files} file{'s' if one.files > 1 else ''}{' in' + where if where else ''}"
    deed = _DONE.get(one.kind, "wrote")
    return f"{deed} in{where}" if where else deed
