"""Which series the site counts by itself, and where each comes from: a new one is a line here.

Read by the flusher (what a process hands over), the recorder (how processes are put together) and whoever lists series.
Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CURRENCY: Final = "currency"
"""Stands for the unit of prices, which a site chooses (ASSISTANT_CURRENCY)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A series of the site or of a room.

    Attributes:
        name: after `site/` or `room/<id>/`; title: for people.
        kind: counter or gauge; unit: of its figures.
        aggregate: how a bucket of it is best read.
        metric: name in the registry of prometheus_client; "" when the recorder finds the value itself.
        quantile: of a histogram, the share below the figure.
        scale: of metric to unit (seconds to milliseconds).
        worst: of processes the highest counts, not the sum.
        happens: what `metrics.happened` calls it, if it is counted by room.
    """

    name: str
    title: str
    kind: str = "gauge"
    unit: str = ""
    aggregate: str = "last"
    metric: str = ""
    quantile: float = 0
    scale: float = 1
    worst: bool = False
    happens: str = ""


def _counter(name: str, title: str, *, metric: str = "", happens: str = "", unit: str = "") -> Known:
    return Known(
        name=name, title=title, kind="counter", unit=unit, aggregate="per_minute", metric=metric, happens=happens
    )


def _latency(name: str, title: str, metric: str, quantile: float) -> Known:
    return Known(name=name, title=title, unit="ms", metric=metric, quantile=quantile, scale=1_000)


_SITE: Final = (
    Known(name="up", title="Processes"),
    Known(name="people.online", title="People online"),
    Known(name="sockets", title="Sockets", metric="collab_sockets"),
    _counter("messages", "Messages", happens="messages"),
    _counter("edits", "Edits", happens="edits"),
    _counter("deliveries", "Deliveries", metric="collab_deliveries"),
    _latency("delivery.p50", "Delivery, half within", "collab_delivery_seconds", 0.5),
    _latency("delivery.p95", "Delivery, 95% within", "collab_delivery_seconds", 0.95),
    _latency("delivery.p99", "Delivery, 99% within", "collab_delivery_seconds", 0.99),
    _latency("command.p95", "Commands, 95% within", "collab_command_seconds", 0.95),
    _latency("commit.p95", "Commits, 95% within", "collab_commit_seconds", 0.95),
    Known(
        name="loop.lag",
        title="Event loop lag",
        unit="ms",
        metric="collab_loop_lag_seconds",
        scale=1_000,
        worst=True,
        aggregate="highest",
    ),
    _counter("errors", "Errors", metric="collab_incidents"),
    _counter("runs", "Runs of the assistant", metric="collab_assistant_runs"),
    Known(name="runs.active", title="Runs under way"),
    _counter("tokens", "Tokens", metric="collab_assistant_tokens", unit="tokens"),
    _counter("cost", "Cost", metric="collab_assistant_cost", unit=CURRENCY),
    Known(name="cpu", title="CPU", unit="%", aggregate="average"),
    Known(name="memory", title="Memory", unit="bytes", metric="process_resident_memory_bytes"),
    Known(name="queue.assistant", title="Runs that wait", aggregate="highest"),
    Known(name="queue.flush", title="Counts not recorded yet", aggregate="highest"),
    Known(name="bridge.lag", title="Bridge behind", unit="s", aggregate="highest", worst=True),
    Known(name="bridge.in", title="Bridge, in per minute", aggregate="average"),
    Known(name="bridge.out", title="Bridge, out per minute", aggregate="average"),
    Known(name="bridge.stuck", title="Bridge, stuck"),
)

_ROOM: Final = (
    _counter("messages", "Messages", happens="messages"),
    _counter("edits", "Edits", happens="edits"),
    Known(name="people", title="People online"),
    _counter("answers", "Answers of the assistant", happens="answers"),
    _counter("tokens", "Tokens", happens="tokens", unit="tokens"),
)

SITE: Final = {known.name: known for known in _SITE}
ROOM: Final = {known.name: known for known in _ROOM}

COUNTED: Final = {known.name: known.metric for known in _SITE if known.kind == "counter" and known.metric}
"""Counters of a process: series -> metric. Labels are added up."""
HISTOGRAMS: Final = tuple(sorted({known.metric for known in _SITE if known.quantile}))
GAUGES: Final = {
    known.name: known.metric for known in _SITE if known.kind == "gauge" and known.metric and not known.quantile
}
"""Gauges of a process: series -> metric."""
OWN: Final = frozenset(GAUGES) | {"cpu"}
"""Gauges that every process hands over; the others are the recorder's to find."""


def site_key(name: str) -> str:
    """The key of a series of the site."""
    return f"site/{name}"


def room_key(room_id: int, name: str) -> str:
    """The key of a series of a room."""
    return f"room/{room_id}/{name}"


def person_key(user_id: int, name: str) -> str:
    """The key of a series of somebody's own."""
    return f"person/{user_id}/{name}"


def known_of(key: str) -> Known | None:
    """What is known of a series that the site counts itself; None for those from outside."""
    scope, _, rest = key.partition("/")
    if scope == "site":
        return SITE.get(rest)
    return ROOM.get(rest.partition("/")[2]) if scope == "room" else None
