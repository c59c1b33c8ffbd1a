"""Hands over what this process counted, once a second: one row of what grew since the row before.

Named in REALTIME_PROCESS_TASKS: every process runs it, without a lease. A row that could not be stored is offered
again, the same under the same number, so that nothing is lost or counted twice. The recorder adds up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final

from msgspec.structs import replace
from prometheus_client import REGISTRY

from dashboard import catalogue, probes
from dashboard.flushed import Flushed, Share
from dashboard.services import recording
from realtime import metrics, threads
from realtime.hub import hub

logger = logging.getLogger(__name__)

SECONDS: Final = 1.0
QUIET_SECONDS: Final = 5.0
"""Where nothing happens the gauges are told that often."""
LAST_SECONDS: Final = 3.0
"""For the last row of a process that ends."""
CPU: Final = "process_cpu_seconds_total"

_COUNTERS: Final = {f"{metric}_total": name for name, metric in catalogue.COUNTED.items()}
_BUCKETS: Final = {f"{metric}_bucket": metric for metric in catalogue.HISTOGRAMS}
_GAUGES: Final = {metric: name for name, metric in catalogue.GAUGES.items()}
_READ: Final = [*_COUNTERS, *_BUCKETS, *_GAUGES, CPU]

Edges = dict[tuple[str, float], float]
"""(metric, upper end) -> how many were below it."""


class Counts:
    """What the registry of this process says, and what of it was handed over before."""

    def __init__(self) -> None:
        self._label = f"{socket.gethostname()}:{os.getpid()}"
        self._counted: dict[str, float] = {}
        self._edges: Edges = {}
        self._cpu = self._since = self._lag = 0.0

    def look(self) -> tuple[Flushed, Callable[[], Flushed]]:
        """What grew since it was taken last, and the gauges as they are now; the function takes it."""
        self._lag = max(self._lag, probes.lag.take())
        metrics.loop_lag.set(self._lag)
        counted, edges, gauges, cpu = _read()
        now = time.monotonic()
        grown = {name: value - self._counted.get(name, 0) for name, value in counted.items()}
        measured = {name: value * catalogue.SITE[name].scale for name, value in gauges.items()}
        if self._since and now > self._since:
            measured["cpu"] = round(100 * (cpu - self._cpu) / (now - self._since), 1)
        seen = Flushed(
            label=self._label,
            counters={name: amount for name, amount in grown.items() if amount > 0},
            histograms=_shares(edges, self._edges),
            gauges=measured,
        )

        def take() -> Flushed:
            self._counted, self._edges, self._cpu, self._since, self._lag = counted, edges, cpu, now, 0.0
            happened = metrics.take_happened().items()
            return replace(seen, rooms=[(room, name, amount) for (room, name), amount in happened])

        return seen, take


def _read() -> tuple[dict[str, float], Edges, dict[str, float], float]:
    """Counters, upper ends of histograms and gauges by now, labels added up; seconds of CPU."""
    counted: defaultdict[str, float] = defaultdict(float)
    edges: defaultdict[tuple[str, float], float] = defaultdict(float)
    gauges: dict[str, float] = {}
    cpu = 0.0
    for family in REGISTRY.restricted_registry(_READ).collect():
        for sample in family.samples:
            if (name := _COUNTERS.get(sample.name)) is not None:
                counted[name] += sample.value
            elif (metric := _BUCKETS.get(sample.name)) is not None:
                edges[metric, float(sample.labels["le"])] += sample.value
            elif (name := _GAUGES.get(sample.name)) is not None:
                gauges[name] = sample.value
            elif sample.name == CPU:
                cpu = sample.value
    return counted, edges, gauges, cpu


def _shares(edges: Edges, before: Edges) -> dict[str, list[Share]]:
    """What fell into each bucket since; the registry says how many are below each end."""
    found: defaultdict[str, list[Share]] = defaultdict(list)
    metric, low, below = "", 0.0, 0.0
    for (name, end), value in sorted(edges.items()):
        if name != metric:
            metric, low, below = name, 0.0, 0.0
        grown = value - before.get((name, end), 0)
        if grown > below:
            # Of the last bucket only its lower end is known.
            found[name].append((low, low if end == float("inf") else end, grown - below))
        low, below = end, grown
    return dict(found)


class Hand:
    """The rows of this process, one after the other: the next is made when the one before is known to be stored."""

    def __init__(self, counts: Counts | None = None, *, told: float = 0.0, sockets: float = -1) -> None:
        self._counts = counts or Counts()
        self._number = 1
        self._offered: Flushed | None = None
        self._told = told
        self._sockets = sockets
        self._failing = False

    async def offer(self, *, anyway: bool = False) -> None:
        """Stores a row if there is something to tell; keeps it when that fails.

        Args:
            anyway: also where nothing happened.
        """
        if self._offered is None:
            seen, take = self._counts.look()
            if not (anyway or self._is_worth(seen)):
                return
            self._offered = take()
        offered = self._offered
        try:
            await threads.write(recording.store_flush, process=hub.process, number=self._number, data=offered)
        except Exception as error:  # noqa: BLE001 - offered again, whatever it is
            self._complain(error)
            return
        self._number, self._offered = self._number + 1, None
        self._sockets, self._told = offered.gauges.get("sockets", 0), time.monotonic()
        if self._failing:
            self._failing = False
            logger.warning("Counts are stored again, and none was lost")

    def _is_worth(self, seen: Flushed) -> bool:
        if seen.is_news or metrics.anything_happened():
            return True
        return time.monotonic() - self._told >= QUIET_SECONDS or seen.gauges.get("sockets", 0) != self._sockets

    def _complain(self, error: Exception) -> None:
        if not self._failing:
            self._failing = True
            logger.warning("Counts cannot be stored now and are kept: %r", error)


hand = Hand()
"""Of this process: its numbers go on when the task is started again."""


async def flush_forever() -> None:
    """Tells what this process counts until it is cancelled; then the rest of it."""
    watch = asyncio.get_running_loop().create_task(probes.watch_loop())
    try:
        for rest in _beats():
            await asyncio.sleep(rest)
            await hand.offer()
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(hand.offer(anyway=True), LAST_SECONDS)


def _beats() -> Iterator[float]:
    """How long to wait, so that a slow database does not move the second."""
    due = time.monotonic()
    while True:
        due = max(due + SECONDS, time.monotonic())
        yield due - time.monotonic()
