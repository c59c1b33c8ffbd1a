"""What a process counts about itself, in the words of Prometheus, and what happens in its rooms.

Fed by the hub, consumers and services; read by `/metrics` and by the dashboard's flusher. Rooms are counted beside the
registry: as labels they would be without bound. Never blocks and never touches the database.
"""

from __future__ import annotations

import threading
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

sockets = Gauge("collab_sockets", "Open sockets of this process.")
topics = Gauge("collab_topics", "Topics that this process follows.")
deliveries = Counter("collab_deliveries", "Event frames handed to sockets.")
dropped = Counter("collab_ephemeral_dropped", "Ephemeral frames not sent to a slow socket.")
published = Counter("collab_published", "Events published by this process.", ["kind"])
gaps = Counter("collab_gap_reads", "Times the log was read because the bell had lost something.")
bells_lost = Counter("collab_bells_lost", "Bells that the channel layer did not take.")
replays = Counter("collab_subscribes", "Answers to a subscribe.", ["mode"])
closes = Counter("collab_closes", "Sockets closed by the server.", ["code"])
commands = Counter("collab_commands", "Commands by outcome.", ["type", "outcome"])
command_seconds = Histogram(
    "collab_command_seconds",
    "From reading a command to its answer.",
    ["type"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
delivery_seconds = Histogram(
    "collab_delivery_seconds",
    "From the commit to the write into the sockets of this process.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
commit_seconds = Histogram(
    "collab_commit_seconds",
    "Commits of this process: how long the database takes to make a transaction last.",
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
loop_lag = Gauge("collab_loop_lag_seconds", "How late a timer of the event loop was at worst, lately.")
incidents = Counter("collab_incidents", "Errors of ours that somebody met.", ["where"])

_lock: Final = threading.Lock()
_happened: dict[tuple[int, str], float] = {}


def happened(name: str, *, room: int, amount: float = 1) -> None:
    """Counts something that happened in a room; from any thread, after its commit.

    Args:
        name: what, as the dashboard's catalogue knows it.
        room: where.
        amount: how much of it.
    """
    with _lock:
        _happened[room, name] = _happened.get((room, name), 0) + amount


def anything_happened() -> bool:
    """Whether anything happened in a room since it was taken."""
    return bool(_happened)


def take_happened() -> dict[tuple[int, str], float]:
    """What happened since the last call: (room, name) -> how much."""
    global _happened  # swapped, so that nobody waits for the reader
    with _lock:
        taken, _happened = _happened, {}
    return taken
