"""What the page of a bridge shows: its line, its rooms, what is stuck, its traffic and its last steps.

Called by integrations.bridge_desk. Reads only, asks no other server, and names no room that is closed to who looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.selectors import people_views
from chat.admin.naming import shown_to
from chat.selectors import posts
from integrations.curves import curve, round_top
from integrations.models import BridgeLink, BridgeOutbox, BridgePulse, BridgeStep, MattermostServer
from integrations.selectors import bridges
from integrations.selectors.bridges import Minute
from integrations.services.bridges.steps import in_short

if TYPE_CHECKING:
    from chat.models import Room

STEPS_SHOWN: Final = 8
STUCK_SHOWN: Final = 50
QUIET: Final = "quiet"


@dataclass(frozen=True, slots=True)
class Chip:
    """A state in a word: tone is ok, warn, bad or quiet."""

    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """A link in the list of rooms."""

    link: BridgeLink
    room: str
    url: str
    channel: str
    lag: str
    chip: Chip
    hint: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """Something that was not told."""

    id: int
    what: str
    where: str
    why: str
    tried: str


@dataclass(frozen=True, slots=True)
class Line:
    """A step in words."""

    at: datetime
    way: str
    tone: str
    words: str


def page_context(request: HttpRequest, server: MattermostServer) -> dict[str, Any]:
    """Everything that changes while one looks."""
    pulse = BridgePulse.objects.filter(server=server).first()
    links = list(BridgeLink.objects.filter(server=server).select_related("room").order_by("room__name", "pk"))
    names = {link.pk: shown_to(request, link.room) for link in links}
    stuck = _stuck(server, names)
    minutes = bridges.minutes_of(server_id=server.pk)
    return {
        "server": server,
        "state": _state(server, pulse),
        "since": _since(server, pulse),
        "under": _under(server, pulse),
        "lag": seconds(bridges.lag_ms(server_id=server.pk)),
        "minutes": minutes,
        "came": minutes[-2].came,
        "told": minutes[-2].told,
        "waits": BridgeOutbox.objects.filter(link__server=server, state=BridgeOutbox.State.WAITING).count(),
        "curves": _curves(minutes),
        "rows": _rows(server, links, names),
        "stuck": stuck[:STUCK_SHOWN],
        "stuck_count": len(stuck),
        "steps": _lines(server, names),
    }


def seconds(ms: int | None) -> str:
    """A length of some milliseconds: "0.8", "12"; a dash where there is none."""
    if ms is None:
        return "–"
    return f"{ms / 1_000:.1f}" if ms < 10_000 else f"{ms / 1_000:.0f}"


def _state(server: MattermostServer, pulse: BridgePulse | None) -> Chip:
    if not server.enabled:
        return Chip(QUIET, "Off")
    if server.state == MattermostServer.State.REFUSED:
        return Chip("bad", "Refused")
    if not bridges.is_worked_for(pulse):
        waits = server.state == MattermostServer.State.WAITING
        return Chip(QUIET, "Starting") if waits else Chip("bad", "Nobody works")
    if server.state == MattermostServer.State.CONNECTED:
        return Chip("ok", "Connected")
    return Chip("warn", "Cut") if server.state == MattermostServer.State.BROKEN else Chip(QUIET, "Starting")


def _since(server: MattermostServer, pulse: BridgePulse | None) -> str:
    if pulse is None or pulse.since is None or not server.enabled:
        return "–"
    return in_short((timezone.now() - pulse.since).total_seconds())


def _under(server: MattermostServer, pulse: BridgePulse | None) -> str:
    """What stands below how long it is so."""
    if not server.enabled:
        return "switched off: what is said meanwhile is caught up"
    if server.error:
        return server.error
    if pulse is None or pulse.since is None:
        return "not connected yet"
    if not bridges.is_worked_for(pulse):
        return "no background service of the site works for it"
    if pulse.break_ms is not None:
        return f"since the last break, of {in_short(pulse.break_ms / 1_000)}"
    return "without a break"


def _curves(minutes: Sequence[Minute]) -> dict[str, Any]:
    top = round_top(max([1, *(max(one.came, one.told) for one in minutes)]))
    marks = [(at, one.at) for at, one in enumerate(minutes) if one.at.minute % 10 == 0]
    return {
        "lag": curve([one.lag_ms for one in minutes]),
        "came": curve([one.came for one in minutes]),
        "told": curve([one.told for one in minutes]),
        "both": (curve([one.came for one in minutes], top=top), curve([one.told for one in minutes], top=top)),
        "top": top,
        "marks": [at for _, at in marks],
        "offset": marks[0][0],
    }


# Rooms


def _rows(server: MattermostServer, links: Sequence[BridgeLink], names: dict[int, str]) -> list[Row]:
    lags = bridges.lags_of_links(server_id=server.pk)
    counts = bridges.counts_of_links(server_id=server.pk)
    read = dict(
        BridgeStep.objects.filter(server=server, what=BridgeStep.What.CATCHING).values_list("link", "count"),
    )
    return [
        Row(
            link=link,
            room=names[link.pk],
            url=_address(link.room, names[link.pk]),
            channel=link.channel_name or link.channel_id,
            lag=f"{seconds(lags[link.pk])} s" if link.pk in lags else "none",
            chip=_chip(link, counts.get(link.pk, {}), read.get(link.pk, 0)),
            hint=link.problem or link.notice,
        )
        for link in links
    ]


def _address(room: Room, name: str) -> str:
    """Where a room is whose name one may read."""
    return f"/rooms/{room.slug}/" if room.slug and name.startswith("#") else ""


def _chip(link: BridgeLink, counts: dict[str, int], read: int) -> Chip:
    if not link.enabled:
        return Chip(QUIET, "off")
    if link.state == BridgeLink.State.REMOVED:
        return Chip("bad", "no right")
    if link.state == BridgeLink.State.ARCHIVED:
        return Chip("bad", "archived")
    if stuck := counts.get("stuck", 0):
        return Chip("warn", f"{stuck} stuck")
    if link.problem:
        return Chip("warn", "held up")
    if link.missed != link.caught:
        return Chip(QUIET, f"catching up, {read} read" if read else "catching up")
    if waits := counts.get("waits", 0):
        return Chip(QUIET, f"{waits} left")
    return Chip("ok", "live")


# What is stuck


def _stuck(server: MattermostServer, names: dict[int, str]) -> list[Stuck]:
    orders = list(
        BridgeOutbox.objects.filter(bridges.stuck(), link__server=server).select_related("link").order_by("pk")
    )
    authors = {one.view.id: one.view.author for one in posts.posts_of([order.local_id for order in orders])}
    people = people_views([author for author in authors.values() if author is not None])
    found = []
    for order in orders:
        author = people.get(authors.get(order.local_id) or 0)
        by = f"by {author.display_name or author.name}, " if author is not None else ""
        at = timezone.localtime(order.created_at)
        failed = order.state == BridgeOutbox.State.FAILED
        later = f", again at {timezone.localtime(order.next_at):%H:%M:%S}"
        tried = f"tried {order.attempts} time{'' if order.attempts == 1 else 's'}"
        found.append(
            Stuck(
                id=order.pk,
                what=f"{_WHAT[order.op]} for ~{order.link.channel_name or order.link.channel_id}",
                where=f"{by}{at:%-d %b %H:%M}, {names[order.link_id]}",
                why=order.problem,
                tried=f"{tried}, kept here" if failed else f"{tried}{later}",
            )
        )
    return found


_WHAT: Final = {"say": "Message", "delete": "Deletion", "react": "Reaction"}

# Steps


def _lines(server: MattermostServer, names: dict[int, str]) -> list[Line]:
    rows = BridgeStep.objects.filter(server=server).select_related("link", "by").order_by("-pk")[:STEPS_SHOWN]
    return [Line(row.at, row.way, "warn" if row.way == BridgeStep.Way.HOLD else "", _words(row, names)) for row in rows]


def _words(step: BridgeStep, names: dict[int, str]) -> str:
    if step.link is None:
        return step.words
    channel = f"~{step.link.channel_name or step.link.channel_id}"
    room = names.get(step.link_id or 0, "its room")
    what = step.get_what_display().capitalize()
    by = f" of {step.by}" if step.by is not None else ""
    match step.way, step.what:
        case BridgeStep.Way.HOLD, _:
            return f"{room} and {channel}: {step.words}"
        case _, BridgeStep.What.CAUGHT:
            return f"{step.count} piece{'' if step.count == 1 else 's'} of {channel} caught up, now in {room}"
        case _, BridgeStep.What.CATCHING:
            return f"Catching {channel} up, {step.count} so far"
        case BridgeStep.Way.IN, _:
            return f"{what}{by} in {channel}, now in {room}"
        case _:
            return f"{what} in {room}, now in {channel}"


def addresses(server: MattermostServer) -> dict[str, str]:
    """Where the page's forms and its script go."""
    names = ("live", "test", "save", "token", "switch", "catch_up", "stuck", "link", "unlink")
    return {name: reverse(f"admin:integrations_bridge_{name}", args=[server.pk]) for name in names}
