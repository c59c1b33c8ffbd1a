"""What a process counts about itself, in the words of Prometheus.

Fed by the hub, consumers and services; read by `/metrics`. Never blocks and never touches the database.
"""

from __future__ import annotations

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
