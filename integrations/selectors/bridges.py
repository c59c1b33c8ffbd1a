"""How bridges fare: how late they are, what they carried, what is stuck. For the back office, the dashboard, doctor.

How late something came over is told by two clocks. How far the server's is ahead of ours is known from the Date of its
answers (integrations.mattermost.clock) and taken into account here, with the best that is known now. What was caught up
after a break is left out: it is as late as the break was long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from django.db.models import Count, Min, Q, Sum
from django.utils import timezone

from integrations.models import (
    BridgeInbox,
    BridgeLink,
    BridgeMinute,
    BridgeOutbox,
    BridgePulse,
    BridgeStep,
    MattermostServer,
)

LATELY: Final = timedelta(minutes=5)
STEPS_READ: Final = 400
MINUTES: Final = 60
TRIED: Final = 5
"""From so many attempts on, something that waits counts as stuck."""
SILENT: Final = timedelta(seconds=60)
"""A process that said nothing for so long is gone."""


@dataclass(frozen=True, slots=True)
class Minute:
    """What a bridge carried in a minute: pieces in and out, and the longest that one took."""

    at: datetime
    came: int = 0
    told: int = 0
    lag_ms: int = 0


def stuck() -> Q:
    """Orders that were refused for good, or tried often: somebody has to look at them."""
    waiting = Q(state=BridgeOutbox.State.WAITING, attempts__gte=TRIED) & ~Q(problem="")
    return Q(state=BridgeOutbox.State.FAILED) | waiting


def figures() -> dict[str, float]:
    """The bridges together, for the dashboard (settings.DASHBOARD_GAUGES); nothing where there is none."""
    servers = list(MattermostServer.objects.filter(enabled=True).values_list("pk", flat=True))
    if not servers:
        return {}
    now = timezone.now()
    minute = now.replace(second=0, microsecond=0) - timedelta(minutes=1)
    carried = BridgeMinute.objects.filter(server__in=servers, minute=minute).aggregate(
        came=Sum("came"), told=Sum("told")
    )
    lags = [lag for pk in servers if (lag := lag_ms(server_id=pk, since=now - LATELY)) is not None]
    return {
        "bridge.lag": max(waited_seconds(servers), max(lags, default=0) / 1_000),
        "bridge.in": float(carried["came"] or 0),
        "bridge.out": float(carried["told"] or 0),
        "bridge.stuck": float(BridgeOutbox.objects.filter(stuck(), link__server__in=servers).count()),
    }


def waited_seconds(servers: Sequence[int]) -> float:
    """How long the oldest of what waits to be carried waits already, either way."""
    waiting = BridgeOutbox.objects.filter(state=BridgeOutbox.State.WAITING, link__server__in=servers)
    told = waiting.aggregate(at=Min("created_at"))["at"]
    heard = BridgeInbox.objects.filter(server__in=servers).aggregate(at=Min("created_at"))["at"]
    oldest = min((at for at in (told, heard) if at is not None), default=None)
    return max(0.0, (timezone.now() - oldest).total_seconds()) if oldest is not None else 0.0


def lag_ms(*, server_id: int, since: datetime | None = None) -> int | None:
    """Within how many milliseconds 95 of 100 pieces were on the other side, of the newest; None without any."""
    rows = BridgeStep.objects.filter(server=server_id, lag_ms__isnull=False).order_by("-pk")
    if since is not None:
        rows = rows.filter(at__gte=since)
    clock = clock_ms(server_id)
    return p95(_true(way, lag, clock) for way, lag in rows.values_list("way", "lag_ms")[:STEPS_READ] if lag is not None)


def lags_of_links(*, server_id: int) -> dict[int, int]:
    """As lag_ms, for each link of a server that carried something lately."""
    rows = BridgeStep.objects.filter(server=server_id, lag_ms__isnull=False, link__isnull=False).order_by("-pk")
    clock = clock_ms(server_id)
    found: dict[int, list[int]] = {}
    for link_id, way, lag in rows.values_list("link", "way", "lag_ms")[:STEPS_READ]:
        if lag is not None:
            found.setdefault(link_id, []).append(_true(way, lag, clock))
    return {link_id: p95(lags) or 0 for link_id, lags in found.items()}


def clock_ms(server_id: int) -> int:
    """How far the server's clock is ahead of ours."""
    return BridgePulse.objects.filter(server=server_id).values_list("clock_ms", flat=True).first() or 0


def _true(way: str, lag: int, clock: int) -> int:
    return max(0, lag + clock if way == BridgeStep.Way.IN else lag)


def p95(values: Iterable[int]) -> int | None:
    """The value below or at which 95 of 100 are."""
    found = sorted(values)
    return found[ceil(len(found) * 0.95) - 1] if found else None


def minutes_of(*, server_id: int) -> list[Minute]:
    """The last hour, minute by minute, the one that runs last."""
    now = timezone.now().replace(second=0, microsecond=0)
    first = now - timedelta(minutes=MINUTES - 1)
    rows = {row.minute: row for row in BridgeMinute.objects.filter(server=server_id, minute__gte=first)}
    clock = clock_ms(server_id)
    found = []
    for at in (first + timedelta(minutes=number) for number in range(MINUTES)):
        row = rows.get(at)
        if row is None:
            found.append(Minute(at))
            continue
        came_ms = _true(BridgeStep.Way.IN, row.came_ms, clock) if row.came_ms else 0
        found.append(Minute(at, row.came, row.told, max(came_ms, row.told_ms)))
    return found


def counts_of_links(*, server_id: int) -> dict[int, dict[str, int]]:
    """What waits and what is stuck, for each link of a server."""
    rows = BridgeLink.objects.filter(server=server_id).annotate(
        waits=Count("outbox", filter=Q(outbox__state=BridgeOutbox.State.WAITING)),
        held=Count(
            "outbox",
            filter=Q(outbox__state=BridgeOutbox.State.FAILED)
            | (Q(outbox__attempts__gte=TRIED) & ~Q(outbox__problem="")),
        ),
    )
    return {row.pk: {"waits": row.waits, "stuck": row.held} for row in rows}


def is_worked_for(pulse: BridgePulse | None) -> bool:
    """Whether a process works for the server now."""
    return pulse is not None and pulse.beat_at is not None and timezone.now() - pulse.beat_at < SILENT


@dataclass(frozen=True, slots=True)
class Look:
    """What is wrong with a bridge; `mend` says what to do."""

    says: str
    mend: str
    broken: bool


def look_at_bridges() -> tuple[int, list[Look]]:
    """How many bridges are switched on, and what is wrong with them; asks no server anything."""
    servers = list(MattermostServer.objects.filter(enabled=True).order_by("pk"))
    pulses = {row.server_id: row for row in BridgePulse.objects.all()}
    found = [look for server in servers for look in _looks(server, pulses.get(server.pk))]
    return len(servers), found


def _looks(server: MattermostServer, pulse: BridgePulse | None) -> Iterable[Look]:
    if server.state == MattermostServer.State.REFUSED:
        yield Look(f"{server.name}: {server.error}", "Give the site another token, on the bridge's page.", broken=True)
    elif not is_worked_for(pulse):
        mend = "Start the site, or manage.py bridge_mattermost."
        yield Look(f"{server.name}: no process works for it", mend, broken=False)
    elif server.state == MattermostServer.State.BROKEN:
        mend = "It is tried again by itself; Test connection on the bridge's page looks closer."
        yield Look(f"{server.name}: {server.error}", mend, broken=False)
    for link in BridgeLink.objects.filter(server=server, enabled=True).exclude(problem="").order_by("pk"):
        says = f"{server.name}, ~{link.channel_name or link.channel_id}: {link.problem}"
        yield Look(says, "The bridge's page says how each room is.", broken=False)
    held = BridgeOutbox.objects.filter(stuck(), link__server=server).count()
    if held:
        says = f"{server.name}: {held} item{' is' if held == 1 else 's are'} stuck"
        yield Look(says, "Retry or skip on the bridge's page.", broken=False)
