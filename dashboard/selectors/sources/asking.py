"""Which source may be listed on which board, who may see it, and how it is asked.

Called by the package's users. A source is named alone on the board of its own site or room, and `room/<id>/<name>` on
somebody's own board. Never writes.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from chat.selectors.joined import joined_rooms
from dashboard import permissions
from dashboard.permissions import BoardPlace, SeriesPlace, Viewer
from dashboard.selectors.rights import viewers
from dashboard.selectors.sources import alerting, rooms, site
from dashboard.shapes import LogView, SourceInfo, TableView
from realtime import metrics

logger = logging.getLogger(__name__)
Reader = Callable[[int | None], TableView | LogView]
"""(room, or None for the site) -> what it says now; `source` is filled in by the asker."""
_failing: Final[dict[tuple[str, int | None, str], str]] = {}
"""Incidents of the sources that fail in this process: a board asks every few seconds, its log says it once."""


@dataclass(frozen=True, slots=True)
class Source:
    """Something that a table or a log can list. scope: site or room."""

    name: str
    title: str
    kind: str
    scope: str
    read: Reader


_OWN: Final = (
    Source("happening-now", "Happening now", "log", "site", site.happening_now),
    Source("busiest-rooms", "Busiest rooms", "table", "site", site.busiest_rooms),
    Source("processes", "Servers", "table", "site", site.processes),
    Source("alerts", "Alerts", "log", "site", alerting.alerts),
    Source("happening-now", "Happening now", "log", "room", rooms.happening_now),
    Source("edits-per-author", "Edits per author", "table", "room", rooms.edits_per_author),
    Source("hot-files", "Hot files", "table", "room", rooms.hot_files),
    Source("open-discussions", "Open discussions", "table", "room", rooms.open_discussions),
    Source("alerts", "Alerts", "log", "room", alerting.alerts),
)


def all_sources() -> dict[tuple[str, str], Source]:
    """By scope and name: ours, and those of the apps beside us (settings.DASHBOARD_SOURCES)."""
    found = {(one.scope, one.name): one for one in _OWN}
    for name, title, scopes, path in settings.DASHBOARD_SOURCES:
        for scope in scopes:
            found[scope, name] = Source(name, title, "table", scope, _foreign(path))
    return found


def _foreign(path: str) -> Reader:
    def read(room: int | None) -> TableView | LogView:
        columns, rows = import_string(path)(room_id=room)
        return rooms.table(columns, rows)

    return read


def _named(place: BoardPlace, name: str) -> tuple[str, int | None, str]:
    """(scope, room, name) that a panel of this board means."""
    head, _, rest = name.partition("/")
    if place.kind == permissions.ROOM:
        return permissions.ROOM, place.room, name
    number, _, base = rest.partition("/")
    if head == "room" and number.isascii() and number.isdigit() and len(number) < 19:
        return permissions.ROOM, int(number), base
    return permissions.SITE, None, name


def _source_place(scope: str, room: int | None) -> SeriesPlace:
    return SeriesPlace(scope=scope, room=room)


def kind_of_source(*, actor_id: int, place: BoardPlace, name: str) -> str:
    """Table or log; "" for what cannot be listed on this board by this person."""
    scope, room, base = _named(place, name)
    found = all_sources().get((scope, base))
    viewer = viewers(user_ids=[actor_id], room_ids=[room] if room is not None else [])[actor_id]
    may = found is not None and permissions.can_place(viewer, place, _source_place(scope, room))
    return found.kind if found is not None and may else ""


def sources_for(*, actor_id: int, place: BoardPlace) -> list[SourceInfo]:
    """What this person may list on this board."""
    sources = all_sources()
    if place.kind != permissions.OWN:
        return [
            SourceInfo(name=n, title=one.title, kind=one.kind) for (s, n), one in sources.items() if s == place.kind
        ]
    joined = joined_rooms(user_id=actor_id)
    staff = viewers(user_ids=[actor_id], room_ids=[])[actor_id].staff
    found = [
        SourceInfo(name=name, title=one.title, kind=one.kind)
        for (scope, name), one in sources.items()
        if scope == permissions.SITE and staff
    ]
    return found + [
        SourceInfo(name=f"room/{room.id}/{name}", title=f"{one.title}, #{room.name}", kind=one.kind)
        for room in joined
        if room.name
        for (scope, name), one in sources.items()
        if scope == permissions.ROOM
    ]


def read_sources(*, actor_id: int, place: BoardPlace, names: Collection[str]) -> tuple[list[TableView], list[LogView]]:
    """What those of the sources say now that this person may see."""
    parsed = {name: _named(place, name) for name in names}
    asked = {room for _, room, _ in parsed.values() if room is not None}
    viewer = viewers(user_ids=[actor_id], room_ids=asked)[actor_id]
    return _read(
        (name, where)
        for name, where in parsed.items()
        if permissions.can_see_series(viewer, _source_place(where[0], where[1]))
    )


def told_to_all(
    *, place: BoardPlace, owner: Viewer | None, names: Collection[str]
) -> tuple[list[TableView], list[LogView]]:
    """What those of the sources say now that everybody who sees the board may see: for the recorder.

    Args:
        place: of the board.
        owner: of somebody's own board, as they are now, in the rooms in question.
        names: of the sources in its panels.
    """
    parsed = {name: _named(place, name) for name in names}
    return _read(
        (name, where)
        for name, where in parsed.items()
        if permissions.is_for_all(owner, place, _source_place(where[0], where[1]))
    )


def _read(wanted: Iterable[tuple[str, tuple[str, int | None, str]]]) -> tuple[list[TableView], list[LogView]]:
    sources = all_sources()
    tables: list[TableView] = []
    logs: list[LogView] = []
    for name, (scope, room, base) in wanted:
        found = sources.get((scope, base))
        if found is None:
            continue
        said = _ask(found, room)
        if isinstance(said, TableView):
            tables.append(TableView(source=name, columns=said.columns, rows=said.rows, incident=said.incident))
        else:
            logs.append(LogView(source=name, rows=said.rows, incident=said.incident))
    return tables, logs


def _ask(source: Source, room: int | None) -> TableView | LogView:
    """What a source says; of one that fails, that it does: the other panels of the board show what they have."""
    key = (source.scope, room, source.name)
    try:
        # On PostgreSQL a query that fails spoils its transaction, unless there is a point to go back to.
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            said = source.read(room)
    except Exception:
        if key not in _failing:
            _failing[key] = uuid.uuid4().hex[:12]
            metrics.incidents.labels("panel").inc()
            logger.exception("incident %s: the source %s of %s failed", _failing[key], source.name, room or "the site")
        if source.kind == "log":
            return LogView(source="", rows=[], incident=_failing[key])
        return TableView(source="", columns=[], rows=[], incident=_failing[key])
    _failing.pop(key, None)
    return said
