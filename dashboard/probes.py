"""Measures what no service can count by itself: how late the event loop is, how long commits take, failed requests.

Connected when the app is ready; `watch_loop` runs in every process beside the flusher. What they find goes into
realtime.metrics. Never touches the database itself.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from django.core.signals import got_request_exception
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from realtime import metrics

EVERY_SECONDS: Final = 0.1


class LoopLag:
    """How late the timers of a loop were at worst since it was asked."""

    def __init__(self) -> None:
        self._worst = 0.0

    def note(self, seconds: float) -> None:
        """A timer was so late."""
        self._worst = max(self._worst, seconds)

    def take(self) -> float:
        """The worst of all since the last call."""
        worst, self._worst = self._worst, 0.0
        return worst


lag = LoopLag()


async def watch_loop() -> None:
    """Sets a timer again and again and notes how late it fires, until cancelled."""
    while True:
        due = time.monotonic() + EVERY_SECONDS
        await asyncio.sleep(EVERY_SECONDS)
        lag.note(max(0.0, time.monotonic() - due))


def connect() -> None:
    """Listens to Django's signals; a second time changes nothing."""
    connection_created.connect(_time_commits, dispatch_uid="dashboard.time_commits")
    got_request_exception.connect(_count_incident, dispatch_uid="dashboard.count_incident")


def _time_commits(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Measures each commit of a connection, from whatever thread, as the database takes it."""
    if "commit" in vars(connection):
        return  # it was opened again
    commit = connection.commit

    def timed() -> None:
        started = time.perf_counter()
        commit()
        metrics.commit_seconds.observe(time.perf_counter() - started)

    # Django has no signal of a commit, and a wrapper of statements does not see it.
    vars(connection)["commit"] = timed


def _count_incident(**_: Any) -> None:
    metrics.incidents.labels("request").inc()
