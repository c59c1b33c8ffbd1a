"""What a process counts about its runs, in the words of Prometheus; read by `/metrics`.

Fed by assistant.services.endings after the commit. Never blocks and never touches the database.
"""

from __future__ import annotations

from datetime import datetime

from prometheus_client import Counter, Histogram

runs = Counter("collab_assistant_runs", "Runs that ended.", ["kind", "state", "fault"])
tokens = Counter("collab_assistant_tokens", "Tokens of runs that ended.", ["direction"])
cost = Counter("collab_assistant_cost", "What runs cost, in the currency of the prices.")
first_text_seconds = Histogram(
    "collab_assistant_first_text_seconds",
    "From the start of a run to its first word.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30),
)
run_seconds = Histogram(
    "collab_assistant_run_seconds",
    "From the start of a run to its end.",
    buckets=(0.5, 1, 2, 4, 8, 15, 30, 60, 120, 180),
)
waited_seconds = Histogram(
    "collab_assistant_waited_seconds",
    "From the question to the start of its run.",
    buckets=(0.05, 0.1, 0.5, 1, 5, 15, 30, 60, 180),
)


def ended(
    *,
    kind: str,
    state: str,
    fault: str,
    read: int,
    written: int,
    micros: int,
    moments: tuple[datetime, datetime | None, datetime | None, datetime],
) -> None:
    """Counts a run that is over.

    Args:
        kind: answer or summary; state and fault are words of a small vocabulary.
        read: tokens; so is `written`.
        micros: what it cost.
        moments: asked, started, first word, end.
    """
    runs.labels(kind, state, fault).inc()
    tokens.labels("read").inc(read)
    tokens.labels("written").inc(written)
    cost.inc(micros / 1_000_000)
    asked, started, first, end = moments
    if started is None:
        return
    waited_seconds.observe(max(0.0, (started - asked).total_seconds()))
    run_seconds.observe(max(0.0, (end - started).total_seconds()))
    if first is not None:
        first_text_seconds.observe(max(0.0, (first - started).total_seconds()))
