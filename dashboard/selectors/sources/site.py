"""What the platform's tables and logs say to staff. Closed rooms have a number there and no name, their people none.

Called by asking.py, which has asked for the rights. Never writes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec
from django.db.models import Max, Sum
from django.db.models.functions import Now

from chat.selectors.joined import rooms_by_id
from chat.shapes import RoomView
from dashboard.models import Process, Sample, Series
from dashboard.selectors.samples import last_tick
from dashboard.selectors.sources.happening import may_tell, of_site
from dashboard.shapes import CellView, LogView, TableView

ROOMS_SHOWN: Final = 10
ROOMS_LOOKED_AT: Final = 100
"""Conversations between certain people are among them, of which nothing is told."""
HOUR: Final = 3_600
SILENT: Final = timedelta(seconds=15)
"""A process that says nothing for so long is not well; after an hour it is forgotten."""
MEBIBYTE: Final = 1_048_576


def happening_now(room: int | None = None) -> LogView:
    """What people do in open rooms, and that something is done in closed ones."""
    return LogView(source="", rows=of_site())


def busiest_rooms(room: int | None = None) -> TableView:
    """Rooms by what was said in the last hour."""
    since = last_tick() - HOUR
    said = (
        Sample.objects.filter(series__scope=Series.Scope.ROOM, series__name="messages", resolution=60, at__gte=since)
        .order_by()
        .values_list("series__room_id")
        .annotate(messages=Sum("total"))
        .order_by("-messages", "series__room_id")[:ROOMS_LOOKED_AT]
    )
    rooms = rooms_by_id([pk for pk, _ in said if pk is not None])
    told = [(pk, total) for pk, total in said if total > 0 and may_tell(rooms.get(pk or 0))]
    found = [(pk, total) for pk, total in told if pk is not None][:ROOMS_SHOWN]
    here = dict(
        Sample.objects.filter(
            series__room_id__in=[pk for pk, _ in found], series__name="people", resolution=60, at__gte=since
        )
        .order_by()
        .values_list("series__room_id")
        .annotate(people=Max("high"))
    )
    most = max((total for _, total in found), default=1.0)
    rows = [
        [
            _room_cell(rooms[pk]),
            CellView(text=f"{total:,.0f}", value=total, share=total / most),
            CellView(text=f"{here.get(pk, 0):,.0f}", value=here.get(pk, 0.0)),
        ]
        for pk, total in found
    ]
    return TableView(source="", columns=["Room", "Messages", "People"], rows=rows)


def _room_cell(room: RoomView) -> CellView:
    return CellView(text=room_title(room), url=room.url if room.kind == "public" else "")


def room_title(room: RoomView) -> str:
    """What staff read who may not be in it."""
    if room.kind == "public":
        return f"# {room.name}"
    return f"{room.kind.capitalize()} room #{room.id}"


def processes(room: int | None = None) -> TableView:
    """The processes that were heard of in the last hour, with what they hold and use."""
    found = Process.objects.filter(at__gt=Now() - timedelta(hours=1)).order_by("label", "name")
    silent = set(Process.objects.filter(at__lt=Now() - SILENT).values_list("pk", flat=True))
    rows = []
    for process in found:
        gauges = msgspec.json.decode(process.gauges, type=dict[str, float])
        gone = process.pk in silent
        memory, sockets, cpu = gauges.get("memory", 0.0), gauges.get("sockets", 0.0), gauges.get("cpu", 0.0)
        rows.append(
            [
                CellView(text=process.label or process.name, level="danger" if gone else "good"),
                CellView(text="silent" if gone else f"{sockets:,.0f}", value=None if gone else sockets),
                CellView(text=f"{cpu:.0f}%", value=cpu, level="warn" if cpu > 80 else ""),
                CellView(text=f"{memory / MEBIBYTE:,.0f} MiB", value=memory),
            ]
        )
    return TableView(source="", columns=["Process", "Sockets", "CPU", "Memory"], rows=rows)
